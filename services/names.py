"""Which names are allowed, and which texts are readable at all. Pure.

A name must look like what it is: nothing in it is hidden, turns the direction of writing, or looks blank, and
it must not look as if its owner spoke for the operator.
"""

import re
import unicodedata

# Categories of Unicode: controls, directions, line separators, private use, surrogates, unassigned.
_NEVER = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"})
# Letters and marks that show nothing: the grapheme joiner, Hangul fillers, vowels that are never written,
# Mongolian selectors, a Braille cell without dots.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
# Pictures may be newer than our Unicode tables, which then have no category for them.
_PICTURES = range(0x1F000, 0x1FB00)
_SKINS = range(0x1F3FB, 0x1F400)
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_VIRAMA = 9  # its combining class: it joins consonants in Indic scripts

# What looks like a Latin letter: Greek capitals (their small letters often do not); letters of Cyrillic,
# Greek, Armenian and Cherokee; and digits and signs that people write instead of letters.
_CAPITALS = str.maketrans("ΑΕΗΙΜΝΟΡΤΥΧ", "aehimnoptyx")  # noqa: RUF001 - that they look alike is the point
_LOOKS_LIKE = str.maketrans(
    "аеіјорсуѕхԁһӏмтпαειορτυνκı" + "ոսօᎠᎪᎷᏆᏚɑⲁᗩʋ" + "l013457|!$@",
    "aeijopcysxdhimtnaeioptuvki" + "nuodamisaaau" + "ioieastiisa",
)
# Found by their names: small capitals, letters in circles and flags, turned or struck through, of Lisu.
_NAMED = re.compile(r"(?:LETTER|CAPITAL|TURNED) ([A-Z])(?: WITH .*)?$")


def readable(text: str) -> bool:
    """Whether the text shows something, and nothing in it is hidden."""
    return all(_shows(text, at) for at in range(len(text))) and any(map(_visible, text))


def reserved(name: str) -> bool:
    """Whether the name looks as if its owner spoke for the operator, also with a number or a title."""
    bare = re.sub(r"^[\d\W_]+|[\d\W_]+$", "", name)
    untitled = "".join(word for word in re.split(r"[\W_]+", bare) if _folded(word) not in _TITLES)
    return not _RESERVED.isdisjoint(map(_folded, (name, bare, untitled)))


def _category(letter: str) -> str:
    return "So" if ord(letter) in _PICTURES else unicodedata.category(letter)


def _visible(letter: str) -> bool:
    """Whether it can be seen by itself: a mark needs a letter, and a space shows nothing."""
    return _category(letter)[0] in "LNPS" and letter not in _BLANK


def _shows(text: str, at: int) -> bool:
    letter = text[at]
    if letter in (_NON_JOINER, _JOINER):
        return _joins(text, at)
    if any(ord(letter) in some for some in _SELECTORS):  # it selects how the character before it looks
        return at > 0 and _visible(text[at - 1])
    return _category(letter) not in _NEVER and letter not in _BLANK


def _joins(text: str, at: int) -> bool:
    """Whether a joiner has a function here: at a virama, in Arabic script (RFC 5892, A), between emoji."""
    if not 0 < at < len(text) - 1:
        return False
    before, after = text[at - 1], text[at + 1]
    if _VIRAMA in (unicodedata.combining(before), unicodedata.combining(after)):
        return True
    base = _base(text, at)
    if unicodedata.bidirectional(base) == unicodedata.bidirectional(after) == "AL":
        return True
    return text[at] == _JOINER and _category(base) == _category(after) == "So"


def _base(text: str, at: int) -> str:
    """The letter or picture before this place, without its marks, selectors and skin tones."""
    while at > 1 and (_category(text[at - 1]) in {"Mn", "Me"} or ord(text[at - 1]) in _SKINS):
        at -= 1
    return text[at - 1]


def _folded(name: str) -> str:
    """The name as it looks: without case, marks and other signs, each letter as a Latin one."""
    composed = unicodedata.normalize("NFKC", name).translate(_CAPITALS)
    plain = unicodedata.normalize("NFKD", composed.casefold()).translate(_LOOKS_LIKE)
    return "".join(letter for letter in map(_latin, plain) if letter.isalnum()).replace("rn", "m")


def _latin(letter: str) -> str:
    """The Latin letter that a sign is a form of, or the sign itself."""
    form = None if letter.isascii() else _NAMED.search(unicodedata.name(letter, ""))
    return form[1].casefold() if form else letter


_TITLES = frozenset(map(_folded, ("the", "team", "official", "realtime", "connect")))

_RESERVED = frozenset(
    map(
        _folded,
        (
            *("admin", "administrator", "administration", "moderator", "moderation", "operator", "official"),
            *("support", "customersupport", "customerservice", "helpdesk", "security", "staff"),
            *("system", "sysadmin", "superuser", "root", "webmaster", "postmaster", "hostmaster"),
            *("realtimeconnect", "realtimeconnectteam", "админ", "администратор", "модератор"),
        ),
    )
)
