"""`python -m tests.migrations_in_line`: each migration follows the one before it, by number.

Two that are made at the same time, and merged without a conflict, would leave what nobody can migrate.
"""

import re
import sys
from itertools import pairwise
from pathlib import Path

VERSIONS = Path(__file__).parents[1] / "db" / "migrations" / "versions"
_SAYS = re.compile(r'^(revision|down_revision)(?:: [^=]+)? = "(\w+)"$', re.MULTILINE)


def out_of_line(versions: Path) -> list[str]:
    """A line for each that does not follow the file before it."""
    files = sorted(versions.glob("[0-9]*.py"))
    says = {file.stem: dict(_SAYS.findall(file.read_text(encoding="utf-8"))) for file in files}
    found = [f"{name} calls itself otherwise" for name, said in says.items() if said.get("revision") != name]
    for before, name in pairwise(says):
        if int(name[:4]) != int(before[:4]) + 1 or says[name].get("down_revision") != before:
            found.append(f"{name} does not follow {before}: give it the next number, and name the one before")
    return found


if __name__ == "__main__":
    complaints = out_of_line(VERSIONS)
    print("\n".join(complaints) or "Each migration follows the one before it.")
    sys.exit(bool(complaints))
