"""What use cases need of others, as interfaces; `composition/` chooses the implementations."""

from asyncio import Future
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from typing import IO, Any, Literal, Protocol

from msgspec import Struct

from core.errors import Unavailable
from core.numbered_event import NumberedEvent
from core.wire.message import Event
from db.objects.store import Listed
from db.postgres.blocks import PendingBlock
from db.postgres.devices import Target


class Events(Protocol):
    """The event log, through which all events reach users."""

    def send(
        self,
        user_id: str,
        event: Event,
        *,
        device: str | None = None,
        not_device: str | None = None,
        key: str | None = None,
    ) -> Awaitable[Any]:
        """To all devices of the user, to one, or to all but one.

        Durable events are stored first. The same `key` again (within minutes) has no effect. What is sent in
        one turn of the loop goes out in this order, behind all else that is asked of Redis in that turn.
        Raises an outage if Redis does not answer.
        """

    def pass_on(
        self, user_id: str, name: str, data: bytes, *, device: str | None, not_device: str | None, key: str
    ) -> Awaitable[Any]:
        """The same for a durable event in the words of the wire, which another version may have chosen."""

    async def announce(self, numbered: Sequence[NumberedEvent]) -> list[int | None]:
        """Durable events to all devices, each in its turn and once: the same number again has no effect.

        If it is not an event's turn yet, because its user was not told what comes before it, it is not sent,
        and the answer in its place is up to which number that user was told in this lane. Raises the same.
        """

    def tell_all(
        self, numbered: Sequence[NumberedEvent]
    ) -> "Iterable[tuple[int, Future[Sequence[int | Exception]]]]":
        """The same without a task: how many of the next are told together, and the answers of those.

        -1 once all have been told; what keeps one alone from being told is its answer.
        """

    @property
    def generation(self) -> int:
        """Another number when what was told until now may have been lost."""

    async def replicated(self) -> None:
        """Ends when what was told before outlives the server that was told; or after some seconds.

        Raises the same, and then it may be lost.
        """

    def send_all(self, events: Iterable[tuple[str, Event]]) -> "Future[None]":
        """Volatile events, each to all devices of its user, at little cost for each. Raises the same."""


class Channels(Protocol):
    """The bus between nodes."""

    def publish(self, channel: str, message: bytes) -> Awaitable[Any]:
        """To all nodes that listen, once. Raises an outage if Redis does not answer."""


class BlockEffects(Protocol):
    """Performs the effects of blocks, which the store keeps pending: ends calls, and tells both users."""

    performs: bool  # in this process: then it takes the pending block together with the block

    async def perform(self, pending: PendingBlock | None = None) -> None:
        """Perform this pending block, taken by this process; without one, those that no node has taken.

        Never raises an outage: what cannot be done now is done when the outage is over.
        """


class Limiter(Protocol):
    """Token buckets, shared by all nodes."""

    async def take(self, key: str, *, rate_per_s: float, burst: int, cost: int = 1, now: int) -> int:
        """Take `cost` out of the bucket at time `now` in ms: 0, or the ms until it would hold enough.

        A bucket holds `burst` at most and gains `rate_per_s`; a refusal takes nothing, and a negative cost
        gives back.
        """


class LocalLimiter(Protocol):
    """The same of this process alone: nobody has to wait for the count."""

    def take_here(self, key: str, *, rate_per_s: float, burst: int, now: int) -> int:
        """Take one, as `Limiter.take` does."""


class Verdict(Struct, frozen=True):
    """What a scan says: it may be shown, it may not, or a moderator has to look. The `reason` is for them."""

    verdict: Literal["pass", "refuse", "review"]
    reason: str | None = None


class ProviderKeys(Protocol):
    """The keys with which somebody signs who vouches for others: Google, Apple."""

    async def key(self, kid: str, now: int) -> Mapping[str, Any] | None:
        """The key (JWK) of this id; None: they have none. Raises `Unavailable` if they cannot be asked."""


