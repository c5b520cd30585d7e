"""What those whom we ask answer, where it has to be asked again."""

from services.ports import AskAgain

_LONGEST_S = 3600


def retry_later(who: str, status: int, retry_after: str | None) -> AskAgain:
    """To be raised. `retry_after`: as the header has it, in seconds; a date is taken for none."""
    asked_s = int(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else 0
    return AskAgain(f"{who} answers {status}.", after_ms=1000 * min(asked_s, _LONGEST_S))
