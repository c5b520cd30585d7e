"""Presence in Redis: a lease for each connection, so that a node's death is noticed when leases end.

    presence:{shard}:<user>    hash  own, last_seen; "@<connection>" -> "<lease ends> <device>"
    presence:{shard}:leases    zset  "<user> <connection>" by when its lease, or a node's claim on it, ends

The hash is what counts; the sorted set finds expired leases. Each change is one script in one slot. One
that others may see (they arrive, depart, choose a status) also announces itself on the user's `channel`: that
there is news; of a status also which, as what else is known of the user stays as it was.
"""

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from core.presence import ExpiredLease, PresenceState, channel
from core.vocabulary import OwnStatus
from db.redis.multiplexed import Arg, RedisClient, Script, load_script

# If it is changed, all connections have to arrive again, which they do with their next renewal.
SHARDS = 8
CLAIM_MS = 5_000
_KEPT_MS = 30 * 86_400_000
_LAPSES_AT_ONCE = 50
_RENEWED_AT_ONCE = 200  # a script of about a millisecond, during which Redis serves nobody else
# A second `renew` would not say who was taken for gone, a second `claim` not what it has claimed.
_ONCE = {"renew", "claim"}
_SCRIPTS: Mapping[str, Script] = {
    file.stem: load_script(file, repeatable=file.stem not in _ONCE)
    for file in (Path(__file__).with_name("lua") / "presence").glob("*.lua")
}


def read_choice(message: bytes) -> tuple[OwnStatus, int]:
    """What is announced of a user who has chosen a status: it, and when they were last seen."""
    own, last_seen = message.decode().split()
    return cast("OwnStatus", own), int(last_seen)


class RedisPresence:
    """Implements `realtime.presence.ports.PresenceStore`. Redis' errors pass through."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def arrive(self, user_id: str, connection: str, device: str, now: int, lease_s: int) -> OwnStatus:
        """Add the connection, with a lease that ends unless it is renewed. Gives the user's own status."""
        args = (now, now + lease_s * 1000, _KEPT_MS, user_id, connection, device, channel(user_id))
        return _own(await self._run("arrive", _both(user_id), args))

    async def renew(
        self, connections: Collection[tuple[str, str]], now: int, lease_s: int
    ) -> frozenset[tuple[str, str]]:
        """Prolong leases, each of a user and a connection. Gives those unknown, or taken for gone."""
        by_shard: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for user_id, connection in connections:
            by_shard[_shard(user_id)].append((user_id, connection))
        asked = []
        for shard, held in by_shard.items():
            for start in range(0, len(held), _RENEWED_AT_ONCE):
                some = held[start : start + _RENEWED_AT_ONCE]
                keys = [_leases(shard), *(_user(user_id) for user_id, _ in some)]
                times = (now, now + lease_s * 1000, _KEPT_MS)
                args: tuple[Arg, ...] = (*times, *(part for pair in some for part in pair))
                asked.append((some, self._run("renew", keys, args)))
        return frozenset([some[position] for some, unknown in asked for position in await unknown])

    async def depart(self, user_id: str, connection: str, now: int) -> PresenceState:
        """The connection is gone. Gives what its user still has. To depart twice is as good as once.

        It has to be `settle`d like an expired lease; otherwise `expired` finds it.
        """
        args = (now, user_id, connection, "left", now + CLAIM_MS, channel(user_id))
        return _read(await self._run("depart", _both(user_id), args), now)

    def set_status(self, user_id: str, status: OwnStatus, now: int) -> "asyncio.Future[None]":
        """Set the status that the user chose, for all their devices and for when they come back."""
        return self._run("set_own", [_user(user_id)], (now, status, _KEPT_MS, channel(user_id)))

    async def read_many(self, user_ids: Collection[str], now: int) -> dict[str, PresenceState]:
        """The state of each of these users, also of unknown ones."""
        asked = [(user_id, self._redis.command("HGETALL", _user(user_id))) for user_id in user_ids]
        return {user_id: _read(await fields, now) for user_id, fields in asked}

    async def expired(self, now: int) -> list[ExpiredLease]:
        """Expired connections, taken for `CLAIM_MS`: `settle` each, or they are found again after that."""
        # Mostly there are none, and to see that needs no script.
        keys = [_leases(shard) for shard in range(SHARDS)]
        first = [self._redis.command("ZRANGEBYSCORE", key, "-inf", now, "LIMIT", 0, 1) for key in keys]
        args = (now, now + CLAIM_MS, _LAPSES_AT_ONCE)
        claims = [
            self._run("claim", [key], args) for key, found in zip(keys, first, strict=True) if await found
        ]
        leases = [lease.decode().split(" ", 1) for claimed in claims for lease in await claimed]
        asked = [(*lease, self._redis.command("HGETALL", _user(lease[0]))) for lease in leases]
        return [
            ExpiredLease(
                user_id=user_id, connection=connection, device=_device(fields, connection), left=left
            )
            for user_id, connection, found in asked
            if connection not in (left := _read(fields := await found, now)).connections
        ]

    async def settle(self, user_id: str, connection: str, now: int) -> None:
        """Everything that follows from its end is done: forget the connection, unless it has come back."""
        await self._run("depart", _both(user_id), (now, user_id, connection, "lapsed", 0, ""))

    def _run(self, script: str, keys: Sequence[str], args: Sequence[Arg]) -> "asyncio.Future[Any]":
        return self._redis.run(_SCRIPTS[script], keys, args)


@lru_cache(16_384)  # every few seconds, of all who are connected here
def _shard(user_id: str) -> int:
    return zlib.crc32(user_id.encode()) % SHARDS


def _leases(shard: int) -> str:
    return f"presence:{{presence-{shard}}}:leases"


def _user(user_id: str) -> str:
    return f"presence:{{presence-{_shard(user_id)}}}:{user_id}"


def _both(user_id: str) -> list[str]:
    return [_leases(_shard(user_id)), _user(user_id)]


def _read(flat: list[bytes], now: int) -> PresenceState:
    """From a hash as Redis gives it: names and values alternate."""
    fields = _fields(flat)
    leases = {name[1:].decode(): value.split(b" ", 1) for name, value in fields.items() if name[:1] == b"@"}
    last_seen = fields.get(b"last_seen")
    return PresenceState(
        connections={c: device.decode() for c, (ends, device) in leases.items() if int(ends) > now},
        own=_own(fields.get(b"own")),
        last_seen=int(last_seen) if last_seen else None,
    )


def _own(chosen: bytes | None) -> OwnStatus:
    return cast("OwnStatus", chosen.decode()) if chosen else "online"


def _fields(flat: list[bytes]) -> Mapping[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _device(flat: list[bytes], connection: str) -> str:
    """The device of a connection, also of an expired one; empty if Redis does not know it any more."""
    return _fields(flat).get(b"@" + connection.encode(), b" ").split(b" ", 1)[1].decode()
