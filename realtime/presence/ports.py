"""What presence asks of stores, and of the sockets of this process."""

import asyncio
from collections.abc import Collection, Iterable
from typing import Protocol

from core.presence import ExpiredLease, PresenceState
from core.vocabulary import OwnStatus
from core.wire.message import Event


class PresenceStore(Protocol):
    """Keeps who is present: a lease for each connection. Times are ms since the epoch.

    `arrive`, `depart` and `set_status` also announce that there is news of the user, in the same step.
    """

    async def arrive(self, user_id: str, connection: str, device: str, now: int, lease_s: int) -> OwnStatus:
        """The connection counts until its lease ends; `renew` prolongs it. Gives its user's own status."""

    async def renew(
        self, connections: Collection[tuple[str, str]], now: int, lease_s: int
    ) -> frozenset[tuple[str, str]]:
        """Prolong the leases of these users and connections. Gives those that are not known (any more).

        Also those whose lease has expired and is being handled by a node: others may have been told that the
        user is gone.
        """

    async def depart(self, user_id: str, connection: str, now: int) -> PresenceState:
        """The connection is gone. Gives the state of its user without it. A repeat has no effect.

        When all that follows from it is done, `settle` it. Otherwise it is found like an expired lease.
        """

    def set_status(self, user_id: str, status: OwnStatus, now: int) -> asyncio.Future[None]:
        """How the user wants to be seen, on all their devices and when they come back."""

    async def read_many(self, user_ids: Collection[str], now: int) -> dict[str, PresenceState]:
        """What is known of each of them, also of those never heard of."""

    async def expired(self, now: int) -> list[ExpiredLease]:
        """Connections whose lease has expired, claimed for seconds: `settle` each, or it is found again."""

    async def settle(self, user_id: str, connection: str, now: int) -> None:
        """All that follows from its departure is done: forget the connection, unless it has come back."""


class Companions(Protocol):
    """Connections and friendships in Postgres: with one, two users may see each other's presence."""

    def connected(self, pairs: Collection[tuple[str, str]]) -> asyncio.Future[frozenset[tuple[str, str]]]:
        """Those of these pairs, as they were given, who are friends or have an active connection."""


class Reticent(Protocol):
    """The settings in Postgres."""

    def hiding_last_seen(self, user_ids: Collection[str]) -> asyncio.Future[frozenset[str]]:
        """Those who show nobody when they were last here."""


class Busy(Protocol):
    """The calls on record in Postgres."""

    async def in_call(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those who are in a call or have an offer."""


class Queuing(Protocol):
    """The queue in Redis."""

    async def queuing(self, user_ids: Collection[str]) -> frozenset[str]:
        """Those who wait in the queue."""


class Sockets(Protocol):
    """The connections of this process, by their `sid`."""

    def __len__(self) -> int:
        """How many there are."""

    def holds(self, sid: str) -> bool:
        """Whether it is here."""

    def send(self, sids: Iterable[str], event: Event) -> None:
        """A volatile event to these connections; no effect for those that are gone."""
