"""What can be a chat message: its kind, its length, its letters; and who may still change it. Pure."""

from core.contract.chat import ChatSend, Message
from core.errors import Expired, Forbidden, Gone, InvalidRequest, PayloadTooLarge


def check_message(command: ChatSend, max_chars: int) -> None:
    """Whether this can be a message of at most `max_chars` code points.

    Raises `PayloadTooLarge` for a longer one, `InvalidRequest` for what is blank or cannot be stored.
    """
    if command.type == "text" and command.media_id is not None:
        raise InvalidRequest("A text message has no media.", details={"field": "media_id"})
    if command.type != "text" and command.media_id is None:
        raise InvalidRequest("A message of this kind has media.", details={"field": "media_id"})
    check_content(command.content, max_chars, needed=command.type == "text")
    if not is_storable(command.client_id):
        raise _not_storable("client_id")


def check_content(content: str | None, max_chars: int, *, needed: bool) -> None:
    """Whether this can be what a message says; `needed`: it has nothing else. Raises as `check_message`."""
    if needed and not (content and content.strip()):
        raise InvalidRequest("A text message has content.", details={"field": "content"})
    if content and len(content) > max_chars:
        raise PayloadTooLarge(f"A message has at most {max_chars} characters.", details={"field": "content"})
    if content and not is_storable(content):
        raise _not_storable("content")


def is_edited(
    message: Message, by: str, content: str | None, *, age_ms: int, window_ms: int, ended: bool
) -> bool:
    """Whether a member edits a message of this age into something else; False: it says that already.

    Raises `Forbidden` for what others or the system have said, `Gone` for what was deleted or is in a room
    that has `ended`, `Expired` after the window.
    """
    _check_own(message, by)
    if message.deleted_at is not None:
        raise Gone
    if message.content == content:
        return False
    if ended:
        raise Gone
    _check_age(age_ms, window_ms)
    return True


def is_deleted(message: Message, by: str, *, age_ms: int, window_ms: int) -> bool:
    """Whether a member deletes a message of this age, in a room that has ended too; False: it was before.

    Raises `Forbidden`, `Expired` as `is_edited`.
    """
    _check_own(message, by)
    if message.deleted_at is not None:
        return False
    _check_age(age_ms, window_ms)
    return True


def _check_own(message: Message, by: str) -> None:
    if message.sender_id != by:
        raise Forbidden("Only who has sent a message may change it.")


def _check_age(age_ms: int, window_ms: int) -> None:
    if age_ms > window_ms:
        raise Expired("A message can be changed for some time only.")


def is_storable(text: str) -> bool:
    """Whether Postgres can store this text: it is valid UTF-8 without NUL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _not_storable(field: str) -> InvalidRequest:
    return InvalidRequest("No text may have a NUL or half a surrogate pair.", details={"field": field})
