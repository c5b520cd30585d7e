"""The figures as Markdown."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from bench.commands.measuring import Figure
from bench.commands.meters import Trips
from bench.commands.stacks import Flavour

Results = dict[str, dict[str, list[Figure | None]]]  # by row and server, a place for each round
_NAMES: dict[Flavour, str] = {"node": "Node.js", "before": "before"}


class Paced(Struct, frozen=True):
    """Of a row at so many units a second: the row that says what the server costs while nothing comes."""

    rate: int
    idle: str


def line(figure: Figure) -> str:
    """For those who wait."""
    return (
        f"{_used([figure])} µs, {figure.rate:.0f} a second, {figure.busy:.0%} of a core, "
        f"p50 {figure.p50_ms:.1f} ms, p99 {figure.p99_ms:.1f} ms"
    )


def table(results: Results, other: Flavour = "node") -> str:
    """Medians, and the ratios of each round: their median with the smallest and the largest."""
    beside, columns = _NAMES[other], "a second | p50, p99 ms"
    lines = [
        f"| server / Redis / PostgreSQL, µs | ours | {columns} | {beside} | {columns}"
        f" | ours / {beside} in all | of the servers alone |",
        "|---" * 9 + "|",
    ]
    for name, by_flavour in results.items():
        ours, node = by_flavour.get("ours", []), by_flavour.get(other, [])
        both = [(o, n) for o, n in zip(ours, node, strict=False) if o and n]
        in_all, alone = (
            [o.used.all / n.used.all for o, n in both],
            [o.used.server / n.used.server for o, n in both],
        )
        cells = [name, *_cells(ours), *_cells(node), _ratio(in_all), _ratio(alone)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def idle_table(results: Results, paced: Mapping[str, Paced], other: Flavour = "node") -> str:
    """Of a unit at a rate, what is only that the server runs, and the ratio of the rest."""
    lines = [
        f"| µs standing idle, of a unit | ours | {_NAMES[other]} | ours / {_NAMES[other]} of the rest |",
        "|---" * 4 + "|",
    ]
    for name, pace in paced.items():
        parts = [_idle_part(results, name, pace, flavour) for flavour in ("ours", other)]
        cells = [f"{part[0]:.0f} of {part[1]:.0f}" if part else "-" for part in parts]
        ours, node = (part[1] - part[0] if part else None for part in parts)
        ratio = f"{ours / node:.2f}" if ours and node else "-"
        lines.append(f"| {' | '.join([name, *cells, ratio])} |")
    return "\n".join(lines)


def _idle_part(results: Results, name: str, pace: Paced, flavour: str) -> tuple[float, float] | None:
    """Of which, medians; None: one of the two was not measured."""
    units, idle = (
        [figure.used.all for figure in results.get(row, {}).get(flavour, []) if figure]
        for row in (name, pace.idle)
    )
    return (statistics.median(idle) / pace.rate, statistics.median(units)) if units and idle else None


def trips_table(asked: Mapping[str, Mapping[str, Trips]], other: Flavour = "node") -> str:
    """How often the stores were asked for a unit that had nobody to share a trip with."""
    lines = [
        f"| reads of Redis / its commands / transactions of PostgreSQL, a unit | ours | {_NAMES[other]} |",
        "|---" * 3 + "|",
    ]
    for name, by_flavour in asked.items():
        cells = [_trips(by_flavour.get(flavour)) for flavour in ("ours", other)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _trips(trips: Trips | None) -> str:
    return f"{trips.reads:.1f} / {trips.commands:.1f} / {trips.transactions:.1f}" if trips else "-"


def _cells(figures: Sequence[Figure | None]) -> list[str]:
    kept = [figure for figure in figures if figure]
    if not kept:
        return ["-"] * 3
    p50, p99 = _median(kept, lambda f: f.p50_ms), _median(kept, lambda f: f.p99_ms)
    return [_used(kept), f"{_median(kept, lambda f: f.rate):.0f}", f"{p50:.1f}, {p99:.1f}"]


def _used(kept: Sequence[Figure]) -> str:
    parts: tuple[Callable[[Figure], float], ...] = (
        lambda f: f.used.server,
        lambda f: f.used.redis,
        lambda f: f.used.postgres,
    )
    return " / ".join(f"{_median(kept, part):.0f}" for part in parts)


def _median(kept: Sequence[Figure], read: Callable[[Figure], float]) -> float:
    return statistics.median(map(read, kept))


def _ratio(ratios: Sequence[float]) -> str:
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
