"""`make bench-sockets`: Node's Socket.IO server, stock python-socketio and ours, on one core, in turns.

Prints the CPU of the server for a unit of each kind of work in microseconds, and the median of the
ratios to Node in the same round, with the smallest and the largest. Windows in which other processes
took more than 15 % of a core are measured again, three times at most, then left out.
"""

import argparse
import statistics
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable

import uvloop

from bench.sockets import lifecycles, scenarios, whole
from bench.sockets.target import FLAVOURS, Target, pin_load
from bench.sockets.wire import RawPeer, connect, disconnect

Results = dict[str, dict[str, list[float | None]]]
_ATTEMPTS = 4


async def steady(measure: Callable[[], Awaitable[float]]) -> float | None:
    """A figure from a quiet window, or None where there was none."""
    for _ in range(_ATTEMPTS):
        try:
            return await measure()
        except scenarios.NoisyWindowError as noise:
            print(f"    noisy: {noise}", file=sys.stderr)
    return None


async def messages(target: Target, figures: dict[str, float | None], options: argparse.Namespace) -> None:
    peers: list[RawPeer] = []

    async def come() -> float:
        if peers:
            await disconnect(peers)
            peers.clear()
        cost, some = await lifecycles.coming(target, options.connections)
        peers.extend(some)
        return cost

    figures["connect"] = await steady(come)
    if not peers:
        peers += await connect(target.port, options.connections)
    for name, scenario in scenarios.MESSAGES.items():
        if not options.only or name in options.only:
            figures[name] = await steady(lambda run=scenario: run(target, peers, options.seconds))  # type: ignore[misc]
    if not options.only:
        try:
            figures.update(await scenarios.open_loop(target, peers, options.seconds))
        except scenarios.NoisyWindowError:
            print("    noisy: open loop", file=sys.stderr)
    try:  # once only: they cannot go twice
        figures["disconnect"] = await lifecycles.going(target, peers)
    except scenarios.NoisyWindowError as noise:
        print(f"    noisy: {noise}", file=sys.stderr)


async def lifetimes(flavour: str, figures: dict[str, float | None], options: argparse.Namespace) -> None:
    """What needs a server that has seen nothing else."""
    for name, run in (
        ("polling round trip", lambda target: lifecycles.polling(target, 50, options.seconds)),
        ("slow consumer MiB", lambda target: lifecycles.slow_consumers(target, 50, 20)),
    ):
        target = await Target.start(flavour, options.noise)
        figures[name] = await steady(lambda run=run, target=target: run(target))  # type: ignore[misc]
        await target.stop()
    target = await Target.start(flavour, options.noise)
    try:
        figures.update(await lifecycles.idle(target, options.idle, options.idle_seconds))
    except scenarios.NoisyWindowError as noise:
        print(f"    noisy: idle {noise}", file=sys.stderr)
    await target.stop()


async def run(options: argparse.Namespace) -> Results:
    results: Results = defaultdict(dict)
    for round_number in range(options.rounds):
        for flavour in options.flavours:
            print(f"round {round_number + 1}/{options.rounds}: {flavour}", file=sys.stderr)
            figures: dict[str, float | None] = {}
            target = await Target.start(flavour, options.noise)
            await messages(target, figures, options)
            await target.stop()
            if not options.only and round_number < options.lifetimes:
                await lifetimes(flavour, figures, options)
            for name, figure in figures.items():
                results[name].setdefault(flavour, []).append(figure)
        # So that a run which is broken off is not lost.
        print(table(results, options.flavours), file=sys.stderr)
    return results


def ratio(figures: list[float | None], node: list[float | None]) -> str:
    """The median of the per-round ratios, with their range."""
    ratios = [a / b for a, b in zip(figures, node, strict=False) if a is not None and b]
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def table(results: Results, flavours: list[str]) -> str:
    """The results as a Markdown table."""
    others = [flavour for flavour in flavours if flavour != "node" and "node" in flavours]
    lines = ["| unit | " + " | ".join([*flavours, *(f"{name} / node" for name in others)]) + " |"]
    lines.append("|---" * (1 + len(flavours) + len(others)) + "|")
    for name, by_flavour in results.items():
        cells = []
        for flavour in flavours:
            kept = [figure for figure in by_flavour.get(flavour, []) if figure is not None]
            cells.append(f"{statistics.median(kept):.2f}" if kept else "-")
        cells += [ratio(by_flavour.get(other, []), by_flavour.get("node", [])) for other in others]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--lifetimes", type=int, default=4, help="rounds that measure idling and polling too")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a measured window")
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument(
        "--idle", type=int, default=9000, help="idle connections; file descriptors bound them"
    )
    parser.add_argument("--idle-seconds", type=float, default=30.0)
    parser.add_argument("--flavours", nargs="+", default=list(FLAVOURS))
    parser.add_argument("--only", nargs="*", default=[], help="names of message scenarios")
    parser.add_argument("--noise", type=float, default=0.15, help="share of a core others may take")
    options = parser.parse_args()
    pin_load()
    print(table(uvloop.run(run(options)), options.flavours))
    if not options.only:
        print("\n" + uvloop.run(whole.run(options)))


if __name__ == "__main__":
    main()
