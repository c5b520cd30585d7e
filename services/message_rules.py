"""What can be a chat message: its kind, its length, its letters. Pure."""

from core.contract.chat import ChatSend
from core.errors import InvalidRequest, PayloadTooLarge


def check_message(command: ChatSend, max_chars: int) -> None:
    """Whether this can be a message of at most `max_chars` code points.

    Raises `PayloadTooLarge` for a longer one, `InvalidRequest` for what is empty or cannot be stored.
    """
    if command.type != "text":
        raise InvalidRequest("Only text can be sent so far.", details={"field": "type"})
    if command.media_id is not None:
        raise InvalidRequest("A text message has no media.", details={"field": "media_id"})
    if not command.content:
        raise InvalidRequest("A text message has content.", details={"field": "content"})
    if len(command.content) > max_chars:
        raise PayloadTooLarge(f"A message has at most {max_chars} characters.", details={"field": "content"})
    for field, text in (("content", command.content), ("client_id", command.client_id)):
        if not is_storable(text):
            raise InvalidRequest("No text may have a NUL or half a surrogate pair.", details={"field": field})


def is_storable(text: str) -> bool:
    """Whether Postgres can store this text: it is valid UTF-8 without NUL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
