"""`python -m bench.matching.sweeping`: what a sweep costs beside a crowd, without servers.

Who waits is as in the crowded benchmark, or with `--balanced` people of both sides who would be matched. In
each sweep some come, of the side that waits, and as many who have waited longest are gone; before each the
market is looked at. Whoever is found is matched. Prints Markdown: CPU of each part a sweep, the longest piece
of it between two places where others may run, and what collecting garbage took.
"""

import argparse
import gc
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from bench.matching.crowd import BenchCrowd, accounts
from core.garbage import THRESHOLDS
from core.settings import Settings
from core.ticket import Market, Ticket, Wait, kind
from core.vocabulary import Gender
from matching.candidate_pairs import CandidatePairs
from matching.policy import Policy

Item = TypeVar("Item")

_NOW = 1_800_000_000_000
_CAME_MS = 200_000  # those who wait have come over so long
_SWEEP_MS = 1_000
_RECENT, _WAITS = 256, 512  # as the stores keep
_PARTS = ("market", "see", "add", "worth_matching", "last_calls")


class Part(Struct):
    """Of all sweeps, in seconds of CPU."""

    total: float = 0.0
    longest: float = 0.0

    def piece(self, seconds: float) -> None:
        """So long nobody else could run."""
        self.total += seconds
        self.longest = max(self.longest, seconds)

    def once(self, work: Callable[[], Item]) -> Item:
        """In one piece."""
        begun = time.thread_time()
        done = work()
        self.piece(time.thread_time() - begun)
        return done

    def each(self, steps: Iterable[Item]) -> Iterator[Item]:
        """Piece by piece: others may run after each step."""
        begun = time.thread_time()
        for step in steps:
            self.piece(time.thread_time() - begun)
            yield step
            begun = time.thread_time()
        self.piece(time.thread_time() - begun)


class Collections:
    """How long each collection of garbage took, in seconds, by generation."""

    def __init__(self) -> None:
        self.seconds: dict[int, list[float]] = {0: [], 1: [], 2: []}
        self._begun = 0.0

    def __call__(self, phase: str, about: dict[str, Any]) -> None:
        if phase == "start":
            self._begun = time.perf_counter()
        else:
            self.seconds[about["generation"]].append(time.perf_counter() - self._begun)


