"""What users have set for themselves, in Postgres. A setting that nobody has touched is null there."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any, get_args

from msgspec import structs

from core.contract.settings import NotificationSettings, Privacy, SettingsPatch, SettingsView
from core.vocabulary import NotificationKind
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Pool, Record, queries

_SQL, _OWN = queries("settings"), own_queries("settings")
_ASKED_AT_ONCE = 25
# Of whoever has said nothing: found is who wants to be; the rest was so before anybody could choose.
AT_FIRST = Privacy(
    show_age=True,
    show_city=True,
    show_country=True,
    show_last_seen=True,
    find_by_search=False,
    find_by_phone=False,
    hide_from_contacts=False,
    read_receipts=True,
    direct_calls="connections",
    match_by_places=False,
)


class SettingsStore:
    """Settings, by the id of their user."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._asking = GroupedStatement(self._hiding, most=_ASKED_AT_ONCE)

    async def of(self, user_id: str) -> SettingsView:
        """All of them."""
        async with own_rows(self._pool, user_id) as own:
            return _view(await own.fetchrow(_OWN["of"]))

    async def change(self, user_id: str, patch: SettingsPatch) -> SettingsView:
        """Set what the patch names, and give all of them. Two patches at once both have their effect."""
        async with own_rows(self._pool, user_id) as own:
            return _view(await own.fetchrow(_OWN["change"], patch))

    def hiding_last_seen(self, user_ids: Collection[str]) -> asyncio.Future[frozenset[str]]:
        """Those who show nobody when they were last here."""
        return self._asking.ask(user_ids)

    async def relay_only(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those who want media to go through relays only."""
        rows = await self._pool.fetch(_SQL["relay_only"], list(user_ids))
        return frozenset(row["user_id"] for row in rows)

    async def _hiding(self, asked: Sequence[Collection[str]]) -> list[frozenset[str]]:
        rows = await self._pool.fetch(_SQL["hide_last_seen"], list(set(chain.from_iterable(asked))))
        found = frozenset(row["user_id"] for row in rows)
        return [found.intersection(some) for some in asked]


def notification_settings(kept: Mapping[str, Any]) -> NotificationSettings:
    """All of them, of what is kept: what differs from what holds at first."""
    kinds: dict[NotificationKind, bool] = dict.fromkeys(get_args(NotificationKind), True)
    return NotificationSettings(
        push=kept.get("push", True),
        email=kept.get("email", False),
        kinds=kinds | kept.get("kinds", {}),
        push_messages=kept.get("push_messages", True),
        push_calls=kept.get("push_calls", True),
        push_offers=kept.get("push_offers", False),
        push_decisions=kept.get("push_decisions", True),
        quiet_from=kept.get("quiet_from"),
        quiet_to=kept.get("quiet_to"),
    )


def _view(row: Record | None) -> SettingsView:
    kept = row or {}
    return SettingsView(
        theme=kept.get("theme") or "system",
        language=kept.get("language"),
        time_zone=kept.get("time_zone"),
        relay_only=kept.get("relay_only") or False,
        privacy=Privacy(
            **{
                field: first if kept.get(field) is None else kept[field]
                for field, first in structs.asdict(AT_FIRST).items()
            }
        ),
        notifications=notification_settings(kept.get("notifications") or {}),
    )
