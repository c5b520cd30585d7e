"""The page says verdicts in its own words: it has some for each that the server knows."""

import re

from signaling.verdicts import VERDICTS
from tests.served import ROOT


def test_the_page_has_words_for_each_verdict() -> None:
    """The same in English; the page's own tests see to it that each language has all."""
    words = (ROOT / "realtime/page/words/en/verdicts.js").read_text()
    assert dict(re.findall(r'^    (\w+): "(.*)",$', words, re.MULTILINE)) == dict(VERDICTS)
