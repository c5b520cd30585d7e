"""Pictures as AVIF, smaller than as WebP: made by a job once the picture is shown, where it is a gain.

They are read at the addresses of the WebP by whoever can (`Accept`), so nobody has to know of them. A picture
that is deleted meanwhile takes them along.
"""

from collections.abc import Sequence

import structlog

from core.clock import Clock
from core.errors import InvalidRequest
from core.job import Job
from db.outage import OUTAGES
from db.postgres.media import Media, MediaStore
from services.decoders import Decoders
from services.jobs import GivenUp, JobQueue, Work, work
from services.media_rules import AVIF, SIZES, object_of
from services.ports import Objects

_TRIES = 4
_log = structlog.get_logger()


class MakeAvif(Job, frozen=True, kw_only=True, tag="avif"):
    """This media is to be had as AVIF too."""

    media_id: str


class Avif:
    """Asks for it, and makes it. `decoders` None: this server makes none."""

    def __init__(
        self,
        store: MediaStore,
        objects: Objects,
        jobs: JobQueue,
        decoders: Decoders | None,
        clock: Clock,
    ) -> None:
        self._store, self._objects, self._jobs = store, objects, jobs
        self._decoders, self._clock = decoders, clock

    @property
    def works(self) -> Sequence[Work]:
        """How it is done."""
        return (work(MakeAvif, self.make, tries=_TRIES),)

    async def ask(self, media: Media) -> None:
        """It has just been stored. Never raises an outage: it is a picture without, too."""
        if self._decoders is None or not _is_missing(media):
            return
        try:
            await self._jobs.add(MakeAvif(media_id=media.id), key=f"avif {media.id}")
        except OUTAGES as error:
            _log.debug("a picture will have no AVIF", media_id=media.id, error=repr(error))

    async def make(self, job: MakeAvif) -> None:
        """Make and keep it. Raises `Unavailable`, and `GivenUp` where it cannot be made."""
        media = await self._store.find(job.media_id, self._clock())
        if self._decoders is None or media is None or not _is_missing(media):
            return
        source = "original" if media.type == "image" else max(media.renditions, key=SIZES.__getitem__)
        data = await self._objects.get(object_of(media.key, source))
        if data is None:
            return
        try:
            sizes = [side for name, side in SIZES.items() if name in media.renditions]
            made = await self._decoders.avif(data, media.owner_id, sizes=sizes)
        except InvalidRequest as error:
            raise GivenUp(str(error)) from error
        await self._keep(media, {name: made[smaller] for name, smaller in AVIF.items() if smaller in made})

    async def _keep(self, media: Media, made: dict[str, bytes]) -> None:
        """Those that are a gain. Objects first; where the media is gone by then, they are deleted again."""
        kept = []
        for name, content in made.items():
            size = await self._objects.size(object_of(media.key, name))
            if size is not None and len(content) < size:
                await self._objects.put(object_of(media.key, AVIF[name]), content)
                kept.append(AVIF[name])
        if kept and not await self._store.add_renditions(media.id, kept, self._clock()):
            for name in kept:
                await self._objects.delete(object_of(media.key, name))


def _is_missing(media: Media) -> bool:
    """It has sizes, and none of them as AVIF. Evidence has no sizes."""
    return bool(media.renditions) and not set(media.renditions) & set(AVIF.values())
