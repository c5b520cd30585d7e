"""Whether a client takes a compressed answer. Pure."""

import re
from functools import lru_cache
from typing import Final

_REFUSED: Final = re.compile(r"q=0(\.0*)?")


@lru_cache(64)  # browsers say the same each time
def accepts_gzip(header: str) -> bool:
    """Whether `Accept-Encoding` names gzip, and not to refuse it."""
    for offer in header.lower().split(","):
        coding, *parameters = (part.strip() for part in offer.split(";"))
        if coding in ("gzip", "*"):
            return not any(_REFUSED.fullmatch(parameter) for parameter in parameters)
    return False
