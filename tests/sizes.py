"""`python -m tests.sizes`: no file that people write is longer than a person keeps in mind.

One that grows beyond is split by subject, not by lines.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

MOST_LINES = 400
KINDS = {".py", ".js", ".mjs", ".css", ".html", ".sql", ".lua", ".md"}
# `python -m db.migrations.schema` and `python -m realtime settings` write them.
DERIVED = {"db/migrations/schema.sql", "docs/settings.md"}
PROJECT = Path(__file__).parents[1]


def written(folder: Path) -> Iterator[Path]:
    """The files that people write, without what is hidden or installed."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "node_modules":
            continue
        if path.is_dir():
            yield from written(path)
        elif path.suffix in KINDS:
            yield path


def too_long(project: Path) -> list[str]:
    """A line for each file that is."""
    found = []
    for path in written(project):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        name = path.relative_to(project).as_posix()
        if lines > MOST_LINES and name not in DERIVED:
            found.append(f"{name}: {lines} lines, at most {MOST_LINES}")
    return found


if __name__ == "__main__":
    complaints = too_long(PROJECT)
    print("\n".join(complaints) or f"No file has more than {MOST_LINES} lines.")
    sys.exit(bool(complaints))
