"""Who looks at what strangers are to see: the operator's list of words and scanner, where they are set."""

from pathlib import Path

from core.settings import Settings
from outside.scan import HttpScan
from services.ports import Scan
from services.shown_texts import ShownTexts
from services.words import WordList


def scanner(settings: Settings) -> Scan | None:
    """None: there is none."""
    return HttpScan(settings.scan_url, timeout_s=settings.scan_s) if settings.scan_url else None


def shown_texts(settings: Settings) -> ShownTexts:
    """With the list as it is now. Raises `OSError` where there is no such file."""
    lines = Path(settings.words_file).read_text(encoding="utf-8").splitlines() if settings.words_file else ()
    return ShownTexts(WordList(lines), scanner(settings))
