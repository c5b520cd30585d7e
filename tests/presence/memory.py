"""Presence in memory: says what each operation of the store means. The same tests hold for both."""

import asyncio
from collections import defaultdict
from collections.abc import Collection

from msgspec import Struct

from core.presence import ExpiredLease, PresenceState
from core.vocabulary import OwnStatus
from db.redis.presence import CLAIM_MS


class Lease(Struct):
    device: str
    ends: int
    claimed_until: int = 0


class KnownUser(Struct):
    leases: dict[str, Lease]
    own: OwnStatus = "online"
    last_seen: int | None = None

    def state(self, now: int) -> PresenceState:
        live = {c: lease.device for c, lease in self.leases.items() if lease.ends > now}
        return PresenceState(connections=live, own=self.own, last_seen=self.last_seen)

    def seen(self, now: int) -> None:
        if self.own != "invisible":
            self.last_seen = now


class MemoryPresence:
    """Implements `realtime.presence.ports.PresenceStore`."""

    def __init__(self) -> None:
        self.people: dict[str, KnownUser] = defaultdict(lambda: KnownUser({}))

    async def arrive(self, user_id: str, connection: str, device: str, now: int, lease_s: int) -> OwnStatus:
        person = self.people[user_id]
        person.leases[connection] = Lease(device, now + lease_s * 1000)
        person.seen(now)
        return person.own

    async def renew(
        self, connections: Collection[tuple[str, str]], now: int, lease_s: int
    ) -> frozenset[tuple[str, str]]:
        known = {(u, c) for u, c in connections if c in (held := self.people[u].leases) and held[c].ends}
        judged = {(u, c) for u, c in known if self.people[u].leases[c].claimed_until}
        for user_id, connection in known:
            person = self.people[user_id]
            person.leases[connection] = Lease(person.leases[connection].device, now + lease_s * 1000)
            person.seen(now)
        return frozenset(connections) - (known - judged)

    async def depart(self, user_id: str, connection: str, now: int) -> PresenceState:
        person = self.people[user_id]
        if lease := person.leases.get(connection):
            lease.ends, lease.claimed_until = 0, now + CLAIM_MS
            person.seen(now)
        return person.state(now)

    def set_status(self, user_id: str, status: OwnStatus, now: int) -> "asyncio.Future[None]":
        person = self.people[user_id]
        person.seen(now)
        person.own = status
        person.seen(now)
        return asyncio.ensure_future(asyncio.sleep(0))

    async def read_many(self, user_ids: Collection[str], now: int) -> dict[str, PresenceState]:
        return {user_id: self.people[user_id].state(now) for user_id in user_ids}

    async def expired(self, now: int) -> list[ExpiredLease]:
        found = []
        for user_id, person in self.people.items():
            for connection, lease in person.leases.items():
                if lease.ends <= now and lease.claimed_until <= now:
                    lease.claimed_until = now + CLAIM_MS
                    left = person.state(now)
                    found.append(
                        ExpiredLease(user_id=user_id, connection=connection, device=lease.device, left=left)
                    )
        return found

    async def settle(self, user_id: str, connection: str, now: int) -> None:
        leases = self.people[user_id].leases
        if connection in leases and leases[connection].ends <= now:
            del leases[connection]
