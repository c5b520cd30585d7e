"""Looked at when a program starts: whether there is a place for files, whether two clocks agree, and
whether Redis is new enough.

What would fail later, with somebody's picture, is one sentence for the operator now.
"""

import os
import resource
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

from core.clock import Clock
from core.settings import Settings
from db.outage import UnusableError
from db.postgres.pool import SESSION

_LEAST_BYTES = 64 * 1024 * 1024
_LEAST_FILES = 1000  # an embedded PostgreSQL makes about as many
_SEGMENT_BYTES = 1024 * 1024 * 1024  # into which PostgreSQL cuts its files
_APART_MS = 2_000
_OLDEST_REDIS, _SOUND_REDIS = (6, 2), (6, 2, 20)


def check_places(settings: Settings) -> None:
    """Raises `UnusableError` where pictures or embedded servers could keep nothing."""
    media, data = settings.media_store, Path(settings.data_dir)
    if media.startswith("file://"):
        check_folder(Path(media.removeprefix("file://")), "MEDIA_STORE")
        check_files("MEDIA_STORE", settings.max_upload_bytes)
    if not (settings.database_url and settings.redis_url):
        there = _nearest(data)
        if _is_writable(there):  # else the embedded servers say themselves whose folder it is
            check_room(there, "DATA_DIR")
        check_files("DATA_DIR", _SEGMENT_BYTES)
    elif not media:
        check_folder(data, "DATA_DIR")
        check_files("DATA_DIR", settings.max_upload_bytes)


def check_folder(
    folder: Path, setting: str, least_bytes: int = _LEAST_BYTES, least_files: int = _LEAST_FILES
) -> None:
    """Whether it can be made, or written to, and its disk has so much room. Nothing is made."""
    there = _nearest(folder)
    if not there.is_dir():
        raise UnusableError(f"{there} is no folder: set {setting} to one.")
    if not _is_writable(there):
        raise UnusableError(f"{there} cannot be written to by this user: see {setting}.")
    check_room(there, setting, least_bytes, least_files)


def check_room(
    there: Path, setting: str, least_bytes: int = _LEAST_BYTES, least_files: int = _LEAST_FILES
) -> None:
    """Whether its disk has so much room, and takes so many files more."""
    disk = os.statvfs(there)
    free = disk.f_bavail * disk.f_frsize
    if free < least_bytes:
        raise UnusableError(
            f"The disk of {there} is full ({free // 2**20} MiB are left): make room, or see {setting}."
        )
    if disk.f_files and disk.f_favail < least_files:  # some file systems do not count
        raise UnusableError(
            f"The disk of {there} takes no more files ({disk.f_favail} inodes are left): delete some, or see"
            f" {setting}."
        )


def check_files(setting: str, least_bytes: int) -> None:
    """Whether this process, and those that it starts, may write files of this size."""
    most, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if most != resource.RLIM_INFINITY and most < least_bytes:
        raise UnusableError(
            f"{setting}: files of {least_bytes // 2**20} MiB are to be written there, and this process may"
            f" write {most // 2**20} MiB: raise the limit (ulimit -f)."
        )


def _is_writable(there: Path) -> bool:
    return os.access(there, os.W_OK | os.X_OK)


def _nearest(folder: Path) -> Path:
    """The folder, or what of its path is there already."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if os.path.exists(path))  # noqa: PTH110 - raises nothing


async def clock_remark(postgres_ms: Callable[[], Awaitable[int]], shared: Clock) -> str:
    """What to say of PostgreSQL's clock, beside the one that all nodes share, which is Redis'; else nothing.

    It was read at some moment while it was asked for, so slowness is no difference.
    """
    before = shared()
    theirs = await postgres_ms()
    ahead = max(theirs - shared(), 0) or min(theirs - before, 0)
    if abs(ahead) <= _APART_MS:
        return ""
    return (
        f"PostgreSQL's clock (DATABASE_URL) is {ahead / 1000:+.1f} s off that of Redis (REDIS_URL), by which"
        " nodes live: set both by NTP."
    )


def redis_remark(settings: Settings, version: Sequence[int]) -> str:
    """What to say of a Redis of one's own that is too old.

    One at a socket of this machine hears only who may open that, as the embedded one, which a node's echo is
    told as any other.

    Raises `UnusableError` for one that lacks what we ask for.
    """
    if not settings.redis_url or not version:
        return ""
    said = ".".join(map(str, version))
    if tuple(version) < _OLDEST_REDIS:
        raise UnusableError(
            f"Redis cannot be used (it is {said}, and has to be 6.2 or newer): see REDIS_URL."
        )
    if tuple(version) >= _SOUND_REDIS or settings.redis_url.startswith("unix:"):
        return ""
    return (
        f"Redis (REDIS_URL) is {said}: before 6.2.20 whoever may run a script can break out of it."
        " Take a newer one."
    )


def session_remark(unlike: Collection[str]) -> str:
    """What to say where sessions are not as they should be, as behind a pooler that was not told."""
    if not unlike:
        return ""
    wanted = " ".join(f"SET {name} = '{SESSION[name]}';" for name in unlike)
    return f"Sessions of PostgreSQL (DATABASE_URL) are not as they should be: its pooler has to {wanted}"
