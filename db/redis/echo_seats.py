"""Which processes answer echo calls, and which calls have a seat there, for all nodes.

A process has a lease. Whoever makes an echo call takes a seat first, in one script that also tells the
process; a process that is there takes over the seats of those that are not. Redis' errors pass through.
"""

from pathlib import Path

from msgspec import Struct

from db.redis.multiplexed import RedisClient, load_script

LEASE_MS = 6_000
_KEYS = ("echo:{echo}:processes", "echo:{echo}:seats")
_LUA = Path(__file__).with_name("lua") / "echo"
_TAKE = load_script(_LUA / "take.lua", repeatable=False)
_HOLD = load_script(_LUA / "hold.lua", repeatable=True)


class Full(Struct, frozen=True):
    """All seats are taken; the first is free at this time (ms) at the latest."""

    until: int


def channel(process: str) -> str:
    """Where a process hears of calls that were given a seat there."""
    return f"echo:{process}"


class EchoSeats:
    """`seats` are those of each process."""

    def __init__(self, redis: RedisClient, *, seats: int) -> None:
        self._redis, self._seats = redis, seats

    async def take(self, call_id: str, *, now: int, until: int) -> str | Full | None:
        """The process that answers this call; it has the seat `until` then, if it does not give it back.

        None: there is no process.
        """
        found = await self._redis.run(_TAKE, _KEYS, (now, call_id, until, self._seats))
        return Full(found) if isinstance(found, int) else found.decode() or None

    async def hold(self, process: str, *, now: int) -> list[str]:
        """This process is there for a lease from now on: the calls that have a seat there."""
        args = (now, process, now + LEASE_MS, self._seats)
        return [call_id.decode() for call_id in await self._redis.run(_HOLD, _KEYS, args)]

    async def give_back(self, process: str, call_id: str) -> None:
        """The call is over."""
        await self._redis.command("ZREM", _KEYS[1], f"{process} {call_id}", repeatable=True)

    async def leave(self, process: str) -> None:
        """This process is going away: no call is given to it any more, and others take over those it has."""
        await self._redis.command("ZREM", _KEYS[0], process, repeatable=True)
