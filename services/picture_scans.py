"""Pictures that strangers are to see are scanned before, by a job that tries again while nobody answers.

Until then nobody but their owner sees them (`media_rules.may_be_seen`). What the scanner is not sure about,
and what it has not answered after `MOST` attempts, waits for a moderator.
"""

from collections.abc import Mapping

from core.errors import Unavailable
from core.vocabulary import MediaState
from db.postgres.media import Media, MediaStore
from services.media import MediaService
from services.ports import Scan

AGAIN_MS = 10_000
MOST = 10  # the last one some three hours after the first
_STATES: Mapping[str, MediaState] = {"pass": "ready", "refuse": "refused", "review": "processing"}


class PictureScans:
    """The use case. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: MediaStore, media: MediaService, scan: Scan) -> None:
        self._store, self._media, self._scan = store, media, scan

    async def scan(self, now: int, *, limit: int) -> int:
        """Have those scanned that wait for it; gives how many those were."""
        waiting = await self._store.to_scan(now, again_ms=AGAIN_MS, most=MOST, limit=limit)
        for media in waiting:
            await self._scanned(media)
        return len(waiting)

    async def _scanned(self, media: Media) -> None:
        try:
            picture = await self._media.content(media)
            if picture is None:
                await self._store.judge(media.id, "refused", "It is lost.")
                return
            verdict = await self._scan.picture(picture, media.content_type)
        except Unavailable:
            return  # it is due again later
        await self._store.judge(media.id, _STATES[verdict.verdict], verdict.reason)
