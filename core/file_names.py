"""Names of files as they were uploaded: what is safe to show and to save under, and how HTTP says it.

Pure. A name is shown beside others' words and becomes one on somebody's disk: so nothing in it hides or turns
other letters, and it is no path.
"""

import unicodedata
from urllib.parse import quote

LONGEST = 200
_ENDING = 20
_BYTES = 255  # what a file system takes
_JOINS = "\u200c\u200d"  # letters of Persian and parts of emoji
# Controls, what shows nothing or turns the direction, halves of letters, and ends of lines.
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def file_name(said: str | None) -> str | None:
    """What is kept of the name that a client gives; None, where nothing is left of it."""
    last = (said or "").replace("\\", "/").rpartition("/")[2]
    seen = (letter for letter in last if letter in _JOINS or unicodedata.category(letter) not in _HIDDEN)
    name = _shorter(" ".join(unicodedata.normalize("NFC", "".join(seen)).split()).strip(". " + _JOINS))
    return name if any(letter.isalnum() for letter in name) else None


def disposition(name: str | None) -> str:
    """The header by which a browser saves it under this name (RFC 6266); old ones read its ASCII."""
    if name is None:
        return "attachment"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    safe = "".join("_" if letter in '"\\%;' else letter for letter in plain).strip()
    alike = safe if safe and not safe.startswith(".") else f"file{safe}"
    return f"attachment; filename=\"{alike}\"; filename*=UTF-8''{quote(name, safe='')}"


def _shorter(name: str) -> str:
    """The beginning of it, with its ending: that says what opens it."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > _ENDING:
        stem, dot, ending = name, "", ""
    while len(stem) + len(dot + ending) > LONGEST or len((stem + dot + ending).encode()) > _BYTES:
        stem = stem[:-1]
    return stem.rstrip(_JOINS + ". ") + dot + ending
