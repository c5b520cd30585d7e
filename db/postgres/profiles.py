"""Profiles in Postgres: a user's own account as a client shows it, and the card that others see.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.profiles import Me, ProfileCard
from db.postgres.cards import card, seeking
from db.postgres.pool import Pool, Record, queries

_SQL = queries("profiles")


class Profile(Struct, frozen=True):
    """An account as its owner sees it; `version` grows with every change of the profile."""

    me: Me
    version: int


class Beginning(Struct, frozen=True, kw_only=True):
    """What a client starts with. `busy`: in a call or offer, or one is open to decide.

    `unread`: how many messages of others wait, by room; rooms where none does are left out.
    """

    me: Me
    busy: bool
    unread: dict[str, int]


class ProfileStore:
    """Profiles."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def profile(self, user_id: str) -> Profile | None:
        """The user's own account; None: it is gone."""
        row = await self._pool.fetchrow(_SQL["me"], user_id)
        return row and Profile(_me(row), row["version"])

    async def change(self, profile: Profile, now: int) -> bool:
        """Write `profile.me` if the version is still `profile.version`. False: another change was faster."""
        me = profile.me
        row = await self._pool.fetchrow(
            _SQL["change"],
            me.id,
            profile.version,
            me.display_name,
            me.intent,
            me.languages,
            me.country,
            me.city,
            me.bio,
            me.seeking.genders,
            me.seeking.age_min,
            me.seeking.age_max,
            to_datetime(now),
        )
        return row is not None

    async def visible_card(self, user_id: str, viewer_id: str, now: int) -> ProfileCard | None:
        """The card as `viewer_id` may see it; None: gone, banned, blocked or never met."""
        row = await self._pool.fetchrow(_SQL["visible_card"], user_id, viewer_id, to_datetime(now))
        return row and card(row, today(now))


def beginning(row: Record) -> Beginning:
    """From a row of `beginning` in sessions.sql."""
    return Beginning(me=_me(row), busy=row["busy"], unread=row["unread"] or {})


def _me(row: Record) -> Me:
    return Me(
        id=row["id"],
        email=row["email"],
        username=row["username"],
        role=row["role"],
        display_name=row["display_name"],
        birth_date=row["birth_date"].isoformat(),
        gender=row["gender"],
        intent=row["intent"],
        languages=row["languages"],
        country=row["country"],
        city=row["city"],
        bio=row["bio"],
        photos=row["photos"],
        seeking=seeking(row),
        created_at=rfc3339(to_ms(row["created_at"])),
        updated_at=rfc3339(to_ms(row["updated_at"])),
    )
