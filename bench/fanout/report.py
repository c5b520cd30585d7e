"""The figures as Markdown."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from bench.fanout.costs import Cost

Results = Mapping[str, Mapping[int, Sequence[Cost | None]]]  # by row and nodes, a place for each round
_HEAD = (
    "| µs of CPU an event | nodes | emitting node | receiving node | each idle node | Redis "
    "| in all | in all, of that with {several} nodes | events a second | standing idle, ms a second a node |"
)


def line(cost: Cost) -> str:
    """For those who wait."""
    parts = (
        ("emitting", cost.emitting),
        ("receiving", cost.receiving),
        ("idle", cost.idle),
        ("Redis", cost.redis),
    )
    said = ", ".join(f"{name} {part:.1f}" for name, part in parts if part is not None)
    return f"{said}, in all {cost.all:.1f} µs, {cost.rate:.0f} a second"


def table(results: Results) -> str:
    """Medians of the rounds, with the smallest and the largest.

    Compared with the fewest nodes of which one emits and another receives: a node alone saves one part.
    """
    sizes = sorted({size for by_size in results.values() for size in by_size})
    if not sizes:
        return "Nothing was measured."
    several = next((size for size in sizes if size > 1), 1)
    lines = [_HEAD.format(several=several), "|---" * 10 + "|"]
    for name, by_size in results.items():
        for size, costs in by_size.items():
            kept = [cost for cost in costs if cost]
            ratios = [
                cost.all / least.all
                for cost, least in zip(costs, by_size.get(several, []), strict=False)
                if cost and least
            ]
            cells = [name, str(size), *_parts(kept, size), _range(ratios, ".2f")]
            cells += [_range([c.rate for c in kept], ".0f", alone=True)]
            cells += [_range([c.standing for c in kept], "z.1f", alone=True)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _parts(kept: Sequence[Cost], size: int) -> list[str]:
    def cell(read: Callable[[Cost], float | None]) -> str:
        return _range([part for cost in kept if (part := read(cost)) is not None], "z.1f")

    return [
        cell(lambda c: c.emitting),
        cell(lambda c: c.receiving) if size > 1 else "the same",
        cell(lambda c: c.idle),
        cell(lambda c: c.redis),
        cell(lambda c: c.all),
    ]


def _range(values: Sequence[float], form: str, *, alone: bool = False) -> str:
    if not values:
        return "-"
    median = f"{statistics.median(values):{form}}"
    return median if alone else f"{median} ({min(values):{form}}-{max(values):{form}})"
