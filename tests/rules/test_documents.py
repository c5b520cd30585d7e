"""What is derived from the code is what is committed."""

from pathlib import Path

from core.settings_table import table
from signaling.diagram import diagram

DOCS = Path(__file__).parents[2] / "docs"


def test_the_drawing_of_the_call_is_the_table() -> None:
    assert f"```mermaid\n{diagram()}```" in (DOCS / "calls.md").read_text()


def test_the_settings_page_is_the_settings() -> None:
    """Make it anew with `python -m realtime settings > docs/settings.md`."""
    assert (DOCS / "settings.md").read_text() == table()
