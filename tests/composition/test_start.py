"""What a start has to import, with which it spends most of its time."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.files import NOT_IN_THE_IMAGE

NEEDED_SELDOM = {"aioice", "aiortc", "alembic", "av", "pylibsrtp", "sqlalchemy", "numpy"} | NOT_IN_THE_IMAGE


@pytest.mark.parametrize("program", ["realtime", "rest"])
def test_a_start_does_not_import_what_it_seldom_needs(program: str) -> None:
    """Alembic alone doubles it, and is needed once a release; media is for simulated people."""
    say = f"import sys, composition.program, composition.{program}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", say], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert NEEDED_SELDOM & set(done.stdout.split()) == set()
