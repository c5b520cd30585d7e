"""What is said in rooms on its way to devices that are not in use: one push a room, of its newest message.

Nobody who sends waits for it. Before a node clears what it has told, it asks for a job for each room that
needs one; two seconds later, who has the room on a screen has read it. A job's key has its moment in it, as
what is said while a job is done is for the next one. It notes for whom it sends before it does, and when it
has: one that breaks off is done once more, and sends again what it may not have sent.
"""

from collections.abc import Collection, Mapping, Sequence

import structlog
from msgspec import Struct

from core.clock import Clock
from core.job import Job
from db.outage import OUTAGES
from db.postgres.jobs import JobStore
from db.postgres.room_pushes import RoomPushStore, UnreadMessage
from db.postgres.settings import notification_settings
from services.device_pushes import DevicePushes
from services.jobs import Work, work
from services.ports import Pushed
from services.pushing import SOMETHING
from services.quiet_hours import quiet_until

_EACH_MS = 2_000
_DAY_S = 86_400
_TRIES = 6
_WITHIN_S = 300  # of a large group, where a push service keeps all waiting
_KINDS = {"image": "A picture", "video": "A video", "voice": "A voice message", "file": "A file"}
_log = structlog.get_logger()


class PushRoom(Job, frozen=True, kw_only=True, tag="push-room"):
    """To all members who want it at that moment, in ms."""

    room_id: str
    moment: int


class PushRoomAgain(Job, frozen=True, kw_only=True, tag="push-room-again"):
    """To one device, which could not be reached before."""

    room_id: str
    user_id: str
    device_id: str


class Due(Struct, frozen=True):
    """Who is told now, and when those are who are not to be woken."""

    now: Sequence[UnreadMessage] = ()
    later: frozenset[int] = frozenset()


class RoomPushAsking:
    """Asks for these jobs."""

    def __init__(self, store: RoomPushStore, jobs: JobStore, clock: Clock) -> None:
        self._store, self._jobs, self._clock = store, jobs, clock
        self._moment, self._asked = 0, set[str]()

    async def ask(self, room_ids: Collection[str]) -> None:
        """Something has been said in these rooms. Asked again, it has no other effect.

        Raises an outage, and nothing else: what is told is not held up by what is pushed.
        """
        try:
            await self._ask(room_ids)
        except OUTAGES:
            raise
        except Exception:
            _log.exception("what is said is not pushed")

    async def _ask(self, room_ids: Collection[str]) -> None:
        now = self._clock()
        moment = next_push(now)
        if moment != self._moment:
            self._moment = moment
            self._asked.clear()
        fresh = [room_id for room_id in room_ids if room_id not in self._asked]
        found = await self._store.with_devices(fresh, now) if fresh else []
        if found:
            await self._jobs.add_all(_jobs(found, moment), at_ms=moment)
            self._asked.update(found)


class RoomPushes:
    """Does them. `texts`: they say what there is to read."""

    def __init__(
        self, store: RoomPushStore, jobs: JobStore, devices: DevicePushes, clock: Clock, *, texts: bool
    ) -> None:
        self._store, self._jobs, self._devices = store, jobs, devices
        self._clock, self._texts = clock, texts

    @property
    def works(self) -> Sequence[Work]:
        """How they are done."""
        return (
            work(PushRoom, self.push, within_s=_WITHIN_S),
            work(PushRoomAgain, self.again, tries=_TRIES),
        )

    async def push(self, job: PushRoom) -> None:
        """To whoever has not read it, and wants to be told."""
        room_id, now = job.room_id, self._clock()
        wanted = due(await self._store.unsent(room_id, job.moment, now), now)
        for until in wanted.later:
            await self._jobs.add_all(_jobs([room_id], until), at_ms=until)
        up_to = {found.user_id: found.seq for found in wanted.now}
        if not up_to:
            return
        ours = await self._store.note(room_id, up_to, job.moment)
        pushed = {
            found.user_id: room_push(room_id, found, texts=self._texts)
            for found in wanted.now
            if found.user_id in ours
        }
        for each in await self._devices.send(pushed):
            again = PushRoomAgain(room_id=room_id, user_id=each.user_id, device_id=each.device_id)
            await self._again_at(again, now + each.in_ms)
        await self._store.sent(room_id, ours, job.moment)

    async def again(self, job: PushRoomAgain) -> None:
        """What is the newest by now, unless all has been read, or it is quiet. Raises `Unavailable`."""
        now = self._clock()
        wanted = due(await self._store.unread(job.room_id, job.user_id, now), now)
        for until in wanted.later:
            await self._again_at(job, until)
        for found in wanted.now:
            pushed = room_push(job.room_id, found, texts=self._texts)
            await self._devices.send_again(job.user_id, job.device_id, pushed)

    async def _again_at(self, job: PushRoomAgain, at_ms: int) -> None:
        key = f"push-room-again:{job.room_id}:{job.user_id}:{job.device_id}:{at_ms}"
        await self._jobs.add(job, at_ms=at_ms, key=key)


def next_push(now: int) -> int:
    """When what is said now is pushed: by all nodes at the same time, after 2 to 4 seconds. Pure."""
    return -(-(now + _EACH_MS) // _EACH_MS) * _EACH_MS


def due(found: Collection[UnreadMessage], now: int) -> Due:
    """As each of them wants it. Pure."""
    at_once, later = [], set()
    for each in found:
        wanted = notification_settings(each.settings or {})
        if not (wanted.push and wanted.push_messages):
            continue
        until = quiet_until(wanted.quiet_from, wanted.quiet_to, each.time_zone, now)
        if until is None:
            at_once.append(each)
        else:
            later.add(until)
    return Due(at_once, frozenset(later))


def room_push(room_id: str, found: UnreadMessage, *, texts: bool) -> Pushed:
    """What a device shows of it. Pure."""
    said = found.content or _KINDS.get(found.type, "")
    return Pushed(
        id=found.id,
        title=(found.group_name or found.sender) if texts else SOMETHING,
        body="" if not texts else f"{found.sender}: {said}" if found.group_name else said,
        topic=room_id,
        ttl_s=_DAY_S,
        url=f"/#room/{room_id}",
        urgent=True,
    )


def _jobs(room_ids: Collection[str], moment: int) -> Mapping[str, PushRoom]:
    """By their keys."""
    return {f"push-room:{each}:{moment}": PushRoom(room_id=each, moment=moment) for each in room_ids}
