"""The figures as Markdown."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from bench.commands.measuring import Figure
from bench.commands.stacks import load_cores

# Of a core: what waits for one that is so busy waits for long, and so does what others take so much from.
_SATURATED, _DISTURBED = 0.85, 0.25
Results = Mapping[str, Mapping[str, Sequence[Figure]]]  # by row and server, a place for each round


def line(figure: Figure) -> str:
    """For those who wait."""
    used = figure.used
    return (
        f"{used.server:.0f} µs, PostgreSQL {used.postgres:.0f}, Redis {used.redis:.0f}, "
        f"{figure.rate:.0f} a second, {figure.busy:.0%} of a core, load and stores {figure.beside:.0%}, "
        f"load alone {_share(figure, figure.used.load):.0%}, {_waited(figure)}"
    )


def compared(results: Results) -> str:
    """Both servers: medians, and the ratios of each round as median, least and most."""
    lines = [
        "| Python / PostgreSQL / Redis, µs a request | ours | a second | FastAPI | a second "
        "| Python: FastAPI / ours | PostgreSQL | all |",
        "|---" * 8 + "|",
    ]
    for name, by_flavour in results.items():
        ours, peer = by_flavour.get("ours", ()), by_flavour.get("peer", ())
        both = list(zip(ours, peer, strict=False))
        parts: tuple[Callable[[Figure], float], ...] = (
            lambda f: f.used.server,
            lambda f: f.used.postgres,
            lambda f: f.used.all,
        )
        ratios = [_spread([part(theirs) / part(own) for own, theirs in both]) for part in parts]
        lines.append(f"| {' | '.join([name, *_cells(ours), *_cells(peer), *ratios])} |")
    return "\n".join(lines)


def grown(by_rows: Mapping[int, Results]) -> str:
    """Ours alone, with more and more rows: what a request costs, and p99 at a share of what a core holds.

    The latter only of windows in which load, stores and the server itself had room, and nobody else took any.
    """
    sizes = list(by_rows)
    lines = [
        f"| Python / PostgreSQL, µs; p50, p99 | {' | '.join(f'{size:,} rows' for size in sizes)} |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    for name in next(iter(by_rows.values())):
        cells = [_grown(by_rows[size].get(name, {}).get("ours", ())) for size in sizes]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines)


def _grown(figures: Sequence[Figure]) -> str:
    if not figures:
        return "-"
    server, postgres = _median(figures, lambda f: f.used.server), _median(figures, lambda f: f.used.postgres)
    costs = f"{server:.0f} / {postgres:.0f}"
    if not (valid := [figure for figure in figures if not _invalid(figure)]):
        return f"{costs}; {_waited(figures[0])}"
    p50, p99 = _median(valid, lambda f: f.p50_ms), _median(valid, lambda f: f.p99_ms)
    rate, busy = _median(valid, lambda f: f.rate), _median(valid, lambda f: f.busy)
    return f"{costs}; {p50:.1f}, {p99:.1f} ms at {rate:.0f} a second, {busy:.0%} of a core"


def _waited(figure: Figure) -> str:
    if why := _invalid(figure):
        return f"no p99: {why}"
    return f"p50 {figure.p50_ms:.1f}, p99 {figure.p99_ms:.1f} ms"


def _invalid(figure: Figure) -> str:
    """Why times say nothing of the server at this rate, if they do not."""
    if _share(figure, figure.used.load) > _SATURATED:
        return "the load had too little room"
    if figure.beside > _SATURATED * load_cores():
        return "the stores beside the load had too little room"
    if figure.busy > _SATURATED:
        return "the server had too little room"
    return "others took too much" if _share(figure, figure.used.others) > _DISTURBED else ""


def _share(figure: Figure, each: float) -> float:
    """Of a core, where each unit took so many microseconds."""
    return each * figure.rate / 1e6


def _cells(figures: Sequence[Figure]) -> list[str]:
    if not figures:
        return ["-", "-"]
    parts: tuple[Callable[[Figure], float], ...] = (
        lambda f: f.used.server,
        lambda f: f.used.postgres,
        lambda f: f.used.redis,
    )
    used = " / ".join(f"{_median(figures, part):.0f}" for part in parts)
    return [used, f"{_median(figures, lambda f: f.rate):.0f}"]


def _median(figures: Sequence[Figure], read: Callable[[Figure], float]) -> float:
    return statistics.median(map(read, figures))


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})" if ratios else "-"
