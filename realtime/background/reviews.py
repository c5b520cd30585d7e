"""Judges those again who are trusted or suspect: what they did counts for a while only, and they may be away.

Any node, no leader: the store gives each user to one node, and puts off the next review with the same step.
"""

import asyncio

import structlog

from db.outage import OUTAGES
from services.trust import Trust

_AT_ONCE = 20
_log = structlog.get_logger()


class Reviews:
    """Looks every `every_s` seconds; at once again while there are more than fit into a batch."""

    def __init__(self, trust: Trust, *, every_s: float = 10) -> None:
        self._trust, self._every_s = trust, every_s

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if not await self._more():
                await asyncio.sleep(self._every_s)

    async def _more(self) -> bool:
        try:
            return await self._trust.review(_AT_ONCE) == _AT_ONCE
        except OUTAGES as error:
            _log.debug("nobody is reviewed", error=repr(error))
        except Exception:  # `run` must not end by an error that nobody foresaw
            _log.exception("nobody is reviewed")
        return False