class Sweeps:
    """Sweeps of one mode, as `realtime/matchmaking/sweep.py` makes them, without stores."""

    def __init__(
        self, waiting: Sequence[Ticket], new: Callable[[], Ticket], lately: Sequence[Ticket]
    ) -> None:
        """`new`: who comes; `lately`: who is taken for those who came lately, at random."""
        self._new, self._lately, self._now = new, lately, _NOW
        policy = Policy.of(Settings(queue_s=3_600))
        self._pairs, self._values = CandidatePairs(policy, Settings().candidates), policy.reservation_values()
        self.waiting = list(waiting)
        self._chance = random.Random(1)
        self.parts = {name: Part() for name in _PARTS}
        self.matched = 0

    def fill(self) -> None:
        """See all who wait, as several sweeps do."""
        self._values.see(self._market(), self._now)
        while new := self._pairs.see(self.waiting):
            for ticket in new:
                self._pairs.add(ticket)

    def sweep(self, coming: int) -> None:
        """One, a second after the last; so many have come since."""
        self._now += _SWEEP_MS
        came = [replace(self._new(), joined_at=self._now - coming + nth) for nth in range(coming)]
        self.waiting = [*self.waiting[coming:], *came]
        market, values, pairs = self._market(), self._values, self._pairs
        self.parts["market"].once(lambda: values.see(market, self._now))
        for ticket in self.parts["see"].once(lambda: pairs.see(self.waiting)):
            self.parts["add"].once(partial(pairs.add, ticket))
        gone: set[str] = set()
        for found in self.parts["worth_matching"].each(pairs.worth_matching(self._now, values)):
            for pair in found:
                if pair.one.id in pairs and pair.other.id in pairs:
                    pairs.remove(pair.one.id)
                    pairs.remove(pair.other.id)
                    gone |= {pair.one.id, pair.other.id}
        for _ in self.parts["last_calls"].each(pairs.last_calls(self._now, values)):
            pass
        self.matched += len(gone)
        self.waiting = [ticket for ticket in self.waiting if ticket.id not in gone]

    def forget(self) -> None:
        """What was measured so far."""
        self.parts, self.matched = {name: Part() for name in _PARTS}, 0

    def _market(self) -> Market:
        lately = self._chance.sample(self._lately, _RECENT)
        arrivals = [
            replace(ticket, joined_at=self._now - 1000 * nth // 300) for nth, ticket in enumerate(lately)
        ]
        waits = [
            Wait(kind(ticket), self._chance.randrange(20_000), left=self._chance.random() < 0.3)
            for ticket in self._chance.choices(self.waiting, k=_WAITS)
        ]
        stock = Counter((ticket.card.gender, each) for ticket in self.waiting for each in ticket.genders)
        return Market(arrivals=tuple(arrivals), stock=stock, waits=tuple(waits))


def crowd(options: argparse.Namespace) -> Sweeps:
    """All who wait, and who comes."""
    coming = options.coming * (options.sweeps + options.first)
    people = BenchCrowd(accounts(2 * (options.waiting + coming + 2 * _RECENT) + 200, options.seed))
    number = options.waiting
    lately = [people.next("female" if n % 2 else "male") for n in range(2 * _RECENT)]
    if not options.balanced:
        return Sweeps(people.waiting(number, _NOW - _CAME_MS, _NOW), lambda: people.next("male"), lately)
    turns: Iterator[Gender] = iter(("female", "male") * (number + coming))
    waiting = [
        replace(people.next(next(turns)), joined_at=_NOW - _CAME_MS + _CAME_MS * n // number)
        for n in range(number)
    ]
    return Sweeps(waiting, lambda: people.next(next(turns)), lately)


def table(sweeps: Sweeps, number: int, collections: Collections) -> str:
    """By part."""
    lines = ["| part | CPU a sweep, ms | longest piece, ms |", "|---|---|---|"]
    lines += [
        f"| {name} | {1000 * part.total / number:.1f} | {1000 * part.longest:.2f} |"
        for name, part in sweeps.parts.items()
    ]
    total = sum(part.total for part in sweeps.parts.values())
    lines += [
        f"| all | {1000 * total / number:.1f} | |",
        "",
        "| collections | number | mean, ms | longest, ms |",
    ]
    lines.append("|---|---|---|---|")
    for generation, seconds in collections.seconds.items():
        mean, longest = (sum(seconds) / len(seconds), max(seconds)) if seconds else (0.0, 0.0)
        lines.append(f"| {generation} | {len(seconds)} | {1000 * mean:.2f} | {1000 * longest:.2f} |")
    lines += ["", f"{len(sweeps.waiting)} wait at the end; {sweeps.matched} were matched meanwhile."]
    return "\n".join(lines)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.matching.sweeping", description=__doc__)
    parser.add_argument("--waiting", type=int, default=10_000, help="who wait (default: 10000)")
    parser.add_argument("--coming", type=int, default=150, help="who come before each sweep (default: 150)")
    parser.add_argument("--sweeps", type=int, default=40, help="that are measured (default: 40)")
    parser.add_argument("--first", type=int, default=5, help="that are not, before these (default: 5)")
    parser.add_argument("--balanced", action="store_true", help="all who wait could be matched")
    parser.add_argument("--thresholds", type=int, nargs=3, default=THRESHOLDS, help="of collections")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    gc.freeze()
    gc.set_threshold(*options.thresholds)
    sweeps, collections = crowd(options), Collections()
    sweeps.fill()
    for _ in range(options.first):
        sweeps.sweep(options.coming)
    sweeps.forget()
    gc.callbacks.append(collections)
    for _ in range(options.sweeps):
        sweeps.sweep(options.coming)
    gc.callbacks.remove(collections)
    print(table(sweeps, options.sweeps, collections))


if __name__ == "__main__":
    main()
