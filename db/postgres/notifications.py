"""Notifications in Postgres: stored with what they tell of, and announced as everything stored is.

Whoever has something to tell calls `notify` last in its own transaction: it locks what is told to that user.
Shown is what has not expired, about nobody whom the user may not see; how many are unread is counted when it
is asked. Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.notifications import (
    Notification,
    NotificationAction,
    NotificationNew,
    NotificationSubject,
)
from core.fields import CLEAR, EMAIL, Fields
from core.ids import new_id
from core.job import Job
from core.notices import Notice
from core.vocabulary import NotificationKind
from db.postgres.composed import given
from db.postgres.jobs import JobStore
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Connection, Pool, Record, queries

OUTBOX = "social.notification_outbox"
# What one has to know about oneself, and what the service has to say, is not for anybody to turn off.
ALWAYS: frozenset[NotificationKind] = frozenset({"strike", "appeal", "system"})
_LATELY_MS = 86_400_000
_SQL, _OWN = queries("notifications"), own_queries("notifications")
GOES_OUT = _SQL["goes_out"]
NOTIFY = _SQL["notify"].replace(":goes_out", given(GOES_OUT, "$2"))


class SendNotification(Job, frozen=True, kw_only=True, tag="notification"):
    """To the user's devices, and by mail."""

    user_id: str
    notification_id: str


class MailNotifications(Job, frozen=True, kw_only=True, tag="notification-mail"):
    """To the user by mail: what has gathered since then (ms) and has not been read."""

    user_id: str
    since: int


class Notify(Protocol):
    """How others tell users something."""

    async def __call__(self, connection: Connection, notice: Notice, now: int) -> str | None:
        """Within the caller's transaction, as the last that it locks. Gives the id under which it is kept;
        None: its user does not want to be told of this kind.

        It is announced within a second of the commit; at once, if somebody says `Notifications.hurry`.
        """


class Outgoing(Struct, frozen=True, kw_only=True):
    """A notification that has not been read, on its way out. `settings` are those of its user."""

    notification: Notification
    settings: Mapping[str, Any]
    time_zone: str | None
    language: str | None
    email: str | None


