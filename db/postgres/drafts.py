"""Messages before they are stored, and as the statement takes them that stores them."""

from collections.abc import Sequence

from msgspec import Struct

from core.clock import rfc3339, to_datetime
from core.contract.chat import MessageKind
from db.postgres.array_texts import of_texts, of_words


class Draft(Struct, frozen=True, kw_only=True):
    """A message before it is stored. `id` is used if it is new; `created_at` in ms; `media_id` is shown."""

    id: str
    room_id: str
    sender_id: str
    client_id: str
    type: MessageKind
    content: str | None
    reply_to: str | None
    created_at: int
    media_id: str | None = None


def columns(draft: Draft) -> tuple[object, ...]:
    """As the statement takes one."""
    return (
        draft.id,
        draft.room_id,
        draft.sender_id,
        draft.client_id,
        draft.type,
        draft.content,
        draft.reply_to,
        to_datetime(draft.created_at),
        draft.media_id,
    )


def arrays(drafts: Sequence[Draft]) -> tuple[str, ...]:
    """The same of several."""
    return (
        of_words([draft.id for draft in drafts]),
        of_words([draft.room_id for draft in drafts]),
        of_words([draft.sender_id for draft in drafts]),
        of_texts([draft.client_id for draft in drafts]),
        of_words([draft.type for draft in drafts]),
        of_texts([draft.content for draft in drafts]),
        of_words([draft.reply_to for draft in drafts]),
        of_words([rfc3339(draft.created_at) for draft in drafts]),
        of_words([draft.media_id for draft in drafts]),
    )
