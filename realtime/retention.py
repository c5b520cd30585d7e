"""Forgetting what is kept only for a while. Any node does it, no leader: two at once share the work."""

import asyncio
from typing import Protocol

import structlog

from core.clock import Clock
from db.outage import OUTAGES

_DAY_MS = 86_400_000
_AT_ONCE = 500
_log = structlog.get_logger()


class MatchRecords(Protocol):
    """Decisions of matching; `db/matches.py` says what the method promises."""

    async def forget(self, before: int, *, limit: int) -> int: ...


class Retention:
    """Forgets decisions of matching after `match_record_days`; `run` looks every `every_s` seconds."""

    def __init__(
        self, matches: MatchRecords, *, match_record_days: int, clock: Clock, every_s: float = 600
    ) -> None:
        self._matches = matches
        self._kept_ms = match_record_days * _DAY_MS
        self._clock, self._every_s = clock, every_s

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.forget()
            except OUTAGES as error:
                _log.debug("nothing is forgotten", error=repr(error))
            except Exception:  # `run` must not end by an error that nobody foresaw
                _log.exception("nothing is forgotten")
            await asyncio.sleep(self._every_s)

    async def forget(self) -> None:
        """All that is too old, a bounded number at once."""
        while await self._matches.forget(self._clock() - self._kept_ms, limit=_AT_ONCE) == _AT_ONCE:
            pass
