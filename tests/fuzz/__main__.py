"""`python -m tests.fuzz`: many broken payloads to a product of its own, on a PostgreSQL and Redis of its own.

Prints a line for each thousand, and at the end what each command answered and what was wrong: an `internal`,
a connection that was closed, a traceback in the log. Ends with 1 if anything was.
"""

import argparse
import asyncio
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.product import log_to, product, told
from tests.fuzz.rounds import ROUND, Findings, fuzz

_LINE_EACH = 1000


def _progress() -> Callable[[int, Findings], None]:
    begun = time.monotonic()

    def tell(done: int, findings: Findings) -> None:
        if done % _LINE_EACH < ROUND:
            took = time.monotonic() - begun
            print(f"{done:>7} sent, {len(findings.wrong)} wrong, {done / took:.0f} a second", flush=True)

    return tell


async def _run(count: int, seed: int, folder: Path) -> Findings:
    async with product(folder) as there:
        return await fuzz(there.world, there.sign_up, count, seed, _progress())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    log = io.StringIO()
    log_to(log)
    with tempfile.TemporaryDirectory(prefix="rc-fuzz-") as folder:
        findings = asyncio.run(_run(options.count, options.seed, Path(folder)))
    for answer, times in sorted(findings.answers.items()):
        print(f"{times:>7} {answer}")
    return told(findings.wrong, log.getvalue())


if __name__ == "__main__":
    sys.exit(main())
