"""One's own settings: a time zone has to be one of the IANA database, as the pinned `tzdata` has it."""

from importlib.resources import files

from core.contract.settings import SettingsPatch, SettingsView
from core.errors import InvalidRequest
from db.postgres.settings import SettingsStore

TIME_ZONES = frozenset(files("tzdata").joinpath("zones").read_text().split())


class OwnSettings:
    """The use cases. What Postgres raises when it is away passes through (`db.outage`)."""

    def __init__(self, store: SettingsStore) -> None:
        self._store = store

    async def of(self, user_id: str) -> SettingsView:
        """All of one's settings."""
        return await self._store.of(user_id)

    async def change(self, user_id: str, patch: SettingsPatch) -> SettingsView:
        """Change what the patch names, and give all. Raises `InvalidRequest` for a zone that there is not."""
        if isinstance(patch.time_zone, str) and patch.time_zone not in TIME_ZONES:
            raise InvalidRequest(
                "`time_zone` has to be an IANA name, as `Europe/Berlin`.", details={"field": "time_zone"}
            )
        return await self._store.change(user_id, patch)
