"""Who waits how long, who is matched, and who is asked for more than they get, by group.

Of several evenings together. What hindsight reaches says how much of a difference lies with who comes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from bench.matching.hindsight import Best, Hindsight
from bench.matching.population import ARRIVALS_S
from bench.matching.simulation import Outcome
from core.ticket import Ticket

_AGES = (18, 23, 28, 35, 61)
_HOURS = (0, 6, 12, 18, 24)
HEAD = (
    "| | people | matched | by the optimum | mean wait | p95 | longest | score of the match "
    "| asked on joining | left while somebody permitted waited |\n|---|---|---|---|---|---|---|---|---|---|"
)


class Played(Struct, frozen=True):
    """An evening, and what a strategy made of it. `asked`: of each on joining, where the strategy asks."""

    hindsight: Hindsight
    best: Best
    patience_ms: Mapping[str, int]
    outcome: Outcome
    asked: Mapping[str, float]


class _Fate(Struct, frozen=True):
    """Of one person. Times in seconds; None: never matched, or nothing was asked."""

    wait_s: float | None
    stayed_s: float
    score: float | None
    at_best: bool
    asked: float | None
    in_vain: bool


def table(evenings: Iterable[Played]) -> Iterable[str]:
    """The rows, by group."""
    fates: defaultdict[tuple[str, str], list[_Fate]] = defaultdict(list)
    for played in evenings:
        for ticket, fate in _fates(played):
            for group in groups(ticket):
                fates[group].append(fate)
    for (what, which), found in sorted(fates.items()):
        yield f"| {what}: {which} | {' | '.join(_cells(found))} |"


def groups(ticket: Ticket) -> Sequence[tuple[str, str]]:
    """The groups to which this person belongs."""
    hour = ticket.joined_at * _HOURS[-1] // (ARRIVALS_S * 1000)
    return (
        ("all", "everybody"),
        ("gender", ticket.card.gender),
        ("age", _between(ticket.card.age, _AGES)),
        ("values", "said" if ticket.values else "not said"),
        ("tier", ticket.tier),
        ("hour", _between(hour, _HOURS)),
    )


def _between(number: int, bounds: Sequence[int]) -> str:
    above = max(n for n, bound in enumerate(bounds[:-1]) if number >= bound)
    return f"{bounds[above]:02d}-{bounds[above + 1] - 1:02d}"


def _fates(played: Played) -> Iterable[tuple[Ticket, _Fate]]:
    waits, scores = played.outcome.waits, played.outcome.scores
    in_vain = _in_vain(played)
    for ticket in (*played.hindsight.women, *played.hindsight.men):
        wait = waits.get(ticket.id)
        yield (
            ticket,
            _Fate(
                wait_s=None if wait is None else wait / 1000,
                stayed_s=(played.patience_ms[ticket.id] if wait is None else wait) / 1000,
                score=scores.get(ticket.id),
                at_best=ticket.id in played.best.matched,
                asked=played.asked.get(ticket.id),
                in_vain=ticket.id in in_vain,
            ),
        )


def _in_vain(played: Played) -> frozenset[str]:
    """Those who left with nobody though they waited for a while beside somebody whom they might meet."""
    waits, ends, begun = played.outcome.waits, [], []
    sides = played.hindsight.women, played.hindsight.men
    for side in sides:
        begun.append(np.array([t.joined_at for t in side]))
        ends.append(np.array([t.joined_at + waits.get(t.id, played.patience_ms[t.id]) for t in side]))
    # A search comes right after a join: who is matched then has waited beside nobody.
    together = (np.maximum(begun[0][:, None], begun[1]) < np.minimum(ends[0][:, None], ends[1])) & (
        played.hindsight.scores >= 0
    )
    beside = (together.any(axis=1), together.any(axis=0))
    return frozenset(
        ticket.id
        for side, met in zip(sides, beside, strict=True)
        for ticket, somebody in zip(side, met, strict=True)
        if somebody and ticket.id not in waits
    )


def _cells(fates: Sequence[_Fate]) -> Iterable[str]:
    waits = [fate.wait_s for fate in fates if fate.wait_s is not None]
    scores = [fate.score for fate in fates if fate.score is not None]
    asked = [fate.asked for fate in fates if fate.asked is not None]
    yield f"{len(fates)}"
    yield f"{len(waits) / len(fates):.3f}"
    yield f"{np.mean([fate.at_best for fate in fates]):.3f}"
    yield f"{np.mean(waits):.1f} s" if waits else ""
    yield f"{np.quantile(waits, 0.95):.1f} s" if waits else ""
    yield f"{max(fate.stayed_s for fate in fates):.1f} s"
    yield f"{np.mean(scores):.3f}" if scores else ""
    yield f"{np.mean(asked):.3f}" if asked else ""
    yield f"{np.mean([fate.in_vain for fate in fates]):.3f}"
