"""Messages from rows of `communication.messages`, with what their reader sees of media and replies.

The statements that give these rows put beside each `shown`, its media, `replied`, the preview of what it is a
reply to, and `apart`: that a block parts its reader from its sender.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from core.clock import rfc3339, to_ms
from core.contract.chat import Message, RepliedTo, SystemNote
from db.postgres.cards import Cards
from db.postgres.drafts import Draft
from db.postgres.pool import Record

_Found = Mapping[str, Any] | None  # a JSON object of the database


class MessageRows:
    """Reads messages; without addresses of media (`NO_PHOTOS`) they show none."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards

    def seen(self, row: Record) -> Message:
        """As its reader sees it."""
        return unseen(self.whole(row)) if row["apart"] else self.whole(row)

    def whole(self, row: Record) -> Message:
        """As its sender sees it."""
        shown = row["shown"]
        return Message(
            id=row["id"],
            room_id=row["room_id"],
            seq=row["seq"],
            sender_id=row["sender_id"],
            client_id=row["client_id"],
            type=row["type"],
            content=row["content"],
            created_at=rfc3339(to_ms(row["created_at"])),
            media=shown and self._cards.attached(shown),
            waveform=shown and shown["waveform"],
            reply_to=row["reply_to"],
            reply=_replied_to(row["replied"]),
            system=SystemNote(kind=row["system"], user_id=row["about_id"], by=row["by_id"])
            if row["system"]
            else None,
            edited_at=row["edited_at"] and rfc3339(to_ms(row["edited_at"])),
            deleted_at=row["deleted_at"] and rfc3339(to_ms(row["deleted_at"])),
        )

    def said(self, draft: Draft, seq: int, shown: _Found, replied: _Found) -> Message:
        """The message that was just made of a draft."""
        message = Message(
            id=draft.id,
            room_id=draft.room_id,
            seq=seq,
            sender_id=draft.sender_id,
            client_id=draft.client_id,
            type=draft.type,
            content=draft.content,
            created_at=rfc3339(draft.created_at),
            reply_to=draft.reply_to,
        )
        if not shown and not replied:
            return message
        media, waveform = (self._cards.attached(shown), shown["waveform"]) if shown else (None, None)
        return replace(message, media=media, waveform=waveform, reply=_replied_to(replied))


def unseen(message: Message) -> Message:
    """All that is seen of a message of one from whom a block parts the reader: as if it had been deleted."""
    return Message(
        id=message.id,
        room_id=message.room_id,
        seq=message.seq,
        sender_id=message.sender_id,
        client_id=None,
        type="text",
        content=None,
        created_at=message.created_at,
        deleted_at=message.created_at,
    )


def without_preview(message: Message) -> Message:
    """As one sees it who sees nothing of what it is a reply to."""
    return replace(message, reply=None)


def _replied_to(found: _Found) -> RepliedTo | None:
    if not found:
        return None
    return RepliedTo(
        id=found["id"],
        seq=found["seq"],
        sender_id=found["sender_id"],
        type=found["type"],
        content=found["content"],
        deleted_at=None if found["deleted_ms"] is None else rfc3339(found["deleted_ms"]),
    )
