"""`python -m bench.matching.replay`: whom other weights would have chosen, on decisions that were recorded.

Reads the records of matches of a deployment (DATABASE_URL, or --database), or a file that --save has written.
Only what it reads of people is what the policy judges by; a file holds the same, and is to be kept as that.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from core.ticket import MatchDecision
from db.postgres.pool import Pool, open_pool
from matching.comparison import PARTS, Chosen, Summary, choose, summed, weighted
from matching.policy import Policy

_NEWEST = "SELECT body FROM interaction.match_decisions ORDER BY decided_at DESC LIMIT $1"
_SAID_EACH = 5_000
_HEAD = (
    f"| policy | same partner | another | nobody: more was asked | score, by the weights of then"
    f" | by its own | {' | '.join(PARTS)} |\n|{'---|' * (6 + len(PARTS))}"
)


def varied(text: str) -> Mapping[str, float]:
    """The weights of `values=50,age=0`. Raises ValueError."""
    pairs = (each.partition("=") for each in text.split(","))
    return {name.strip(): float(weight) for name, _, weight in pairs}


def compare(
    decisions: Sequence[MatchDecision], policies: Mapping[str, Mapping[str, float]]
) -> Mapping[str, Summary]:
    """Each policy by its name, the one of then first. What no version reads is left out."""
    chosen: dict[str, list[Chosen]] = {"as decided": [], **{name: [] for name in policies}}
    known: dict[bytes, Policy] = {}
    for nth, decision in enumerate(decisions, 1):
        then = known.get(decision.policy)
        if then is None:
            then = known[decision.policy] = msgspec.msgpack.decode(decision.policy, type=Policy)
        for name, kept in chosen.items():
            policy = weighted(then, policies[name]) if name in policies else then
            kept.append(choose(decision, policy, then))
        if nth % _SAID_EACH == 0:
            sys.stderr.write(f"{nth:,} of {len(decisions):,} judged\n")
    return {name: summed(kept) for name, kept in chosen.items()}


def row(name: str, found: Summary) -> str:
    """A line of the table."""
    shares = (f"{100 * found.shares[verdict]:.1f} %" for verdict in ("same", "other", "asked"))
    means = (found.score, found.own, *(found.parts[part] for part in PARTS))
    return f"| {' | '.join((name, *shares, *(f'{mean:.3f}' for mean in means)))} |"


def readable(bodies: Sequence[bytes]) -> list[MatchDecision]:
    """Those that this version reads."""
    read = []
    for body in bodies:
        try:
            read.append(msgspec.msgpack.decode(body, type=MatchDecision))
        except msgspec.MsgspecError:
            continue
    return read


async def recorded(pool: Pool, most: int) -> list[bytes]:
    """The newest, from PostgreSQL."""
    return [body for (body,) in await pool.fetch(_NEWEST, most)]


async def _asked(database: str, most: int) -> list[bytes]:
    pool = await open_pool(database, size=1)
    try:
        return await recorded(pool, most)
    finally:
        await pool.close()


def main() -> int:
    """Print a table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.matching.replay", description=__doc__)
    parser.add_argument("--file", type=Path, help="decisions that were saved, in place of a database")
    parser.add_argument("--database", default=os.environ.get("DATABASE_URL", ""), help="its URL")
    parser.add_argument("--most", type=int, default=20_000, help="of the newest decisions (default: 20000)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write what was read there")
    parser.add_argument(
        "--weights",
        nargs="+",
        default=["values=50", "language=40", "age=0"],
        metavar="NAME=PERCENT,…",
        help=f"each a policy to compare: some of {', '.join(PARTS)}, and the others as they were",
    )
    options = parser.parse_args()
    if not (options.file or options.database):
        parser.error("name --file or --database, or set DATABASE_URL")
    try:
        policies = {text: varied(text) for text in options.weights}
        for weights in policies.values():
            weighted(Policy(), weights)
    except (KeyError, ValueError) as error:
        parser.error(f"--weights: {error}")
    if options.file:
        bodies = msgspec.msgpack.decode(options.file.read_bytes(), type=list[bytes])
    else:
        bodies = asyncio.run(_asked(options.database, options.most))
    if options.save:
        options.save.write_bytes(msgspec.msgpack.encode(bodies))
    decisions = readable(bodies)
    sys.stderr.write(f"{len(bodies):,} decisions read, {len(bodies) - len(decisions):,} of another version\n")
    if not decisions:
        sys.stderr.write("No decision is recorded.\n")
        return 1
    print(_HEAD)
    for name, found in compare(decisions, policies).items():
        print(row(name, found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
