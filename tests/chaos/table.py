"""A row for each fault: what was counted, what that should be, and whether it is."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.chaos import checks
from tests.chaos.history import Acknowledged, History

Check = Callable[[History], list[str]]
# What must be nought, and what the column is called.
NONE_OF: dict[str, Check] = {
    "lost": checks.lost,
    "shown twice": checks.shown_twice,
    "out of order": checks.out_of_order,
    "in two calls": checks.in_two_calls,
    "ghosts": checks.ghosts,
    "unanswered": checks.unanswered,
}
COLUMNS = (
    "fault",
    "acked",
    *NONE_OF,
    "excused",
    "tracebacks",
    "calls",
    "recovered after s: median, p99, max (users)",
)


@dataclass(frozen=True, slots=True)
class Row:
    """How one fault went."""

    name: str
    acknowledged: int
    found: dict[str, list[str]]  # by column
    tracebacks: int
    survived: int
    at_stake: int
    calls: list[str]  # what is wrong about them
    told: bool  # calls cannot survive, and each end has to be told
    recovered_s: list[float]
    excused: int = 0  # commands that were late because the clients' own process was
    broke_off: str = ""

    @classmethod
    def broken(cls, name: str, why: str) -> "Row":
        """One that could not be played to its end."""
        return cls(name, 0, {column: [] for column in NONE_OF}, 0, 0, 0, [], False, [], broke_off=why)

    @property
    def wrong(self) -> list[str]:
        """All that must not be, with its column; empty if all is as it has to be."""
        if self.broke_off:
            return [f"broke off: {self.broke_off}"]
        found = [f"{column}: {what}" for column, whats in self.found.items() for what in whats]
        found += [f"calls: {what}" for what in self.calls]
        if self.at_stake == 0:
            found.append("calls: none was live when the fault struck, so this shows nothing of them")
        if self.acknowledged == 0:
            found.append("acked: no message was acknowledged, so this shows nothing of them")
        if self.tracebacks:
            found.append(f"tracebacks: {self.tracebacks} in the nodes' logs")
        if self.recovered_s and math.isinf(self.recovered_s[-1]):
            never = sum(map(math.isinf, self.recovered_s))
            found.append(f"recovered: {never} users had no service until the end")
        return found


def judge(name: str, history: History, *, told: bool = False) -> Row:
    """`told`: no call can survive this fault, so each has to be told to have ended."""
    fates = checks.fates(history)
    return Row(
        name=name,
        acknowledged=sum(1 for _ in history.of(Acknowledged)),
        found={column: check(history) for column, check in NONE_OF.items()},
        tracebacks=history.tracebacks,
        survived=0 if told else sum(not whys for whys in fates.values()),
        at_stake=len(fates),
        calls=checks.calls_not_told(history) if told else checks.calls_lost(history),
        told=told,
        recovered_s=checks.recoveries(history),
        excused=checks.excused(history),
    )


def recovery(seconds: Sequence[float]) -> str:
    """Of sorted figures."""
    if not seconds:
        return "nobody was without service"
    p99 = seconds[math.ceil(0.99 * len(seconds)) - 1]
    return f"{statistics.median(seconds):.1f}, {p99:.1f}, {seconds[-1]:.1f} ({len(seconds)})"


def _cells(row: Row) -> list[str]:
    calls = f"{row.at_stake} told" if row.told and not row.calls else f"{row.survived} of {row.at_stake}"
    counts = [str(len(found)) for found in row.found.values()]
    counts += [str(row.excused), str(row.tracebacks)]
    return [row.name, str(row.acknowledged), *counts, calls, recovery(row.recovered_s)]


def table(rows: Sequence[Row]) -> str:
    """Markdown, in columns that a terminal shows too; below it, at most so many findings of each row."""
    cells = [list(COLUMNS), *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(COLUMNS))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for row in rows:
        lines += [f"{row.name}: {wrong}" for wrong in row.wrong[:_SHOWN]]
        if len(row.wrong) > _SHOWN:
            lines.append(f"{row.name}: and {len(row.wrong) - _SHOWN} more")
    return "\n".join(lines)


_SHOWN = 12
