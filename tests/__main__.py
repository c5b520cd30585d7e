"""`python -m tests`: everything that has to hold before a change lands, with a summary a person can read.

All steps run, also when an earlier one failed: one look shows everything. Unknown arguments go to pytest.
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

LINT_IMPORTS = str(Path(sys.executable).with_name("lint-imports"))  # cannot be run as a module
LINT = {
    "Lint": ("-m", "ruff", "check", "--output-format", "concise"),
    "Format": ("-m", "ruff", "format", "--check"),
    "Types": ("-m", "mypy"),
    "Import rules": (LINT_IMPORTS, "--no-logo"),
    "File sizes": ("-m", "tests.sizes"),
}
# The tests start a hundred processes. Where an environment keeps no bytecode, each would compile all that it
# imports, which takes three times as long as the rest of its start.
BYTECODE = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(sys.prefix) / "bytecode")}


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step went."""

    name: str
    passed: bool
    took_s: float


def perform(name: str, *arguments: str) -> StepResult:
    """Run one tool of the environment, its output passed through."""
    print(f"\n── {name} ──", flush=True)
    begun = time.monotonic()
    done = subprocess.run([sys.executable, *arguments], env={**os.environ, **BYTECODE}, check=False)
    return StepResult(name, done.returncode == 0, time.monotonic() - begun)


def summary(outcomes: list[StepResult]) -> str:
    """One line a step and one for all."""
    lines = [f"  {'✓' if o.passed else '✗'} {o.name:<14}{_duration(o.took_s):>9}" for o in outcomes]
    failed = [o.name for o in outcomes if not o.passed]
    total = _duration(sum(o.took_s for o in outcomes))
    lines.append(f"FAILED after {total}: {', '.join(failed)}" if failed else f"All passed in {total}.")
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def main() -> int:
    """The command; 0 when everything passed."""
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument(
        "--lint", action="store_true", help="only what needs no tests: lint, types, import rules, file sizes"
    )
    parser.add_argument("--workers", default="3", help="processes that run tests side by side")
    options, for_pytest = parser.parse_known_args()
    outcomes = [perform(name, *command) for name, command in LINT.items()]
    if not options.lint:
        if not for_pytest:  # some tests alone reach little
            outcomes.append(perform("Rules covered", "-m", "tests.covered"))
        parallel = ("-n", options.workers, "--dist", "loadscope")
        outcomes.append(perform("Tests", "-m", "pytest", *parallel, *for_pytest))
    print("\n" + summary(outcomes), flush=True)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted.")
