"""Profiles in Postgres: a user's own account as a client shows it, and the card that others see.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from core.clock import to_datetime, to_ms, today, told
from core.contract.profiles import Me, ProfileCard, ProfileView, Verified
from core.errors import NotFound
from core.fields import CLEAR, EMAIL, Fields
from core.vocabulary import MediaType
from db.postgres.cards import NO_PHOTOS, Cards, seeking
from db.postgres.own_rows import OwnRows, own_queries, own_rows
from db.postgres.pool import Pool, Record, queries
from db.postgres.user_locks import lock_me
from db.postgres.usernames import rename_within

_SQL, _OWN = queries("profiles"), own_queries("profiles")


Held = Mapping[str, tuple[str, str, int]]  # category, name and strength by key


class Profile(Struct, frozen=True):
    """An account as its owner sees it; `version` grows with every change of the profile.

    `erases_at`: when it is to be erased, if its owner wants that.
    """

    me: Me
    version: int
    erases_at: int | None = None


class Shown(Struct, frozen=True):
    """Ids of the media in a profile, in their order; None: they stay as they are."""

    photos: list[str] | None = None
    videos: list[str] | None = None


class Beginning(Struct, frozen=True, kw_only=True):
    """What a client starts with. `busy`: in a call or offer, or one is open to decide.

    `unread`: how many messages of others wait, by room; rooms where none does are left out. `notifications`:
    how many of those wait to be read.
    """

    me: Me
    busy: bool
    unread: dict[str, int]
    notifications: int


class _Overtaken(Exception):
    """Another change of the profile was faster."""


class ProfileStore:
    """Profiles. `server`: as whose addresses say where media are; else they are relative to it."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS, fields: Fields = CLEAR) -> None:
        self._pool, self._cards, self._fields = pool, cards, fields

    async def profile(self, user_id: str, server: str = "") -> Profile | None:
        """The user's own account; None: it is gone."""
        async with own_rows(self._pool, user_id) as own:
            row = await own.fetchrow(_OWN["me"])
        if row is None:
            return None
        erases_at = row["erases_at"] and to_ms(row["erases_at"])
        return Profile(_me(row, self._cards, self._fields, server), row["version"], erases_at)

    async def change(self, profile: Profile, shown: Shown, now: int, *, reserved_until: int | None) -> bool:
        """Write `profile.me`, with the media that are `shown`, if the version is still `profile.version`.

        The username is written where the former one is to be reserved until some time. False: another change
        was faster. Raises `NotFound` for media that its owner cannot show, `Conflict` for a username that is
        somebody else's, and `RateLimited` for one that changes too often.
        """
        me = profile.me
        columns = (
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
            shown.photos,
            shown.videos,
            me.study_focus,
        )
        with suppress(_Overtaken):
            async with own_rows(self._pool, me.id) as own:
                if reserved_until is not None:
                    await lock_me(own)
                await _show(own, "image", shown.photos, now)
                await _show(own, "video", shown.videos, now)
                if not await own.fetchval(_OWN["change"], *columns):
                    raise _Overtaken
                if not (shown.photos is shown.videos is None):
                    await own.execute(_OWN["hide"], to_datetime(now))
                if reserved_until is not None:
                    names = await own.as_owner()  # which are common to all
                    await rename_within(names, me.id, me.username, reserved_until=reserved_until, now=now)
            return True
        return False

    async def found(
        self, words: str, viewer_id: str, *, before: str | None, limit: int, now: int
    ) -> list[ProfileCard]:
        """Cards of those who let themselves be found by these words, the newest accounts first."""
        rows = await self._pool.fetch(_SQL["found"], viewer_id, to_datetime(now), words, before, limit)
        return [self._cards.card(row, today(now)) for row in rows]

    async def visible_card(
        self, user_id: str, viewer_id: str, now: int, server: str = ""
    ) -> ProfileView | None:
        """The card as `viewer_id` may see it; None: gone, banned, blocked, or a stranger."""
        row = await self._pool.fetchrow(_SQL["visible_card"], user_id, viewer_id, to_datetime(now))
        if row is None:
            return None
        photos = self._cards.media(row, "image", own=False, server=server)
        videos = self._cards.media(row, "video", own=False, server=server)
        card = self._cards.card(row, today(now), server)
        return ProfileView(*astuple(card), photos=photos, videos=videos)

    async def both_values(self, user_id: str, viewer_id: str, now: int) -> tuple[Held, Held] | None:
        """The viewer's values and the other's; None: neither friends nor connected, or not to be seen."""
        row = await self._pool.fetchrow(_SQL["both_values"], user_id, viewer_id, to_datetime(now))
        return row and (_held(row["own"]), _held(row["theirs"]))


def _held(rows: Sequence[Mapping[str, Any]] | None) -> Held:
    return {row["key"]: (row["category"], row["value_name"], row["strength"]) for row in rows or ()}


def beginning(row: Record, cards: Cards, fields: Fields) -> Beginning:
    """From a row of `beginning` in sessions.sql."""
    return Beginning(
        me=_me(row, cards, fields),
        busy=row["busy"],
        unread=row["unread"] or {},
        notifications=row["notifications"],
    )


async def _show(own: OwnRows, kind: MediaType, ids: Sequence[str] | None, now: int) -> None:
    """These are the user's own, of this type, and stay for as long as they are shown."""
    if not ids:
        return
    usable = await own.fetch(_OWN["show"], ids, kind, to_datetime(now))
    known = {row["id"] for row in usable}
    if missing := [media_id for media_id in ids if media_id not in known]:
        field = "photos" if kind == "image" else "videos"
        raise NotFound(
            f"You have no such {kind} for your profile.", details={"field": field, "id": missing[0]}
        )


def _me(row: Record, cards: Cards, fields: Fields, server: str = "") -> Me:
    return Me(
        id=row["id"],
        email=fields.read(EMAIL, row["id"], row["email"]),
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
        study_focus=row["study_focus"],
        photos=cards.media(row, "image", own=True, server=server),
        videos=cards.media(row, "video", own=True, server=server),
        seeking=seeking(row),
        status="pending" if row["verified_at"] is None else "active",
        verified=Verified(email=row["email_verified_at"] is not None, phone=row["has_phone"]),
        created_at=told(row["created_at"]),
        updated_at=told(row["updated_at"]),
    )
