"""Media that strangers see, in Postgres, for moderators: what waits for one, and what was decided.

A decision is one transaction with what its owner is told and the audit log. Ids are text, times ms since the
epoch. What an outage raises (`db.outage`) passes through.
"""

from typing import Any

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.media_review import MediaAction, MediaDecision, ReviewedMedia
from core.contract.moderation import CaseSubject
from core.errors import AlreadyDecided, Conflict, NotFound
from core.fields import CLEAR, MEDIA_NOTE, Fields
from core.notices import (
    photo_looked_at_again,
    photo_removed,
    post_picture_looked_at_again,
    post_picture_removed,
)
from core.vocabulary import ReportReason
from db.postgres import audit
from db.postgres.notifications import Notify
from db.postgres.pool import Connection, Pool, Record, queries

_PARTS = queries("media_review")


def _whole(text: str) -> str:
    for part in ("row", "theirs", "waits"):
        text = text.replace(f":{part}", _PARTS[part])
    return text


_SQL = {name: _whole(text) for name, text in _PARTS.items()}


class MediaVerdict(Struct, frozen=True, kw_only=True):
    """What somebody decides. `reason`: why it is removed, which `words` say to its owner."""

    action: MediaAction
    reason: ReportReason | None = None
    words: str = ""
    note: str | None = None


class MediaReviewStore:
    """Decisions on media."""

    def __init__(self, pool: Pool, notify: Notify, fields: Fields = CLEAR) -> None:
        self._pool, self._notify, self._fields = pool, notify, fields

    async def page(
        self, by: str, user_id: str | None, *, after: str | None, limit: int, now: int
    ) -> list[ReviewedMedia]:
        """Those that wait for this moderator, or all that a user shows; the oldest first, after this one."""
        given: list[Any] = [by, after, limit, to_datetime(now)]
        if user_id is None:
            rows = await self._pool.fetch(_SQL["queue"], *given)
        else:
            rows = await self._pool.fetch(_SQL["of_user"], *given, user_id)
        return [_reviewed(self._fields, row) for row in rows]

    async def decide(self, media_id: str, by: str, verdict: MediaVerdict, now: int) -> ReviewedMedia:
        """Pass or remove it. Raises `NotFound`, and `AlreadyDecided`: what is passed can be removed, and
        nothing else is decided twice.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            found, post_id = await self._locked(connection, media_id, by, now)
            before = found.decision
            if before and (before.action == "remove" or verdict.action == "pass"):
                raise AlreadyDecided("This was decided before.")
            note = self._fields.kept_if_any(MEDIA_NOTE, media_id, verdict.note)
            given = [media_id, by, to_datetime(now), note]
            details = {"media_id": media_id}
            if verdict.action == "pass":
                await connection.execute(_SQL["pass"], *given)
            else:
                await connection.execute(_SQL["remove"], *given, verdict.reason, verdict.words)
                details["reason"] = str(verdict.reason)
            action = "media_passed" if verdict.action == "pass" else "media_removed"
            await audit.note(connection, action, found.user.user_id, details, by=by, now=now)
            decided = _reviewed(
                self._fields, await connection.fetchrow(_SQL["one"], by, media_id, to_datetime(now))
            )
            if verdict.action == "remove":
                owner = found.user.user_id
                if post_id is None:
                    notice = photo_removed(owner, media_id, found.type, verdict.words)
                else:
                    notice = post_picture_removed(owner, media_id, post_id, verdict.words)
                await self._notify(connection, notice, now)
        return decided

    async def undo(self, media_id: str, by: str, now: int) -> ReviewedMedia:
        """It was removed and waits for another decision. Raises `NotFound`, and `Conflict` if it was not."""
        async with self._pool.acquire() as connection, connection.transaction():
            found, post_id = await self._locked(connection, media_id, by, now)
            if found.decision is None or found.decision.action != "remove":
                raise Conflict("This was not removed by a moderator.")
            await connection.execute(_SQL["undo"], media_id)
            details = {"media_id": media_id}
            await audit.note(connection, "media_removal_undone", found.user.user_id, details, by=by, now=now)
            undone = _reviewed(
                self._fields, await connection.fetchrow(_SQL["one"], by, media_id, to_datetime(now))
            )
            owner = found.user.user_id
            if post_id is None:
                notice = photo_looked_at_again(owner, media_id, found.type)
            else:
                notice = post_picture_looked_at_again(owner, media_id, post_id)
            await self._notify(connection, notice, now)
        return undone

    async def _locked(
        self, connection: Connection, media_id: str, by: str, now: int
    ) -> tuple[ReviewedMedia, str | None]:
        """As it is, which only this transaction changes now, and its post if any. Raises `NotFound`."""
        post_id = await connection.fetchval(_SQL["lock"], media_id)
        row = await connection.fetchrow(_SQL["one"], by, media_id, to_datetime(now))
        if row is None:
            raise NotFound
        return _reviewed(self._fields, row), post_id


def _reviewed(fields: Fields, row: Record) -> ReviewedMedia:
    return ReviewedMedia(
        id=row["id"],
        user=CaseSubject(user_id=row["owner_id"], display_name=row["display_name"], role=row["role"]),
        type=row["type"],
        state=row["state"],
        waits=row["waits"],
        reason=row["reason"],
        resembles=row["resembles"],
        decision=_decision(fields, row),
        uploaded_at=rfc3339(to_ms(row["created_at"])),
        width=row["width"],
        height=row["height"],
        duration_ms=row["duration_ms"],
        blurhash=row["blurhash"],
    )


def _decision(fields: Fields, row: Record) -> MediaDecision | None:
    if row["decided_at"] is None:
        return None
    return MediaDecision(
        action="pass" if row["fault"] is None else "remove",
        reason=row["fault"],
        note=fields.read(MEDIA_NOTE, row["id"], row["note"]),
        by=row["decided_by"],
        at=rfc3339(to_ms(row["decided_at"])),
    )
