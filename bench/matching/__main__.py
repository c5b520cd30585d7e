"""`python -m bench.matching`: the product's policy beside what is common, against the optimum with hindsight.

Virtual time, the same arrivals and the same patience for everyone, which no strategy knows. Prints Markdown.
The optimum of 50 arrivals a second takes a minute for each evening.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from bench.matching.hindsight import Best, Hindsight
from bench.matching.patience import LAWS, Law
from bench.matching.population import PATIENCE_MS, Setting, arrivals
from bench.matching.simulation import Evening, Strategy
from bench.matching.strategies import Assignment, BestOnArrival, FirstCome, Ours, Unlearning
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
    "assignment every 15 s": Assignment,
    "ours": Ours,
    "ours without last call": without_last_call,
    "ours, learning nothing": Unlearning,
}
_HEAD = (
    "| strategy | score, of the optimum | matched (less the optimum's) | mean wait | p50 | p95 "
    "| p95 over p50: women, men | estimate over wait: women, men | in range (80 %) | CPU, µs a person |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
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
    micros_per_person: float


def evening(
    people: Sequence[Ticket], patience_ms: Mapping[str, int], best: Best, strategy: Strategy, policy: Policy
) -> Measurements:
    """Play one evening and measure it."""
    begun = time.process_time()
    outcome = Evening(people, patience_ms, strategy, policy).play()
    took = time.process_time() - begun
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
        in_range=_calibration(people, patience_ms, outcome.waits, strategy),
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
    people: Sequence[Ticket], patience_ms: Mapping[str, int], waits: Mapping[str, int], strategy: Strategy
) -> float:
    """The share of waits that ended in the range told on joining; who left before its end does not count."""
    told: dict[str, Sequence[int]] = getattr(strategy, "ranges", {})
    known = [t.id for t in people if t.id in told and (t.id in waits or patience_ms[t.id] > told[t.id][1])]
    within = [told[each][0] <= waits.get(each, -1) <= told[each][1] for each in known]
    return float(np.mean(within)) if within else float("nan")


def main() -> None:
    """Print a table for each rate of arrivals and share of women."""
    parser = argparse.ArgumentParser(prog="python -m bench.matching", description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=[3, 10], help="arrivals a second")
    parser.add_argument("--female", type=float, nargs="+", default=[0.5, 0.4, 0.2], help="share of women")
    parser.add_argument("--evenings", type=int, default=4, help="evenings to take the mean of")
    parser.add_argument("--seed", type=int, default=1, help="the first evening's seed; the others follow")
    parser.add_argument("--laws", nargs="+", choices=LAWS, default=["fixed"], help="of patience")
    parser.add_argument("--bursts", action="store_true", help="ten times as many come, 10 s in each minute")
    parser.add_argument(
        "--strategies", nargs="+", choices=STRATEGIES, default=list(STRATEGIES)[:5], help="to compare"
    )
    parser.add_argument(
        "--departures", type=float, nargs="+", default=[], help="ours at these costs of a departure, too"
    )
    options = parser.parse_args()
    strategies = {name: STRATEGIES[name] for name in options.strategies}
    strategies |= {f"ours at {cost:g}": at_departure(cost) for cost in options.departures}
    seeds = range(options.seed, options.seed + options.evenings)
    for law in options.laws:
        for rate in options.rates:
            for female in options.female:
                settings = [Setting(rate, female, seed, options.bursts) for seed in seeds]
                compare(LAWS[law], settings, strategies)


def compare(
    law: Law, settings: Sequence[Setting], strategies: Mapping[str, Callable[[Policy], Strategy]]
) -> None:
    """These strategies on the same evenings."""
    measured: dict[str, list[Measurements]] = {name: [] for name in strategies}
    policy, shares = replace(POLICY, patience_ms=law.queue_s * 1000), []
    for setting in settings:
        people = arrivals(setting)
        patience_ms = law.patience_ms(people, setting.seed)
        hindsight = Hindsight(people)
        hindsight.check(policy, setting.seed)
        best = hindsight.best(patience_ms)
        shares.append(2 * best.pairs / len(people))
        for name, strategy in strategies.items():
            measured[name].append(evening(people, patience_ms, best, strategy(policy), policy))
    rate, female = f"{settings[0].rate:g} arrivals a second", f"{settings[0].female:.0%} women"
    burst = ", in bursts" if settings[0].bursts else ""
    print(f"\n### {law.name}: {rate}{burst}, {female}; the optimum matches {np.mean(shares):.3f}\n")
    print(_HEAD)
    for name, rows in measured.items():
        mean = np.mean(
            [[getattr(row, key) for key in Measurements.__struct_fields__] for row in rows], axis=0
        )
        print(_row(name, Measurements(*mean)), flush=True)


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
        "" if np.isnan(mean.in_range) else f"{mean.in_range:.2f}",
        f"{mean.micros_per_person:.0f}",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
