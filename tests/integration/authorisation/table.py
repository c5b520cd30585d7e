"""The tables of who gets what: text that people read, a line an endpoint or command, a column a role."""

from collections.abc import Mapping, Sequence
from pathlib import Path

Row = dict[str, str]  # what each role is answered
Table = dict[str, Row]

_GAP = "  "


def read(path: Path) -> Table:
    """Lines that begin with `#` explain; the first other one names the roles. Cells hold no space."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    roles = lines[0].split()
    table: Table = {}
    for line in lines[1:]:
        label, *cells = line.rsplit(maxsplit=len(roles))
        assert len(cells) == len(roles), f"{path.name}: not a cell for each role in `{line}`"
        assert label not in table, f"{path.name}: `{label}` is there twice"
        table[label] = dict(zip(roles, cells, strict=True))
    return table


def written(table: Mapping[str, Row], roles: Sequence[str]) -> str:
    """These rows, with a head, as the file has them."""
    rows = [["", *roles], *([label, *(row[role] for role in roles)] for label, row in table.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def differences(expected: Table, answered: Table, roles: Sequence[str]) -> str:
    """Each cell that differs, and the rows as they would be; empty where the table says what was answered."""
    told = [
        f"`{label}` is in the table, and not in the contract" for label in expected if label not in answered
    ]
    told += [f"`{label}` is in the contract, and has no row" for label in answered if label not in expected]
    wrong = {
        label: [role for role in roles if expected[label][role] != row[role]]
        for label, row in answered.items()
        if label in expected
    }
    told += [
        f"{label}: {role} is answered {answered[label][role]}, not {expected[label][role]}"
        for label, found in wrong.items()
        for role in found
    ]
    new = {label: row for label, row in answered.items() if wrong.get(label, True)}
    return "\n".join([*told, written(new, roles)]) if told else ""
