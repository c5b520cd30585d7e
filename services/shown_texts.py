"""Text that strangers read: names, bios, cities. What the operator's list or scanner refuses is not taken.

Chat messages are not looked at: nobody but the two who are connected reads them. A scanner that does not
answer refuses nothing, since nobody could sign up without it; the list always holds.
"""

import asyncio
from collections.abc import Mapping

import structlog

from core.errors import InvalidRequest, Unavailable
from services.ports import Scan
from services.words import WordList

_log = structlog.get_logger()


class ShownTexts:
    """Looks at texts by the list and, if there is one, by the scanner."""

    def __init__(self, words: WordList, scan: Scan | None) -> None:
        self._words, self._scan = words, scan

    async def check(self, texts: Mapping[str, str | None]) -> None:
        """Texts by the field that they are in. Raises `InvalidRequest`, which names the field."""
        written = {field: text for field, text in texts.items() if text}
        for field, text in written.items():
            if self._words.has_any_of(text):
                raise _refused(field)
        if self._scan is not None:
            passed = await asyncio.gather(*(self._passes(self._scan, text) for text in written.values()))
            for field, passes in zip(written, passed, strict=True):
                if not passes:
                    raise _refused(field)

    async def _passes(self, scan: Scan, text: str) -> bool:
        """What a moderator should look at is shown, as there is nobody to ask before."""
        try:
            verdict = await scan.text(text)
        except Unavailable:
            return True
        if verdict.verdict == "review":
            _log.info("a scanner is not sure about a text", reason=verdict.reason)
        return verdict.verdict != "refuse"


def _refused(field: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{field}` has words in it that are not allowed here.", details={"field": field, "reason": "words"}
    )
