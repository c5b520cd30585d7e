"""What people write where they need not write anything."""

import re

from core.vocabulary import SAYS_SOMETHING

_SOMETHING = re.compile(SAYS_SOMETHING)


def worded(text: str | None) -> str | None:
    """None where it says nothing."""
    return text if text and _SOMETHING.search(text) else None
