"""`python -m tests`: everything that has to hold before a change lands, with a summary a person can read.

All steps run, also when an earlier one failed: one look shows everything. Unknown arguments go to pytest.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
# Tests wait more than they compute, so four workers fill two cores. A Redis from elsewhere has 15 databases,
# and each worker wants four.
WORKERS = "3" if "REDIS_URL" in os.environ else "4"
# A module is run by one worker.
SHARED = ("--dist", "loadscope", "--no-loadscope-reorder")
VARIANTS = {"cluster": "On a cluster", "single": "On one of each"}


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step went."""

    name: str
    passed: bool
    took_s: float


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


def on_variants() -> list[StepResult]:
    """The tests of stores and delivery once more, on the stores of a deployment, two kinds side by side."""
    with ThreadPoolExecutor(len(VARIANTS)) as beside:
        runs = [
            beside.submit(perform_quietly, name, "-m", "pytest", "--on", on, "-n", "2", *SHARED)
            for on, name in VARIANTS.items()
        ]
        for run in runs:
            _title(run.result()[0].name)
            print(run.result()[1], flush=True)
        return [run.result()[0] for run in runs]


def _run(name: str, *arguments: str, **output: Any) -> StepResult:
    begun = time.monotonic()
    command, environment = [sys.executable, *arguments], {**os.environ, **BYTECODE}
    done = subprocess.run(command, env=environment, check=False, **output)
    return StepResult(name, done.returncode == 0, time.monotonic() - begun)


def _title(name: str) -> None:
    print(f"\n── {name} ──", flush=True)


def summary(outcomes: list[StepResult], took_s: float) -> str:
    """One line a step and one for all; some run side by side."""
    lines = [f"  {'✓' if o.passed else '✗'} {o.name:<14}{_duration(o.took_s):>9}" for o in outcomes]
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
    with ThreadPoolExecutor(1) as beside:
        rules = beside.submit(perform_quietly, "Rules covered", "-m", "tests.covered") if whole else None
        outcomes = [perform(name, *command) for name, command in LINT.items()]
        if rules is not None:
            result, said = rules.result()
            _title(result.name)
            print(said, flush=True)
            outcomes.append(result)
    if not options.lint:
        parallel = ("-n", options.workers, *SHARED)
        others = ("--rules", "without") if whole else ()
        outcomes.append(perform("Tests", "-m", "pytest", *parallel, *others, *for_pytest))
    if whole:
        outcomes += on_variants()
    print("\n" + summary(outcomes, time.monotonic() - begun), flush=True)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted.")
