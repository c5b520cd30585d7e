"""The operator's words: folded, and found as whole words only."""

import pytest

from services.words import WordList, folded

LIST = WordList(["Ass", "", "  ", "  add me on Kik ", "Größe", "ÑANDÚ", "ﬁne", "...", "b2b"])


@pytest.mark.parametrize(
    "text",
    [
        "ass",
        "what an ASS!",
        "A.s.s. ass, indeed",
        "Add  me\ton: KIK",
        "add-me-on-kik",
        "GRÖSSE",
        "grosse",
        "nandu",
        "n\u0303andu\u0301",
        "\uff21\uff33\uff33",
        "fine",
        "b2b",
    ],
)
def test_what_is_found(text: str) -> None:
    """Whatever the case, the accents, the width of the letters, and what stands between the words."""
    assert LIST.has_any_of(text)


@pytest.mark.parametrize(
    "text", ["", "class", "assume", "a s s", "455", "add me", "me on Kik add", "on kik, add me", "…", "b 2 b"]
)
def test_what_is_not(text: str) -> None:
    """Parts of words, letters apart, digits for letters, words in another order."""
    assert not LIST.has_any_of(text)


def test_an_empty_list_finds_nothing() -> None:
    assert not WordList([]).has_any_of("anything at all")


def test_scripts_keep_their_letters() -> None:
    assert folded("Привет, мир") == " привет  мир "
    assert folded("你好 世界") == " 你好  世界 "
