"""`python -m tests.chaos`: three nodes, the real load balancer, a hundred users, one fault after the other.

Prints a table with a row for each fault. 0 when nothing was found, 1 otherwise, 2 where a program is missing.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests.chaos.faults import FAULTS, Fault
from tests.chaos.rounds import run
from tests.chaos.scene import scene
from tests.chaos.table import Row, table
from tests.machines import haproxy


class Progress:
    """Lines that say what goes on, to standard error."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self.about = ""

    def __call__(self, what: str) -> None:
        minutes, seconds = divmod(round(time.monotonic() - self._begun), 60)
        print(f"{minutes:2}:{seconds:02} {self.about}{what}", file=sys.stderr, flush=True)


async def play(faults: Sequence[Fault], users: int, chance: Random, logs: Path | None) -> list[Row]:
    """All of them in turn, on one deployment."""
    rows, say = [], Progress()
    async with scene(users, chance, say) as stage:
        try:
            for number, fault in enumerate(faults):
                say.about = f"{number + 1} of {len(faults)} {fault.name}: "
                rows.append(await run(stage, fault, say))
                wrong = len(rows[-1].wrong)
                say(f"{wrong} findings" if wrong else "all holds")
        except Exception as error:
            say(f"broke off: {error!r}")
            rows.append(Row.broken(fault.name, repr(error)))
        finally:
            if logs is not None:
                for number, node in enumerate(stage.nodes, 1):
                    await asyncio.to_thread((logs / f"node-{number}.log").write_text, node.log)
    return rows


def main() -> int:
    """The command."""
    listed = "\n".join(f"  {f.name:<14}{f.does}.\n{'':16}Must hold: {f.holds}." for f in FAULTS.values())
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=__doc__,
        epilog=f"faults:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", metavar="NAME", action="append", choices=FAULTS, help="this fault; may be repeated"
    )
    parser.add_argument("--seed", type=int, default=1, help="which nodes and clients are hit, and when")
    parser.add_argument("--users", type=int, default=100, help="an even number; ten at least")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep the nodes' logs there")
    options = parser.parse_args()
    if options.users < 10 or options.users % 2:
        parser.error("--users: an even number, ten at least")
    if haproxy.program() is None:
        print("haproxy is not installed (on Debian: apt install haproxy).", file=sys.stderr)
        return 2
    faults = [FAULTS[name] for name in options.only or FAULTS]
    rows = asyncio.run(play(faults, options.users, Random(options.seed), options.logs))
    print(table(rows))
    return 0 if all(not row.wrong for row in rows) and len(rows) == len(faults) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted.")
