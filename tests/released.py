"""The version before ours, which `deploy/released` names: its nodes run beside ours while a deploy lasts."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.served import ROOT

COMMIT = (ROOT / "deploy" / "released").read_text().strip()
_VERSIONS = "db/migrations/versions/"


def _git(*words: str) -> bytes:
    """What git says of it; the test is skipped where it does not know it, as in a shallow clone."""
    asked = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    if asked.returncode:
        pytest.skip(f"the version before is not in this history: {asked.stderr.decode().strip()}")
    return asked.stdout


def newest_migration() -> str:
    """The last of its schema."""
    names = _git("ls-tree", "--name-only", COMMIT, _VERSIONS).decode().split()
    return max(Path(name).stem for name in names if name.endswith(".sql"))


def mentions(word: str) -> bool:
    """Whether its code has this word anywhere, but in migrations, tests and documents."""
    _git("cat-file", "-e", COMMIT)
    apart = (f":!{folder}" for folder in ("db/migrations", "tests", "bench", "docs"))
    asked = subprocess.run(
        ["git", "grep", "-qwF", word, COMMIT, "--", ".", *apart], cwd=ROOT, capture_output=True, check=False
    )
    assert asked.returncode in {0, 1}, asked.stderr
    return asked.returncode == 0


def unpack(folder: Path) -> Path:
    """Its code in this folder, with the packages of ours."""
    with tarfile.open(fileobj=io.BytesIO(_git("archive", COMMIT))) as archive:
        archive.extractall(folder, filter="data")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder
