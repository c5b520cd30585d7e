"""`python -m bench.matching`: the product's policy beside what is common, against the optimum with hindsight.

Virtual time, the same arrivals and the same patience for everyone, which no strategy knows but those that are
there to show what knowing it would win. Prints Markdown.
The optimum of 50 arrivals a second takes a minute for each evening.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from bench.matching.answers import WILLING, Answers, Willing
from bench.matching.fairness import HEAD, Played, table
from bench.matching.foresight import Foreseeing, ToldTheHour
from bench.matching.hindsight import Best, Hindsight
from bench.matching.patience import LAWS, Law
from bench.matching.population import PATIENCE_MS, PEOPLE, TIDES, Setting, arrivals
from bench.matching.simulation import Evening, Outcome, Strategy
from bench.matching.strategies import (
    Assignment,
    BestOnArrival,
    FirstCome,
    Forgetful,
    LikeliestOnArrival,
    Ours,
    Unheeding,
    Unlearning,
)
from core.ticket import Ticket
from matching.policy import Policy
from matching.score import Weights

POLICY = Policy(
    shares=Weights(intent=0.35, country=0.15, values=0.5, language=0, age=0, trust=0, wait=0),
    common_language=True,
    patience_ms=PATIENCE_MS,
)


def without_last_call(policy: Policy) -> Strategy:
    """Ours where the operator has turned the last call off."""
    return Ours(replace(policy, stance=replace(policy.stance, last_call_ms=0)))


def at_departure(cost: float) -> Callable[[Policy], Strategy]:
    """Ours where the operator has set this cost of a departure."""
    return lambda policy: Ours(replace(policy, stance=replace(policy.stance, departure=cost)))


STRATEGIES: dict[str, Callable[[Policy], Strategy]] = {
    "first come, first served": FirstCome,
    "best of 64 on arrival": BestOnArrival,
    "likeliest of 64 on arrival": LikeliestOnArrival,
    "assignment every 15 s": Assignment,
    "ours": Ours,
    "ours without last call": without_last_call,
    "ours, learning nothing": Unlearning,
    "ours, knowing nothing of who comes": Forgetful,
    "ours, heedless of answers": Unheeding,
    "ours, foreseeing who leaves when": Foreseeing,
    "ours, told the hour's patience": ToldTheHour,
}
_USUAL = (
    "first come, first served",
    "best of 64 on arrival",
    "assignment every 15 s",
    "ours",
    "ours without last call",
)
_HEAD = (
    "| strategy | score, of the optimum | matched (less the optimum's) | mean wait | p50 | p95 "
    "| p95 over p50: women, men | estimate over wait: women, men | in range (80 %): seen, had nobody left "
    "| offers in vain, a match | CPU, µs a person |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)
_AT_ONCE_S = 0.5  # an estimate or a wait below this counts as this


class Measurements(Struct, frozen=True):
    """Of one evening. Waits in seconds, of those matched; `spread` is p95 over p50 of women and of men."""

    of_optimum: float
    matched: float
    missed: float
    mean: float
    p50: float
    p95: float
    women: float
    men: float
    estimate_women: float
    estimate_men: float
    in_range: float
    would_be_in_range: float
    failed: float
    micros_per_person: float


def evening(
    hindsight: Hindsight,
    people: Sequence[Ticket],
    patience_ms: Mapping[str, int],
    best: Best,
    strategy: Strategy,
    policy: Policy,
    answers: Answers | None = None,
) -> tuple[Measurements, Played]:
    """Play one evening and measure it."""
    if isinstance(strategy, Foreseeing):
        strategy.foresee(patience_ms)
    begun = time.process_time()
    outcome = Evening(people, patience_ms, strategy, policy, answers).play()
    took = time.process_time() - begun
    asked: dict[str, float] = getattr(strategy, "asked", {})
    return (
        _measure(people, patience_ms, best, strategy, outcome, took, policy.patience_ms),
        Played(hindsight, best, patience_ms, outcome, asked),
    )


def _measure(
    people: Sequence[Ticket],
    patience_ms: Mapping[str, int],
    best: Best,
    strategy: Strategy,
    outcome: Outcome,
    took: float,
    longest_ms: int,
) -> Measurements:
    waits = np.array(list(outcome.waits.values())) / 1000
    women, men = (
        np.array([outcome.waits[t.id] for t in people if t.id in outcome.waits and t.card.gender == gender])
        for gender in ("female", "male")
    )
    return Measurements(
        of_optimum=outcome.score / best.score,
        matched=len(waits) / len(people),
        missed=(len(waits) - 2 * best.pairs) / len(people),
        mean=float(waits.mean()),
        p50=float(np.median(waits)),
        p95=float(np.quantile(waits, 0.95)),
        women=_spread(women),
        men=_spread(men),
        estimate_women=_honesty(people, patience_ms, outcome.waits, strategy, "female"),
        estimate_men=_honesty(people, patience_ms, outcome.waits, strategy, "male"),
        in_range=_calibration(people, patience_ms, outcome.waits, strategy, longest_ms),
        would_be_in_range=_would_be_in_range(people, patience_ms, outcome.waits, strategy, longest_ms),
        failed=2 * outcome.failed / len(waits),
        micros_per_person=took / len(people) * 1e6,
    )


def _spread(waits_ms: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> float:
    """p95 over p50, where less than half a second counts as that."""
    p50, p95 = np.quantile(waits_ms, (0.5, 0.95)) / 1000
    return float(max(p95, _AT_ONCE_S) / max(p50, _AT_ONCE_S))


def _honesty(
    people: Sequence[Ticket],
    patience_ms: Mapping[str, int],
    waits: Mapping[str, int],
    strategy: Strategy,
    gender: str,
) -> float:
    """The median of estimated over actual wait, as told on joining; who was not matched waited until gone."""
    told: dict[str, int] = getattr(strategy, "estimates", {})
    ratios = [
        max(told[t.id] / 1000, _AT_ONCE_S) / max(waits.get(t.id, patience_ms[t.id]) / 1000, _AT_ONCE_S)
        for t in people
        if t.card.gender == gender and t.id in told
    ]
    return float(np.median(ratios)) if ratios else float("nan")


def _calibration(
    people: Sequence[Ticket],
    patience_ms: Mapping[str, int],
    waits: Mapping[str, int],
    strategy: Strategy,
    longest_ms: int,
) -> float:
    """The share of waits that ended in the range told on joining: with a match, or as nobody waits longer.

    Who left by themselves in that range does not count: nobody knows when their wait would have ended.
    """
    checked = _checked(people, patience_ms, waits, strategy, longest_ms)
    return float(np.mean([within for within, _ in checked])) if checked else float("nan")


def _would_be_in_range(
    people: Sequence[Ticket],
    patience_ms: Mapping[str, int],
    waits: Mapping[str, int],
    strategy: Strategy,
    longest_ms: int,
) -> float:
    """The share of waits that would have ended in the range told on joining, had nobody left by themselves.

    Whoever is seen to wait for so long stands for all who had left by then: else short waits would count too
    often, of which the end is seen more often. Nobody's patience depends on how long they would have waited.
    """
    checked = _checked(people, patience_ms, waits, strategy, longest_ms)
    if not checked:
        return float("nan")
    patience = np.sort(np.array([patience_ms[ticket.id] for ticket in people]))
    left = np.searchsorted(patience, [seen_ms for _, seen_ms in checked], side="left")
    weights = len(patience) / np.maximum(1, len(patience) - left)
    return float(np.average([within for within, _ in checked], weights=weights))


def _checked(
    people: Sequence[Ticket],
    patience_ms: Mapping[str, int],
    waits: Mapping[str, int],
    strategy: Strategy,
    longest_ms: int,
) -> list[tuple[bool, int]]:
    """Of each who was told a range and was there to see: whether the wait ended in it, and until when (ms
    after joining) they had to be there for that to be seen."""
    told: dict[str, Sequence[int]] = getattr(strategy, "ranges", {})
    ended = {each: ms for each, ms in patience_ms.items() if ms >= longest_ms} | dict(waits)
    found: list[tuple[bool, int]] = []
    for each in (ticket.id for ticket in people if ticket.id in told):
        (low, high), end = told[each], ended.get(each)
        if end is not None:
            found.append((low <= end <= high, min(end, high)))
        elif patience_ms[each] > high:
            found.append((False, high))
    return found


def main() -> None:
    """Print a table for each rate of arrivals and share of women."""
    parser = argparse.ArgumentParser(prog="python -m bench.matching", description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=[3, 10], help="arrivals a second")
    parser.add_argument("--female", type=float, nargs="+", default=[0.5, 0.4, 0.2], help="share of women")
    parser.add_argument("--evenings", type=int, default=4, help="evenings to take the mean of")
    parser.add_argument("--seed", type=int, default=1, help="the first evening's seed; the others follow")
    parser.add_argument("--laws", nargs="+", choices=LAWS, default=["fixed"], help="of patience")
    parser.add_argument("--tide", choices=TIDES, default="steady", help="how many come when")
    parser.add_argument("--people", choices=PEOPLE, default="town", help="who comes")
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=_USUAL, help="to compare")
    parser.add_argument(
        "--departures", type=float, nargs="+", default=[], help="ours at these costs of a departure, too"
    )
    parser.add_argument("--answers", choices=WILLING, default="sure", help="who accepts an offer")
    parser.add_argument("--fairness", action="store_true", help="also who is matched, and when, by group")
    options = parser.parse_args()
    strategies = {name: STRATEGIES[name] for name in options.strategies}
    strategies |= {f"ours at {cost:g}": at_departure(cost) for cost in options.departures}
    seeds = range(options.seed, options.seed + options.evenings)
    for law in options.laws:
        for rate in options.rates:
            for female in options.female:
                settings = [Setting(rate, female, seed, options.tide, options.people) for seed in seeds]
                compare(LAWS[law], settings, strategies, WILLING[options.answers], fair=options.fairness)


def compare(
    law: Law,
    settings: Sequence[Setting],
    strategies: Mapping[str, Callable[[Policy], Strategy]],
    willing: Willing,
    *,
    fair: bool = False,
) -> None:
    """These strategies on the same evenings. `fair`: also by group."""
    measured: dict[str, list[Measurements]] = {name: [] for name in strategies}
    played: dict[str, list[Played]] = {name: [] for name in strategies}
    policy, shares = replace(POLICY, patience_ms=law.queue_s * 1000), []
    for setting in settings:
        people, answers = willing.of(arrivals(setting), setting.seed)
        patience_ms = law.patience_ms(people, setting.seed)
        hindsight = Hindsight(people)
        hindsight.check(policy, setting.seed)
        best = hindsight.best(patience_ms)
        shares.append(2 * best.pairs / len(people))
        for name, strategy in strategies.items():
            figures, whole = evening(hindsight, people, patience_ms, best, strategy(policy), policy, answers)
            measured[name].append(figures)
            played[name] += [whole] if fair else []
    rate, female = f"{settings[0].rate:g} arrivals a second", f"{settings[0].female:.0%} women"
    when = {"steady": "", "bursts": ", in bursts", "day": ", as in a day"}[settings[0].tide]
    where = f"{law.name}; {willing.name}; {settings[0].people}: {rate}{when}, {female}"
    print(f"\n### {where}; the optimum matches {np.mean(shares):.3f}\n")
    print(_HEAD)
    for name, rows in measured.items():
        mean = np.mean(
            [[getattr(row, key) for key in Measurements.__struct_fields__] for row in rows], axis=0
        )
        print(_row(name, Measurements(*mean)), flush=True)
    for name, evenings in played.items():
        if evenings:
            print(f"\n{name}, by group:\n\n{HEAD}", *table(evenings), sep="\n", flush=True)


def _row(name: str, mean: Measurements) -> str:
    cells = (
        name,
        f"{mean.of_optimum:.3f}",
        f"{mean.matched:.3f} ({mean.missed:+.3f})",
        f"{mean.mean:.2f} s",
        f"{mean.p50:.1f} s",
        f"{mean.p95:.1f} s",
        f"{mean.women:.1f}, {mean.men:.1f}",
        "" if np.isnan(mean.estimate_men) else f"{mean.estimate_women:.2f}, {mean.estimate_men:.2f}",
        "" if np.isnan(mean.in_range) else f"{mean.in_range:.2f}, {mean.would_be_in_range:.2f}",
        f"{mean.failed:.2f}",
        f"{mean.micros_per_person:.0f}",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
