"""`python -m tests.chaos`: three nodes, the real load balancer, a hundred users, one fault after the other.

Prints a table with a row for each fault. 0 when nothing was found, 1 otherwise, 2 where a program is missing.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from random import Random

import pytest

from tests.chaos.faults import FAULTS, Fault
from tests.chaos.rounds import run
from tests.chaos.scene import Scene, scene
from tests.chaos.stores import Kind
from tests.chaos.table import Row, recovery, table


class Progress:
    """Lines that say what goes on, to standard error."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self.about = ""

    def __call__(self, what: str) -> None:
        minutes, seconds = divmod(round(time.monotonic() - self._begun), 60)
        print(f"{minutes:2}:{seconds:02} {self.about}{what}", file=sys.stderr, flush=True)


class Run:
    """The rows so far, and where the logs go."""

    def __init__(self, users: int, seed: int, logs: Path | None) -> None:
        self.rows: list[Row] = []
        self._users, self._chance, self._logs = users, Random(seed), logs
        self._say = Progress()

    async def play(self, faults: Sequence[Fault]) -> None:
        """All of them in turn, on one deployment for each kind of stores."""
        this = asyncio.current_task()
        assert this is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)  # nothing is left behind
        number = 0
        for kind, some in groupby(faults, lambda fault: fault.stores):
            self._say.about = f"({kind} stores) "
            async with self._stage(kind) as stage:
                for fault in some:
                    number += 1
                    self._say.about = f"{number} of {len(faults)} {fault.name}: "
                    await self._add(stage, fault)

    async def _add(self, stage: Scene, fault: Fault) -> None:
        try:
            row = await run(stage, fault, self._say)
        except Exception as error:  # the others are still of interest
            row = Row.broken(fault.name, repr(error))
            with contextlib.suppress(Exception):  # then the next one says so
                await stage.people.those_come_back()
                await stage.people.silence()
        self.rows.append(row)
        went = f"{len(row.wrong)} findings" if row.wrong else "all holds"
        self._say(f"{went}; {row.acknowledged} acknowledged, recovered {recovery(row.recovered_s)}")
        for wrong in row.wrong[:3]:
            self._say(wrong)
        if self._logs is not None:
            self._logs.mkdir(parents=True, exist_ok=True)
            (self._logs / f"{fault.name}.txt").write_text("\n".join(row.wrong))

    @asynccontextmanager
    async def _stage(self, kind: Kind) -> AsyncIterator[Scene]:
        async with scene(self._users, self._chance, self._say, kind=kind) as stage:
            try:
                yield stage
            finally:
                for number, node in enumerate(stage.nodes, 1):
                    if self._logs is not None:
                        (self._logs / f"{kind}-{number}.log").write_text(node.log)


def _options() -> argparse.Namespace:
    listed = "\n".join(f"  {f.name:<19}{f.does}.\n{'':21}Must hold: {f.holds}." for f in FAULTS.values())
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
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep findings and the nodes' logs there")
    options = parser.parse_args()
    if options.users < 10 or options.users % 2:
        parser.error("--users: an even number, ten at least")
    return options


def main() -> int:
    """The command."""
    options = _options()
    faults = [FAULTS[name] for name in options.only or FAULTS]
    running, load = Run(options.users, options.seed, options.logs), os.getloadavg()[0]
    try:
        asyncio.run(running.play(faults))
    except (pytest.skip.Exception, pytest.fail.Exception) as lacking:
        print(lacking, file=sys.stderr)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted", file=sys.stderr)  # what there is, is shown
    print(
        f"{options.users} users, seed {options.seed}, {os.cpu_count()} cores; load before {load:.1f}, ",
        end="",
    )
    print(f"after {os.getloadavg()[0]:.1f}\n\n{table(running.rows)}")
    return 0 if all(not row.wrong for row in running.rows) and len(running.rows) == len(faults) else 1


if __name__ == "__main__":
    sys.exit(main())
