"""Announces that the counts of a post have changed, to nodes on which somebody watches it.

Whoever draws the post anew reads them anyway: an outage of Redis is not the caller's.
"""

import structlog

from core.posts import channel
from db.outage import OUTAGES
from services.ports import Channels

_log = structlog.get_logger()


class PostNews:
    """Says so on the bus."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def tell(self, post_id: str) -> None:
        """Its counts have changed. Never raises an outage."""
        try:
            await self._channels.publish(channel(post_id), b"")
        except OUTAGES as error:
            _log.debug("watchers of a post were not told", error=repr(error))
