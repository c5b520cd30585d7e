"""Copies of one's own data: asked for, made by a job, kept for some days, read at an address that expires.

One at a time, and another only after a while: until then whoever asks gets the same. A job that dies in the
middle is done again from the beginning. Times are ms.
"""

from collections.abc import AsyncIterator, Sequence
from tempfile import TemporaryFile

import structlog
from msgspec import UNSET, Struct

from core.clock import DAY_MS, Clock, rfc3339
from core.contract.media import FileAddress
from core.contract.own_data import ExportView
from core.errors import NotFound
from core.ids import new_id
from core.job import Job
from core.settings import Settings
from core.tokens import new_refresh_token
from db.postgres.exports import Export, ExportStore
from db.postgres.jobs import Schedule
from services.export_files import ExportFiles
from services.jobs import JobQueue, Work, work
from services.media_addresses import ExportAddresses
from services.pieces import pieces
from services.ports import Objects

TRIES = 5
_LONGEST_S = 3600
_GIVEN_UP_MS = DAY_MS
_AT_ONCE = 50
_log = structlog.get_logger()


class MakeExport(Job, frozen=True, kw_only=True, tag="export"):
    """Somebody has asked for a copy of their data."""

    export_id: str


class KeepExports(Job, frozen=True, kw_only=True, tag="exports-keeping"):
    """Each ten minutes."""


EXPORTS_KEEPING = Schedule(KeepExports(), every_s=600, offset_s=300)


class Copy(Struct, frozen=True):
    """What is read at an address: its bytes, piece by piece."""

    pieces: AsyncIterator[bytes]
    size: int
    made_at: int


class Exports:
    """The use cases. Errors of an outage pass through (`db.outage`)."""

    def __init__(
        self,
        store: ExportStore,
        files: ExportFiles,
        objects: Objects,
        *,
        jobs: JobQueue,
        addresses: ExportAddresses,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._store, self._files, self._objects = store, files, objects
        self._jobs, self._addresses, self._clock = jobs, addresses, clock
        self._kept_ms = settings.export_days * DAY_MS
        self._every_ms = settings.export_every_h * 3_600_000

    @property
    def works(self) -> Sequence[Work]:
        """What is done later."""
        return (
            work(MakeExport, self.make, tries=TRIES, within_s=_LONGEST_S),
            work(KeepExports, self.keep, within_s=_LONGEST_S),
        )

    # Its owner

    async def start(self, user_id: str, server: str, now: int) -> ExportView:
        """Begin one, or go on with the latest."""
        id_ = new_id(now)
        new = Export(id=id_, user_id=user_id, key=f"exports/{new_refresh_token()}", asked_at=now)
        export = await self._store.begin(new, MakeExport(export_id=id_), every_ms=self._every_ms)
        await self._jobs.hurry()
        return self._view(export, server, now)

    async def of(self, user_id: str, server: str, now: int) -> ExportView:
        """How far the latest is; at `server` it is read."""
        latest = await self._store.latest(user_id, now)
        return self._view(latest, server, now) if latest else ExportView(state="none", progress=0)

    async def read(self, export_id: str, address: FileAddress, now: int) -> Copy:
        """What is at an address that somebody was given. Raises `NotFound`, `Unavailable`."""
        if not self._addresses.opens(export_id, address, now):
            raise NotFound
        export = await self._store.find(export_id, now)
        if export is None or export.state != "ready" or not export.size:
            raise NotFound
        if await self._objects.size(export.key) != export.size:
            raise NotFound("The file is lost: ask for another copy.")
        return Copy(pieces(self._objects, export.key, range(export.size)), export.size, export.asked_at)

    def _view(self, export: Export, server: str, now: int) -> ExportView:
        if export.state != "ready" or export.expires_at is None:
            return ExportView(state=export.state, progress=round(export.progress, 2))
        return ExportView(
            state="ready",
            progress=1,
            url=self._addresses.of(export.id, server, now),
            expires_at=rfc3339(export.expires_at),
            size=export.size or UNSET,
        )

    # Jobs

    async def make(self, job: MakeExport) -> None:
        """Make it, if somebody still waits for it. Whatever is raised, it is tried again."""
        now = self._clock()
        export = await self._store.find(job.export_id, now)
        if export is None or export.state != "running":
            return
        try:
            await self._make(export, now)
        except Exception:
            await self._store.failed(export.id, most=TRIES, until=now + self._kept_ms)
            raise

    async def _make(self, export: Export, now: int) -> None:
        with TemporaryFile() as file:

            async def come(progress: float) -> None:
                await self._store.come(export.id, progress)

            await self._files.write(export, file, now, come)
            size = file.tell()
            file.seek(0)
            await self._objects.put_file(export.key, file)
        now = self._clock()
        if not await self._store.ready(export.id, size, now, until=now + self._kept_ms):
            await self._objects.delete(export.key)

    async def keep(self, _: KeepExports) -> None:
        """Delete those that have expired, and give up those that nobody makes any more."""
        now = self._clock()
        await self._store.give_up(now - _GIVEN_UP_MS, until=now + self._kept_ms)
        while due := await self._store.due(now, limit=_AT_ONCE):
            for export_id, key in due:
                await self._objects.delete(key)
                await self._store.delete(export_id, now)
