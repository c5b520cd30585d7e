"""One client's connection: its user, where it goes on from, and when its token expires."""

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct

from core.token_bucket import Pace
from db.postgres.profiles import Beginning
from db.redis.event_log import Announcement, EventId
from realtime.gateway.caller import Caller
from realtime.gateway.command_queue import CommandQueue
from realtime.gateway.known_ticket import KnownTicket
from realtime.gateway.subscription import Subscription


class Opening(Struct, frozen=True):
    """How a connection begins: its `pid`, and after which event it goes on.

    `offset` is the text that `session:ready` carries, `missed` what is sent after it.
    """

    pid: str
    recovered: bool
    start: EventId
    offset: str
    missed: Sequence[Announcement] = ()


class Connection:
    """Mutable, owned by the gateway. `expires_at` in Unix milliseconds; while `silent` it counts as gone.

    `beginning` is what its client starts with, until it is told.
    `signed_out`: its session has ended, so its client does not come back with it.
    `sent_away`: this node ends, and has closed its transport, so that its client goes to another one.
    `unsure`: while it was being opened a session may have ended, or the bus may have missed something.
    """

    def __init__(
        self,
        caller: Caller,
        opening: Opening,
        *,
        expires_at: int,
        subscription: Subscription,
        command_queue: CommandQueue,
        pace: Pace,
        listener: Callable[[bytes], None],
        beginning: Beginning | None = None,
    ) -> None:
        self.caller = caller
        self.opening = opening
        self.expires_at = expires_at
        self.subscription = subscription
        self.command_queue = command_queue
        self.pace = pace
        self.listener = listener
        self.beginning = beginning
        self.known_ticket = KnownTicket()
        self.revoked = False
        self.signed_out = False
        self.silent = False
        self.sent_away = False
        self.unsure = False
        self.welcome: asyncio.Task[None] | None = None
        self.expiry: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Send nothing more to this connection."""
        self.subscription.close()
        if self.expiry is not None:
            self.expiry.cancel()
        if self.welcome is not None:
            self.welcome.cancel()
