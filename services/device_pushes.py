"""Pushes on their way to all devices of many users at once, so many side by side.

A device that will never be reached so again is forgotten: as its push service says so, or as that has said
no for days. A push service that does not answer keeps nobody waiting for long, and fills no log.
"""

import asyncio
from collections.abc import Mapping

import structlog
from msgspec import Struct
from msgspec.structs import replace

from core.clock import DAY_MS, Clock
from core.errors import Unavailable
from db.postgres.devices import DeviceStore, Target
from services.ports import AskAgain, Misconfigured, Push, Pushed, Refused, RingsNoMore, Undeliverable
from services.push_metrics import PushMetrics

_AT_ONCE = 50
_AGAIN_MS = 5_000
_SAID_EACH_MS = 3_600_000
# An operator has a day to mend what is ours; a service that says no to one device alone does so for good.
_REFUSED, _REFUSED_MS = 10, DAY_MS
_log = structlog.get_logger()


class Unreached(Struct, frozen=True):
    """A device that was not reached, and in how many ms it may be."""

    user_id: str
    device_id: str
    in_ms: int


class DevicePushes:
    """`push` None: this server reaches no devices."""

    def __init__(self, devices: DeviceStore, push: Push | None, metrics: PushMetrics, clock: Clock) -> None:
        self._devices, self._push, self._metrics, self._clock = devices, push, metrics, clock
        self._said: dict[str, int] = {}

    async def send(self, pushed: Mapping[str, Pushed]) -> list[Unreached]:
        """To each device of these users what is for them; those to be tried again."""
        if self._push is None or not pushed:
            return []
        push, turns = self._push, asyncio.Semaphore(_AT_ONCE)
        found = await self._devices.of_users(pushed.keys(), self._clock())

        async def to_one(user_id: str, device: Target) -> Unreached | None:
            async with turns:
                try:
                    await self._to_one(push, user_id, device, pushed[user_id])
                except Unavailable as why:
                    pause = max(_AGAIN_MS, why.after_ms if isinstance(why, AskAgain) else 0)
                    return Unreached(user_id, device.device_id, pause)
            return None

        reached = await asyncio.gather(*(to_one(*each) for each in found), return_exceptions=True)
        unreached = []
        for each in reached:
            if isinstance(each, BaseException):
                raise each
            if each is not None:
                unreached.append(each)
        return unreached

    async def send_again(self, user_id: str, device_id: str, pushed: Pushed) -> None:
        """To this device, if it is still there. Raises `Unavailable`."""
        if self._push is None:
            return
        for device in await self._devices.of_user(user_id, self._clock()):
            if device.device_id == device_id:
                await self._to_one(self._push, user_id, device, pushed)

    async def _to_one(self, push: Push, user_id: str, device: Target, pushed: Pushed) -> None:
        try:
            await push.send(device, pushed)
        except Undeliverable as why:
            _log.info("a device is reached no longer", why=str(why))
            self._metrics.ended(device.platform, "gone")
            await self._devices.forget(user_id, device)
        except RingsNoMore as why:
            _log.info("a phone rings by itself no longer", why=str(why))
            self._metrics.ended(device.platform, "gone")
            await self._devices.rings_no_more(user_id, device)
            # It shows who calls instead, as one does that never rang by itself.
            await self._to_one(push, user_id, replace(device, voip_token=None), pushed)
        except Refused as why:
            self._metrics.ended(device.platform, "refused")
            self._say("a push is refused", device, why)
            if not isinstance(why, Misconfigured):
                await self._refused(user_id, device)
        except Unavailable as why:
            self._metrics.ended(device.platform, "failed")
            self._say("a push is tried again", device, why)
            raise
        else:
            self._metrics.ended(device.platform, "sent")
            if device.refused:
                await self._devices.welcome(user_id, device)

    async def _refused(self, user_id: str, device: Target) -> None:
        times, for_ms = await self._devices.refused(user_id, device, self._clock())
        if is_dead(times, for_ms):
            _log.info("a device is reached no longer", why="Its push service has said no for days.")
            self._metrics.ended(device.platform, "gone")
            await self._devices.forget(user_id, device)

    def _say(self, what: str, device: Target, why: Exception) -> None:
        """To whoever reads the log: once an hour, however many devices it is about."""
        now, about = self._clock(), f"{what} {device.platform}"
        if now - self._said.get(about, -_SAID_EACH_MS) >= _SAID_EACH_MS:
            self._said[about] = now
            _log.warning(what, platform=device.platform, why=str(why), metric="realtime_pushes_total")


def is_dead(times: int, for_ms: int) -> bool:
    """Whether a device is given up whose push service has said no so often in a row, for so long. Pure."""
    return times >= _REFUSED and for_ms >= _REFUSED_MS
