"""Where PostgreSQL is: one address, or several of which one takes writes, and another one after a promotion.

    postgresql://role@db-1:5432,db-2:5432/realtime

The one that took writes last is asked first. Where it does not answer soon, as a machine that is gone never
does, the others are asked beside it.
"""

import asyncio
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit, urlunsplit

import asyncpg

from db.outage import reason

_HEAD_START_S = 0.4
_WRITES = "read-write"
_FILES = ("sslrootcert", "sslcert", "sslkey")

Connection: TypeAlias = asyncpg.Connection


def addresses(url: str) -> list[str]:
    """The URL of each host of this one, in the same order."""
    parts = urlsplit(url)
    who, at, hosts = parts.netloc.rpartition("@")
    return [urlunsplit(parts._replace(netloc=f"{who}{at}{host}")) for host in hosts.split(",")]


class Hosts:
    """Connects to the server that takes writes, or as `target_session_attrs` of the URL says."""

    def __init__(self, url: str) -> None:
        self._urls = addresses(url)
        asked = parse_qs(urlsplit(url).query).get("target_session_attrs")
        self._wanted = {"target_session_attrs": _WRITES} if len(self._urls) > 1 and not asked else {}

    async def connect(self, _: str = "", **given: Any) -> Connection:
        """Raises `ConnectionError` when none of several lets us in, or what the driver does for one."""
        if len(self._urls) == 1:
            return await self._try(self._urls[0], given)
        left, faults = deque(self._urls), list[str]()
        tried: dict[asyncio.Task[Connection], str] = {}
        try:
            while left or tried:
                if left:
                    url = left.popleft()
                    tried[asyncio.create_task(self._try(url, given))] = url
                done, _pending = await asyncio.wait(
                    tried, timeout=_HEAD_START_S if left else None, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    url = tried.pop(task)
                    if (fault := task.exception()) is None:
                        self._urls = [url, *(other for other in self._urls if other != url)]
                        return task.result()
                    faults.append(f"{_place(url)}: {reason(fault)}")
        finally:
            for task in tried:
                task.add_done_callback(_forget)
                task.cancel()
        raise ConnectionError("; ".join(faults))

    async def _try(self, url: str, given: dict[str, Any]) -> Connection:
        try:
            return await asyncpg.connect(url, **self._wanted, **given)
        except asyncpg.TargetServerAttributeNotMatched:
            raise ConnectionError("it takes no writes") from None
        except FileNotFoundError as error:  # which does not say what is missing
            raise ConnectionError(_missing(url) or str(error)) from error


def _missing(url: str) -> str:
    """Which file that it names is not there."""
    asked = parse_qs(urlsplit(url).query)
    files = [(name, path) for name in _FILES for path in asked.get(name, []) if not Path(path).exists()]
    return ", ".join(f"there is no file {path} ({name})" for name, path in files)


def _place(url: str) -> str:
    """Host and port, without who connects and by which password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _forget(task: "asyncio.Task[Connection]") -> None:
    """Nobody waits for this one any more."""
    with suppress(asyncio.CancelledError, Exception):
        task.result().terminate()
