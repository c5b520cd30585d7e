"""What `docs/adding-a-resource.md` shows is what the files say: a newcomer copies from it."""

import re

import pytest

from tests.served import ROOT

PAGE = (ROOT / "docs" / "adding-a-resource.md").read_text()
EXCERPTS = re.findall(r"^`(\S+)`\n```\w+\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("path", "excerpt"), EXCERPTS, ids=[path for path, _ in EXCERPTS])
def test_an_excerpt_is_in_its_file(path: str, excerpt: str) -> None:
    """To the letter."""
    assert excerpt in (ROOT / path).read_text()


def test_every_file_that_is_named_is_there() -> None:
    """Paths from the root; `settings.py` alone is beside the one before it."""
    named = set(re.findall(r"`([a-z]+/[\w/.-]+\.(?:py|sql|js))`", PAGE))
    assert EXCERPTS
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
