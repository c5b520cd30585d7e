"""`python -m tests.covered`: the tests of rules alone go through nearly all branches of the rules.

What is pure needs no server to be tested, so its own tests have to reach it. The floor stands in
pyproject.toml.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = (
    "tests/rules",
    "tests/signaling",
    "tests/contract",
    "tests/matching/test_why_waiting.py",
    "tests/matching/test_last_call.py",
    "tests/matching/test_reservation_value.py",
    "tests/matching/test_pools.py",
    "tests/matching/test_rematch.py",
    "tests/matching/test_replay.py",
    "tests/matching/test_rules.py",
    "tests/matching/test_wait_estimates.py",
)
# What takes long, or a server, and reaches no branch that the others do not.
NOT = ("redis", "fuzz", "asyncapi", "openapi_is_valid", "crowd_that_joins")


def main() -> int:
    """Run these tests, then print what they have not reached. 0 when they pass and reach enough."""
    coverage = (sys.executable, "-m", "coverage")
    with tempfile.TemporaryDirectory() as folder:
        data = f"--data-file={Path(folder) / 'data'}"
        chosen = (*TESTS, "-k", " and ".join(f"not {word}" for word in NOT))
        tests = subprocess.run([*coverage, "run", data, "-m", "pytest", *chosen], check=False)
        report = subprocess.run([*coverage, "report", data], check=False)
    return tests.returncode or report.returncode


if __name__ == "__main__":
    sys.exit(main())
