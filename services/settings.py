"""What users may set for themselves, and who learns of it."""

import structlog
from msgspec import UNSET
from msgspec.structs import replace

from core.contract.settings import SettingsPatch, SettingsView
from core.errors import InvalidRequest
from core.presence import channel
from db.outage import OUTAGES
from db.postgres.settings import SettingsStore
from services.ports import Channels
from services.time_zones import TIME_ZONES

_log = structlog.get_logger()


def checked(patch: SettingsPatch) -> SettingsPatch:
    """The same. Raises `InvalidRequest` for a time zone that there is not."""
    if isinstance(patch.time_zone, str) and patch.time_zone not in TIME_ZONES:
        raise InvalidRequest(
            "`time_zone` has to be an IANA name, as `Europe/Berlin`.", details={"field": "time_zone"}
        )
    return patch


class OwnSettings:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`).

    `relays`: whether calls have relays here.
    """

    def __init__(self, store: SettingsStore, channels: Channels, *, relays: bool) -> None:
        self._store, self._channels, self._relays = store, channels, relays

    async def of(self, user_id: str) -> SettingsView:
        """All of them."""
        return self._with_what_is_missing(await self._store.of(user_id))

    async def change(self, user_id: str, patch: SettingsPatch) -> SettingsView:
        """Set what the patch names; who watches the user is told at once. Raises `InvalidRequest`."""
        settings = await self._store.change(user_id, checked(patch))
        if patch.privacy is not UNSET and patch.privacy.show_last_seen is not UNSET:
            await self._looked_different(user_id)
        return self._with_what_is_missing(settings)

    def _with_what_is_missing(self, settings: SettingsView) -> SettingsView:
        return replace(settings, relay_missing=settings.relay_only and not self._relays)

    async def _looked_different(self, user_id: str) -> None:
        try:
            await self._channels.publish(channel(user_id), b"")
        except OUTAGES as error:  # nodes read it again within a second where somebody watches
            _log.debug("a change of what is shown was not announced", error=repr(error))