class Scan(Protocol):
    """Looks at what strangers are to see. All methods raise `Unavailable` if nobody can look right now."""

    async def text(self, text: str) -> Verdict:
        """Whether strangers may read it."""

    async def picture(self, data: bytes, content_type: str) -> Verdict:
        """Whether strangers may see it."""


class Letter(Struct, frozen=True, kw_only=True):
    """A mail to one person. `message_id` stays the same when it is sent again."""

    to: str
    subject: str
    text: str
    html: str | None = None
    message_id: str


class Undeliverable(Exception):
    """It can never reach this address or number; the text says why, and does not name it."""


class AskAgain(Unavailable):
    """Whoever was asked cannot now, and says when to ask again: not before `after_ms`."""

    def __init__(self, why: str, *, after_ms: int = 0) -> None:
        super().__init__(why)
        self.after_ms = after_ms


class Refused(Exception):
    """It is not taken, and would not be a moment later: an operator may mend that; the text says why."""


class Misconfigured(Refused):
    """It is refused for what we say of ourselves, to whomever it goes: that tells nothing of a device."""


class RingsNoMore(Exception):
    """A phone does not ring by itself any more; what it shows may still reach it. The text says why."""


class Mail(Protocol):
    """Takes mail to whom it is for."""

    async def send(self, letter: Letter) -> None:
        """It was taken. Raises `Unavailable` if it cannot be now, and `Undeliverable`."""


class Sms(Protocol):
    """Takes short texts to phones."""

    async def send(self, to: str, text: str, *, sms_id: str) -> None:
        """It was taken; a gateway may know a copy by its id. Raises the same."""


class Ring(Struct, frozen=True, kw_only=True):
    """A call, for a phone that rings by itself. `caller`: whom it names; empty: nobody."""

    caller: str
    video: bool


class Pushed(Struct, frozen=True, kw_only=True):
    """What a device shows while its app is not in use; `url`: where it leads.

    Of a `topic` the newest is shown, in place of those before. `ttl_s`: for how long a device that cannot be
    reached is tried. `urgent`: one that sleeps is woken for it. `kind`: what it is, for the app. `closes`:
    what was shown of these topics is not any more; then nothing else is shown, and it has no title. `ring`:
    of a call, while it rings.
    """

    id: str
    kind: str = "notification"
    title: str
    body: str
    topic: str
    ttl_s: int
    url: str | None = None
    urgent: bool = False
    closes: tuple[str, ...] = ()
    ring: Ring | None = None


class Push(Protocol):
    """Takes notifications to devices, through the services of those who make them."""

    async def send(self, device: Target, pushed: Pushed) -> None:
        """It was taken. Raises `Unavailable`, `Refused`, and for a device that is not reached so any more
        `Undeliverable`, or `RingsNoMore`.
        """


class Sent(Struct, frozen=True, kw_only=True):
    """What would have been sent: by `mail`, as `sms`, or as `push`."""

    by: str
    to: str
    subject: str | None = None
    text: str
    at: int


class DevOutbox(Protocol):
    """Keeps for developers what would have been sent. Errors of an outage pass through."""

    async def put(self, sent: Sent) -> None:
        """One more."""


class Objects(Protocol):
    """Bytes by name, outside the database. All methods raise `Unavailable` if the store does not serve."""

    async def put(self, key: str, data: bytes) -> None:
        """Write an object, in place of what was there."""

    async def get(self, key: str) -> bytes | None:
        """All of it; None: there is no such object."""

    async def part(self, key: str, which: range) -> bytes | None:
        """Those of its bytes, which it has; None: there is no such object."""

    async def put_file(self, key: str, file: IO[bytes]) -> None:
        """Write an object of what is in a file from where that stands, piece by piece."""

    async def size(self, key: str) -> int | None:
        """How many bytes it has; None: there is no such object."""

    async def address_to_put(self, key: str, valid_s: int) -> str | None:
        """Where a client may write it by itself, for so long; None: nowhere, it has to go through the server.

        Such an address bounds no size: look at what has come.
        """

    async def delete(self, key: str) -> None:
        """Delete it, if it is there."""

    def listed(self) -> AsyncIterator[Sequence[Listed]]:
        """All objects, some at a time, in no order."""
