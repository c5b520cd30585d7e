"""What is now, on its way to devices that are not in use: a call that rings, an offer, a decision.

A device may show it for as long as it lasts, and is told when it is over: as what was read elsewhere is taken
back. Nobody who rings or reads waits for it: what is asked for in one moment is a job each, by two statements
for all, at once where none went just before. A process that dies in that moment asks for none; a missed call
comes from the record.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextvars import Context
from typing import Literal

from core.clock import DAY_MS, Clock
from core.contract.settings import NotificationSettings
from core.job import Job
from core.tasks import end
from db.periodic import RetryLater
from db.postgres.jobs import JobStore
from db.postgres.moment_pushes import MomentPushStore
from db.postgres.settings import notification_settings
from services.device_pushes import DevicePushes
from services.jobs import JobQueue, Work, work
from services.ports import Pushed, Ring
from services.pushing import SOMETHING
from services.quiet_hours import quiet_until

What = Literal["call", "offer", "connected", "over"]
_EVERY_S = 0.05  # what happens within that is asked about at once: a push is on its way for longer
_TRIES = 3
_MOST = 10_000
_TAGS = 50  # which fit into one push; of more, the rest stays until somebody closes it


class PushMoment(Job, frozen=True, kw_only=True, tag="push-moment"):
    """To this user's devices, until then (ms); `about`: whom they hear of. `tags`: what is over."""

    what: What
    user_id: str
    subject: str
    until: int
    about: str | None = None
    video: bool = False
    tags: tuple[str, ...] = ()


