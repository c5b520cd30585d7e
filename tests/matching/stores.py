"""What the nodes of a simulation share: all in memory, or tickets, calls and the fence in real servers."""

from typing import Any, Protocol

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from core.ticket import Claim, Ticket
from db.redis.calls import RedisCalls
from db.redis.multiplexed import RedisClient
from db.redis.tickets import RedisTickets, places
from realtime.matchmaking.ports import TicketStore
from tests.matching.memory import MemoryTickets
from tests.matching.memory_calls import MemoryCalls, MemoryRecord
from tests.text import text

BOUNDED = ("recent", "waits")  # by number: the latest that joined, the latest waits
HOUR_MS = 3_600_000  # and all that is no hash and no sorted set is bounded by time
WEEK_MS = 7 * 24 * HOUR_MS  # how somebody has waited before


class Snapshot(Struct, frozen=True, kw_only=True):
    """What a store of tickets holds, checked to hold together."""

    waiting: dict[str, str]  # user -> ticket
    reserved: frozenset[str]  # users among those who wait: nobody is matched with them yet
    held: dict[str, str]  # user -> call
    claims: dict[str, Claim]
    gone: frozenset[str]  # tickets
    leases: dict[str, int]

    def __post_init__(self) -> None:
        assert self.held.keys().isdisjoint(self.waiting)
        orphans = {user: call for user, call in self.held.items() if call not in self.claims}
        assert not orphans, f"held by claims that nobody will finish: {orphans}"
        assert self.leases.keys() == self.held.keys() | self.waiting.keys()

    @property
    def empty(self) -> bool:
        """Nothing is left but what has a bound."""
        return not (self.waiting or self.held or self.claims or self.gone or self.leases)


class StorePair(Protocol):
    """What the nodes share, one way or the other."""

    record: Any
    calls: Any
    people: tuple[str, ...]  # ids of accounts

    def tickets(self) -> TicketStore:
        """As one node has it: with a memory of its own."""

    async def snapshot(self) -> Snapshot:
        """Raises AssertionError when what belongs together is not."""


class MemoryStores:
    """Twins of all three."""

    def __init__(self, people: tuple[str, ...]) -> None:
        self.people, self.record, self.calls = people, MemoryRecord(), MemoryCalls()
        self._tickets = MemoryTickets()

    def tickets(self) -> TicketStore:
        return self._tickets

    async def snapshot(self) -> Snapshot:
        all_of_it = self._tickets
        return Snapshot(
            waiting={u: t.id for u, t in all_of_it.tickets.items() if u not in all_of_it.held},
            reserved=frozenset(all_of_it.reserved),
            held=dict(all_of_it.held),
            claims=dict(all_of_it.claims),
            gone=frozenset(all_of_it.gone),
            leases=dict(all_of_it.leases),
        )


class RedisStores:
    """Tickets and calls in Redis, the fence wherever it is told."""

    def __init__(
        self, redis: Redis, client: RedisClient, region: str, people: tuple[str, ...], record: Any
    ) -> None:
        self._redis, self._client, self._region = redis, client, region
        self.people, self.record, self.calls = people, record, RedisCalls(client)

    def tickets(self) -> TicketStore:
        return RedisTickets(self._client, self._region)

    async def snapshot(self) -> Snapshot:
        return read(await contents(self._redis, f"queue:{{{self._region}}}:"))


async def contents(redis: Redis, prefix: str) -> dict[str, Any]:
    """Every key that begins so, less that, with all that it holds."""
    found: dict[str, Any] = {}
    async for key in redis.scan_iter(f"{prefix}*", count=1_000):
        kind = text(await redis.type(key))
        name = text(key).removeprefix(prefix)
        if kind == "hash":
            found[name] = {text(k): v for k, v in (await redis.hgetall(key)).items()}
        elif kind == "zset":
            scored: list[Any] = await redis.zrange(key, 0, -1, withscores=True)
            found[name] = {text(k): int(at) for k, at in scored}
        elif name.partition(":")[2] not in BOUNDED and name != "aside":  # for an operator
            longest = WEEK_MS if name.startswith("habit:") else HOUR_MS
            assert -1 != await redis.pttl(key) <= longest, f"{name} stays for ever"
    return found


def read(found: dict[str, Any]) -> Snapshot:
    """From the keys at the head of db/redis/tickets.py; each of them must agree with the others."""
    tickets, users, held = found.pop("tickets", {}), found.pop("users", {}), found.pop("held", {})
    standing, claims = found.pop("places", {}), found.pop("claims", {})
    assert tickets.keys() == standing.keys() == {own.decode() for own in users.values()}
    assert held.keys() <= tickets.keys()
    assert claims.keys() == found.pop("claimed", {}).keys()
    gone, leases = found.pop("gone", {}), found.pop("leases", {})
    waiting = {user: own.decode() for user, own in users.items() if own.decode() not in held}
    pools: dict[str, dict[str, int]] = {}
    reserved: set[str] = set()
    for body in (tickets[own] for own in waiting.values()):
        ticket = msgspec.msgpack.decode(body, type=Ticket)
        assert standing[ticket.id].decode() == places(ticket)
        if ticket.id not in found.get(ticket.mode, {}):
            reserved.add(ticket.user_id)
            continue
        for pool in places(ticket).split():
            if "=" not in pool:  # a trait, of which no set is kept
                pools.setdefault(pool, {})[ticket.id] = ticket.joined_at
    assert found == pools, "the pools hold those who wait, each at its place, and nobody else"
    return Snapshot(
        waiting=waiting,
        reserved=frozenset(reserved),
        held={user: held[own.decode()].decode() for user, own in users.items() if own.decode() in held},
        claims={call_id: msgspec.msgpack.decode(body, type=Claim) for call_id, body in claims.items()},
        gone=frozenset(gone),
        leases=leases,
    )
