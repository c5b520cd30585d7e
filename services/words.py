"""The operator's list of words that may not be shown to strangers, matched on folded text. Pure.

Folding takes away what makes no other word: case, accents (NFKD without combining marks), and whatever is no
letter or digit, which only separates words. A word matches as a whole, so that none is found within a
harmless longer one; a phrase matches its words in a row. Digits in the place of letters are not unfolded.
"""

import unicodedata
from collections.abc import Iterable
from itertools import groupby


def folded(text: str) -> str:
    """Its words, each with a space before and behind it."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = ("".join(run) for is_word, run in groupby(kept, str.isalnum) if is_word)
    return "".join(f" {word} " for word in words)


class WordList:
    """Words and phrases, one a line; empty lines do not count."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._phrases = {phrase for phrase in map(folded, lines) if phrase}

    def has_any_of(self, text: str) -> bool:
        """Whether one of them stands in this text."""
        words = folded(text)
        return any(phrase in words for phrase in self._phrases)
