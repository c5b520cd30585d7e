"""What users have set for themselves, in Postgres. A setting that nobody has touched is null there."""

from collections.abc import Mapping
from typing import Any, get_args

from core.contract.settings import NotificationSettings, Privacy, SettingsPatch, SettingsView
from core.vocabulary import NotificationKind
from db.postgres.pool import Pool, Record, queries

_SQL = queries("settings")


class SettingsStore:
    """Settings, by the id of their user."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, user_id: str) -> SettingsView:
        """All of them."""
        return _view(await self._pool.fetchrow(_SQL["of"], user_id))

    async def change(self, user_id: str, patch: SettingsPatch) -> SettingsView:
        """Set what the patch names, and give all of them. Two patches at once both have their effect."""
        return _view(await self._pool.fetchrow(_SQL["change"], user_id, patch))


def notification_settings(kept: Mapping[str, Any]) -> NotificationSettings:
    """All of them, of what is kept: what differs from what holds at first."""
    kinds: dict[NotificationKind, bool] = dict.fromkeys(get_args(NotificationKind), True)
    return NotificationSettings(
        push=kept.get("push", True),
        email=kept.get("email", False),
        kinds=kinds | kept.get("kinds", {}),
        quiet_from=kept.get("quiet_from"),
        quiet_to=kept.get("quiet_to"),
    )


def _view(row: Record | None) -> SettingsView:
    kept = row or {}
    return SettingsView(
        theme=kept.get("theme") or "system",
        language=kept.get("language"),
        time_zone=kept.get("time_zone"),
        privacy=Privacy(**{field: bool(kept.get(field)) for field in Privacy.__struct_fields__}),
        notifications=notification_settings(kept.get("notifications") or {}),
    )
