"""Hashes passwords: argon2id in a bounded pool of threads, so that neither event loop nor memory suffers.

Which passwords may be chosen is said in `core/contract/accounts.py`.

It owns the threads. A hash takes some 20 ms of a core and `memory_kib` of memory. At most `threads` run and
`queue` wait; beyond that callers are told to try again.
"""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import Unavailable

R = TypeVar("R")
_RETRY_MS = 1000


class PasswordHashes:
    """Hashes and verifies. Raises `Unavailable` if too many wait already."""

    def __init__(self, *, threads: int, queue: int, memory_kib: int, passes: int) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = threads + queue
        # An unknown login is checked against this: the same work, with a no as its answer.
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """The encoded hash, with its parameters and salt."""
        return await self._run(lambda: self._hasher.hash(_normal(password)))

    async def verify(self, known: str | None, password: str) -> bool:
        """Whether this is the password. If `known` is None the answer is no, after the same work."""
        fits = await self._run(lambda: self._fits(known or self._nobody, password))
        return fits and known is not None

    def outdated(self, known: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(known)

    def close(self) -> None:
        """Let running work finish, and drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _fits(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], R]) -> R:
        if not self._room:
            raise Unavailable("Too many are signing in: try again shortly.", retry_after_ms=_RETRY_MS)
        self._room -= 1
        try:
            # If the caller gives up, work that still waits is cancelled.
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._room += 1


def _normal(password: str) -> str:
    """One form of characters that keyboards write in several ways (NFKC, as NIST SP 800-63B asks)."""
    return unicodedata.normalize("NFKC", password)