class NotificationStore:
    """Notifications of all users."""

    def __init__(self, pool: Pool, jobs: JobStore, fields: Fields = CLEAR) -> None:
        self._pool, self._jobs, self._fields = pool, jobs, fields

    async def notify(self, connection: Connection, notice: Notice, now: int) -> str | None:
        """As `Notify` promises."""
        asked = columns(notice, now), notice.user_id, notice.kind in ALWAYS
        row = await connection.fetchrow(NOTIFY, *asked)
        return await self.stored(connection, notice.user_id, row["id"], goes_out=row["goes_out"])

    async def stored(
        self, connection: Connection, user_id: str, stored: str | None, *, goes_out: bool
    ) -> str | None:
        """One was stored in this transaction, by `NOTIFY` or by a statement that holds what that does.

        `goes_out`: as `GOES_OUT` says. Gives its id; None: they do not want to be told.
        """
        if stored is not None and goes_out:
            job = SendNotification(user_id=user_id, notification_id=stored)
            await self._jobs.add(job, within=connection, key=f"notification:{stored}")
        return stored

    async def tell(self, notice: Notice, now: int) -> str | None:
        """The same in a transaction of its own."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self.notify(connection, notice, now)

    async def page(
        self, user_id: str, *, unread: bool, before: tuple[int, str] | None, limit: int, now: int
    ) -> list[Notification]:
        """What the user is shown, newest first: before the one of this time and id."""
        at, last = before or (None, None)
        query = _OWN["page_of_unread" if unread else "page"]
        since = None if at is None else to_datetime(at)
        async with own_rows(self._pool, user_id) as own:
            rows = await own.fetch(query, to_datetime(now), since, last, limit)
        return [_notification(row) for row in rows]

    async def delivered(self, user_id: str, ids: Collection[str], now: int) -> None:
        """A device of the user has these; the first time counts."""
        async with own_rows(self._pool, user_id) as own:
            await own.execute(_OWN["delivered"], list(ids), to_datetime(now))

    async def unread(self, user_id: str, now: int) -> int:
        """How many wait to be read."""
        found: int = await self._pool.fetchval(_SQL["unread"], user_id, to_datetime(now))
        return found

    async def unread_about(self, user_id: str, other: str) -> list[str]:
        """What the user has not read that is about that one, shown or not."""
        return [row["id"] for row in await self._pool.fetch(_SQL["unread_about"], user_id, other)]

    async def read(
        self, user_id: str, ids: Sequence[str] | None, now: int
    ) -> tuple[int | None, Sequence[str]]:
        """The user has read these, or all. Which had not been before, and their number in the user's lane."""
        async with own_rows(self._pool, user_id) as own:
            [row] = await own.fetch(_OWN["read"], ids, to_datetime(now))
        return row["number"], row["ids_read"] or ()

    async def to_announce(self, ids: Collection[str], now: int) -> dict[str, tuple[str, NotificationNew]]:
        """Those of these that are shown, each with its user, who has so many unread by now."""
        rows = await self._pool.fetch(_SQL["to_announce"], list(ids), to_datetime(now))
        return {
            row["id"]: (
                row["user_id"],
                NotificationNew(notification=_notification(row), unread=row["unread"]),
            )
            for row in rows
        }

    async def read_lately(self, user_ids: Collection[str], now: int) -> dict[str, tuple[int, list[str]]]:
        """For each of these users how many wait to be read, and what was read since yesterday."""
        since = to_datetime(now - _LATELY_MS)
        rows = await self._pool.fetch(_SQL["read_lately"], list(user_ids), to_datetime(now), since)
        return {row["user_id"]: (row["unread"], row["ids"]) for row in rows}

    async def to_send(self, user_id: str, notification_id: str, now: int) -> Outgoing | None:
        """What goes out, and how its user wants that; None: it is not shown, or has been read."""
        row = await self._pool.fetchrow(_SQL["to_send"], notification_id, user_id, to_datetime(now))
        return row and self._outgoing(row, user_id)

    async def to_mail(self, user_id: str, since: int, now: int) -> list[Outgoing]:
        """What may go out together: the latest of this user since then, the newest first."""
        rows = await self._pool.fetch(_SQL["to_mail"], to_datetime(since), user_id, to_datetime(now))
        return [self._outgoing(row, user_id) for row in rows]

    def _outgoing(self, row: Record, user_id: str) -> Outgoing:
        return Outgoing(
            notification=_notification(row),
            settings=row["settings"] or {},
            time_zone=row["time_zone"],
            language=row["language"],
            email=self._fields.read(EMAIL, user_id, row["email"]),
        )

    async def keep_quarters(self, now: int, before: int) -> None:
        """Make the parts of the table that are needed soon, and drop those that were over before a time."""
        await self._pool.fetch(_SQL["keep_quarters"], to_datetime(now))
        await self._pool.fetchval(_SQL["drop_quarters"], to_datetime(before))


def columns(notice: Notice, now: int) -> Mapping[str, Any]:
    """As a row of the table."""
    subject, action = notice.subject, notice.action
    return {
        "id": new_id(now),
        "user_id": notice.user_id,
        "kind": notice.kind,
        "title": notice.title,
        "body": notice.body,
        "subject_type": subject and subject.type,
        "subject_id": subject and subject.id,
        "about_id": notice.about,
        "action_label": action and action.label,
        "action_url": action and action.url,
        "created_at": rfc3339(now),
        "expires_at": notice.expires_at and rfc3339(notice.expires_at),
    }


def _notification(row: Record) -> Notification:
    name, subject, action = row["name"] or "", row["subject_type"], row["action_url"]
    return Notification(
        id=row["id"],
        kind=row["kind"],
        title=row["title"].replace("{name}", name),
        body=row["body"].replace("{name}", name),
        created_at=rfc3339(to_ms(row["created_at"])),
        read_at=row["read_at"] and rfc3339(to_ms(row["read_at"])),
        subject=subject and NotificationSubject(type=subject, id=row["subject_id"]),
        action=action and NotificationAction(label=row["action_label"], url=action),
        expires_at=row["expires_at"] and rfc3339(to_ms(row["expires_at"])),
    )
