"""`python -m tests.covered`: the tests of rules alone go through nearly all branches of the rules.

What is pure needs no server to be tested, so its own tests have to reach it. The floor stands in
pyproject.toml. `make test` runs these tests here and nowhere else: `pytest --rules without` are all others.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

TESTS = (
    "tests/rules",
    "tests/signaling",
    "tests/contract",
    "tests/matching/test_acceptance.py",
    "tests/matching/test_comparison.py",
    "tests/matching/test_haunts.py",
    "tests/matching/test_why_waiting.py",
    "tests/matching/test_last_call.py",
    "tests/matching/test_reservation_value.py",
    "tests/matching/test_patience.py",
    "tests/matching/test_pools.py",
    "tests/matching/test_rematch.py",
    "tests/matching/test_replay.py",
    "tests/matching/test_rules.py",
    "tests/matching/test_shadow.py",
    "tests/matching/test_wait_estimates.py",
)
# What takes long, or a server, and reaches no branch that the others do not.
NOT = ("redis", "fuzz", "asyncapi", "openapi_is_valid", "crowd_that_joins")
# Whole modules are run with these or with all others: whoever runs the others need not import them.
BY_MODULE = ("tests/rules/", "tests/signaling/")


def add_option(parser: pytest.Parser) -> None:
    """`--rules`, by which each test is run either here or with all others."""
    parser.addoption("--rules", choices=("alone", "without"), help="only the tests of rules; all but those")


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not asked for."""
    if asked := config.getoption("--rules"):
        left_out = [item for item in items if _is_of_rules(item) != (asked == "alone")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _is_of_rules(item) == (asked == "alone")]


def passes_over(config: pytest.Config, path: Path) -> bool | None:
    """Whether this file has none of the tests that are asked for: then nothing of it is imported."""
    if config.getoption("--rules") != "without" or not path.name.startswith("test_"):
        return None
    module = path.relative_to(config.rootpath).as_posix()
    return (module.startswith(BY_MODULE) and _is_one(module)) or None


def _is_of_rules(item: pytest.Item) -> bool:
    module, _, _ = item.nodeid.partition("::")
    return _is_one(module if module.startswith(BY_MODULE) else item.nodeid)


def _is_one(name: str) -> bool:
    return name.startswith(TESTS) and not any(word in name for word in NOT)


def main() -> int:
    """Run these tests, then print what they have not reached. 0 when they pass and reach enough."""
    coverage = (sys.executable, "-m", "coverage")
    with tempfile.TemporaryDirectory() as folder:
        data = f"--data-file={Path(folder) / 'data'}"
        chosen = (*TESTS, "--rules", "alone")
        tests = subprocess.run([*coverage, "run", data, "-m", "pytest", *chosen], check=False)
        report = subprocess.run([*coverage, "report", data], check=False)
    return tests.returncode or report.returncode


if __name__ == "__main__":
    sys.exit(main())
