"""`python -m tests`: everything that has to hold before a change lands, with a summary a person can read.

All steps run, also when an earlier one failed: one look shows everything. Unknown arguments go to pytest.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

LINT_IMPORTS = str(Path(sys.executable).with_name("lint-imports"))  # cannot be run as a module
LINT = {
    "Lint": ("-m", "ruff", "check", "--output-format", "concise"),
    "Format": ("-m", "ruff", "format", "--check"),
    "Types": ("-m", "mypy"),
    "Import rules": (LINT_IMPORTS, "--no-logo"),
    "File sizes": ("-m", "tests.sizes"),
    "Migrations": ("-m", "tests.migrations_in_line"),
}
# The tests start a hundred processes. Where an environment keeps no bytecode, each would compile all that it
# imports, which takes three times as long as the rest of its start.
BYTECODE = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(sys.prefix) / "bytecode")}
# Four workers, and what runs beside them, keep two cores busy: with more of them each test takes longer, and
# all of them do not end sooner. A Redis from elsewhere has 15 databases, and each worker wants four.
WORKERS = "3" if "REDIS_URL" in os.environ else "4"
# A module is run by one worker.
SHARED = ("--dist", "loadscope", "--no-loadscope-reorder")
VARIANTS = {"cluster": "On a cluster", "single": "On one of each"}
# Databases are made, copied and dropped all the time, and journals are written: on a disk each of that waits
# for what everybody else writes, and costs the processor several times as much.
MEMORY = Path("/dev/shm")
ROOM_BYTES = 8 << 30


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step went."""

    name: str
    passed: bool
    took_s: float
    used_s: float  # of CPU, with all that it started


def perform(name: str, *arguments: str) -> StepResult:
    """Run one tool of the environment, its output passed through."""
    _title(name)
    return _run(name, *arguments)


def perform_quietly(name: str, *arguments: str) -> tuple[StepResult, str]:
    """Run one beside others: what it says is kept."""
    with tempfile.TemporaryFile("w+") as said:
        result = _run(name, *arguments, stdout=said, stderr=subprocess.STDOUT)
        said.seek(0)
        return result, said.read()


def beside_tests(whole: bool) -> Iterator[tuple[StepResult, str]]:
    """What asks little of anything but the processor while tests wait, one after the other."""
    if whole:
        yield perform_quietly("Rules covered", "-m", "tests.covered")
        for on, name in VARIANTS.items():
            yield perform_quietly(name, "-m", "pytest", "--on", on)


def _run(name: str, *arguments: str, **output: Any) -> StepResult:
    begun = time.monotonic()
    command, environment = [sys.executable, *arguments], {**os.environ, **BYTECODE}
    with subprocess.Popen(command, env=environment, **output) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return StepResult(name, process.returncode == 0, time.monotonic() - begun, used.ru_utime + used.ru_stime)


@contextmanager
def scratch() -> Iterator[None]:
    """Have what is started meanwhile keep its temporary files in memory, where there is room for them."""
    enough = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    if "TMPDIR" in os.environ or not enough or psutil.virtual_memory().available < 2 * ROOM_BYTES:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="rc", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs as somebody else where we are root
        os.environ["TMPDIR"] = folder
        yield


def _title(name: str) -> None:
    print(f"\n── {name} ──", flush=True)


def summary(outcomes: list[StepResult], took_s: float) -> str:
    """One line a step and one for all: what it took, and of CPU. Some run side by side."""
    lines = [
        f"  {'✓' if o.passed else '✗'} {o.name:<14}{_duration(o.took_s):>12}{_duration(o.used_s):>12} of CPU"
        for o in outcomes
    ]
    failed = [o.name for o in outcomes if not o.passed]
    total = _duration(took_s)
    lines.append(f"FAILED after {total}: {', '.join(failed)}" if failed else f"All passed in {total}.")
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def main() -> int:
    """The command; 0 when everything passed."""
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument(
        "--lint", action="store_true", help="only what needs no tests: lint, types, import rules, sizes …"
    )
    parser.add_argument("--workers", default=WORKERS, help="processes that run tests side by side")
    options, for_pytest = parser.parse_known_args()
    begun, whole = time.monotonic(), not options.lint and not for_pytest  # some tests alone reach little
    with scratch(), ThreadPoolExecutor(1) as beside:
        others: Future[list[tuple[StepResult, str]]] = beside.submit(lambda: list(beside_tests(whole)))
        outcomes = [perform(name, *command) for name, command in LINT.items()]
        if not options.lint:
            parallel = ("-n", options.workers, *SHARED)
            rest = ("--rules", "without") if whole else ()
            outcomes.append(perform("Tests", "-m", "pytest", *parallel, *rest, *for_pytest))
        for result, said in others.result():
            _title(result.name)
            print(said, flush=True)
            outcomes.append(result)
    print("\n" + summary(outcomes, time.monotonic() - begun), flush=True)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted.")
