"""One's own settings, over REST. Decides nothing: `services.settings` does."""

from core.contract import settings as contract
from core.contract.settings import SettingsPatch, SettingsView
from rest.http.request import Request
from services.settings import OwnSettings


class SettingsHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, settings: OwnSettings) -> None:
        self._settings = settings

    async def settings(self, request: Request) -> SettingsView:
        return await self._settings.of(request.caller.user_id)

    async def change_settings(self, request: Request) -> SettingsView:
        return await self._settings.change(request.caller.user_id, request.sent(SettingsPatch))
