"""One's own settings, over REST. Decides nothing: `services.settings` says what may be set."""

from core.contract import settings as contract
from core.contract.settings import SettingsPatch, SettingsView
from db.postgres.settings import SettingsStore
from rest.http.request import Request
from services.settings import checked


class SettingsHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, store: SettingsStore) -> None:
        self._store = store

    async def settings(self, request: Request) -> SettingsView:
        return await self._store.of(request.caller.user_id)

    async def change_settings(self, request: Request) -> SettingsView:
        return await self._store.change(request.caller.user_id, checked(request.sent(SettingsPatch)))