class MomentPushAsking:
    """Asks for these jobs, for whoever has a device and wants to be told.

    It asks no sooner than `every_s` after it has asked before.
    """

    def __init__(
        self,
        store: MomentPushStore,
        jobs: JobStore,
        queue: JobQueue,
        clock: Clock,
        *,
        every_s: float = _EVERY_S,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store, self._jobs, self._queue, self._clock = store, jobs, queue, clock
        self._every_s, self._rest = every_s, rest
        self._asked: list[tuple[PushMoment, What]] = []
        self._read: set[tuple[str, str]] = set()
        self._asking: asyncio.Task[None] | None = None
        self._next_at = 0.0

    def rings(self, call_id: str, user_id: str, by: str, *, video: bool, until: int) -> None:
        """Somebody is rung by somebody whom they know."""
        job = PushMoment(what="call", user_id=user_id, subject=call_id, until=until, about=by, video=video)
        self._ask(job, "call")

    def offered(self, call_id: str, user_id: str, *, until: int) -> None:
        """Somebody is there for somebody who waits."""
        self._ask(PushMoment(what="offer", user_id=user_id, subject=call_id, until=until), "offer")

    def over(self, call_id: str, user_id: str, what: Literal["call", "offer"]) -> None:
        """It does not ring any more, or is no offer any more."""
        self._close(user_id, (call_id,), what)

    def connected(self, user_id: str, room_id: str, other: str) -> None:
        """Both want to stay in touch."""
        until = self._clock() + DAY_MS
        job = PushMoment(what="connected", user_id=user_id, subject=room_id, until=until, about=other)
        self._ask(job, "connected")

    def read(self, user_id: str, notification_ids: Sequence[str]) -> None:
        """They have read these on one of their devices."""
        if notification_ids:
            self._close(user_id, tuple(sorted(notification_ids)[-_TAGS:]), "over")

    def read_room(self, user_id: str, room_id: str) -> None:
        """They have read on in this room."""
        if len(self._read) < _MOST:
            self._read.add((user_id, room_id))
            self._begin()

    async def settled(self) -> None:
        """All that was asked for is a job, or cannot be."""
        if self._asking is not None:
            await asyncio.wait([self._asking])

    async def close(self) -> None:
        """What is being asked for now is not."""
        if self._asking is not None:
            await end([self._asking])

    def _close(self, user_id: str, tags: tuple[str, ...], what: What) -> None:
        self._ask(self._closing(user_id, tags), what)

    def _closing(self, user_id: str, tags: tuple[str, ...]) -> PushMoment:
        until = self._clock() + DAY_MS
        return PushMoment(what="over", user_id=user_id, subject=tags[-1], until=until, tags=tags)

    def _ask(self, job: PushMoment, what: What) -> None:
        if len(self._asked) < _MOST:
            self._asked.append((job, what))
            self._begin()

    def _begin(self) -> None:
        """In a context of its own: it belongs to nobody's command."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask_all(), context=Context())

    async def _ask_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._asked or self._read:
            if (early_s := self._next_at - loop.time()) > 0:
                await self._rest(early_s)
            self._next_at = loop.time() + self._every_s
            asked, self._asked = self._asked, []
            read, self._read = self._read, set()
            with RetryLater("what is now is not pushed"):
                await self._ask_for(asked, read)

    async def _ask_for(
        self, asked: Sequence[tuple[PushMoment, What]], read: Collection[tuple[str, str]]
    ) -> None:
        now = self._clock()
        wishes = await self._store.wishes({job.user_id for job, _ in asked}) if asked else {}
        jobs = [
            job
            for job, what in asked
            if (known := wishes.get(job.user_id)) is not None
            and is_wanted(what, notification_settings(known.settings or {}))
        ]
        rooms = await self._store.read(read)
        jobs += [self._closing(user_id, (room_id,)) for user_id, room_id in rooms]
        if jobs:
            by_key = {f"push-moment:{job.what}:{job.user_id}:{job.subject}:{now}": job for job in jobs}
            await self._jobs.add_all(by_key, at_ms=now)
            await self._queue.hurry()


class MomentPushes:
    """Does them. `texts`: they say who it is."""

    def __init__(
        self,
        store: MomentPushStore,
        jobs: JobQueue,
        devices: DevicePushes,
        clock: Clock,
        *,
        texts: bool,
    ) -> None:
        self._store, self._jobs, self._devices = store, jobs, devices
        self._clock, self._texts = clock, texts

    @property
    def works(self) -> Sequence[Work]:
        """How they are done."""
        return (work(PushMoment, self.push, tries=_TRIES),)

    async def push(self, job: PushMoment) -> None:
        """To all devices, unless it is over. A device that cannot be reached now is not tried again."""
        if job.what == "over":
            await self._devices.send({job.user_id: over(job)})
            return
        rings = job.what != "connected"
        if self._clock() >= job.until or (rings and not await self._store.lasts(job.subject)):
            return
        known = (await self._store.wishes([job.user_id])).get(job.user_id)
        wanted = known and notification_settings(known.settings or {})
        if not (known and wanted and is_wanted(job.what, wanted)):
            return
        quiet = quiet_until(wanted.quiet_from, wanted.quiet_to, known.time_zone, self._clock())
        if quiet is not None:
            if not rings:
                await self._jobs.add(job, at_ms=quiet, key=f"push-moment:{job.user_id}:{job.subject}:{quiet}")
            return
        name = await self._store.name(job.about) if job.about else ""
        await self._devices.send({job.user_id: moment_push(job, name, self._clock(), texts=self._texts)})
        if rings and not await self._store.lasts(job.subject):
            # What says so may have been faster than this.
            await self._devices.send({job.user_id: over(job)})


def is_wanted(what: What, wanted: NotificationSettings) -> bool:
    """Whether they want to be told of that, on devices that are not in use. Pure."""
    each = {
        "call": wanted.push_calls,
        "offer": wanted.push_offers,
        "connected": wanted.push_decisions,
        "over": True,
    }
    return wanted.push and each[what]


def moment_push(job: PushMoment, name: str, now: int, *, texts: bool) -> Pushed:
    """What a device shows of it, for as long as it lasts. Pure."""
    title, body, url = {
        "call": (f"{name} calls you", "Video call" if job.video else "Voice call", "/#meet"),
        "offer": ("Somebody is there for you", "", "/#meet"),
        "connected": (f"You and {name} stay in touch", "", f"/#room/{job.subject}"),
    }[job.what]
    return Pushed(
        id=job.subject,
        kind=job.what,
        title=title if texts else SOMETHING,
        body=body if texts else "",
        topic=job.subject,
        ttl_s=max(0, (job.until - now) // 1000),
        url=url,
        urgent=True,
        ring=Ring(caller=name if texts else "", video=job.video) if job.what == "call" else None,
    )


def over(job: PushMoment) -> Pushed:
    """What closes it on a device that shows it, and takes its place on the way to one that does not. Pure."""
    return Pushed(
        id=job.subject,
        kind="over",
        title="",
        body="",
        topic=job.subject,
        ttl_s=DAY_MS // 1000,
        closes=job.tags or (job.subject,),
        urgent=True,
    )
