"""The queue on the wire: join, wait, leave."""

from typing import Annotated, Literal

from msgspec import Meta

from core.vocabulary import Age, Country, Gender, Id, Intent, Language, LeftReason, Mode, Timestamp
from core.wire.message import Command, Empty, Event, Input, Wire


class TicketView(Wire):
    """One's place in the queue."""

    id: Id
    mode: Mode
    state: Literal["waiting", "claimed"]
    joined_at: Timestamp


class Preferences(Input):
    """Whom to meet this time. What is not said comes from the profile's `seeking`.

    Genders and ages are never relaxed; languages, intents and countries are wishes.
    """

    genders: Annotated[list[Gender], Meta(min_length=1, max_length=3)] | None = None
    age_min: Age | None = None
    age_max: Age | None = None
    languages: Annotated[list[Language], Meta(max_length=20)] | None = None
    intents: Annotated[list[Intent], Meta(max_length=4)] | None = None
    countries: Annotated[list[Country], Meta(max_length=50)] | None = None


Range = Annotated[list[int], Meta(min_length=2, max_length=2, examples=[[0, 12_000]])]


class Queued(Wire):
    """The place in the queue and how long it may take. `waiting` counts all in this mode, the caller too.

    The range is one in which 80 % of waits like this one end; it is not there while too few are known.
    """

    ticket: TicketView
    waiting: int
    estimated_wait_ms: int | None
    estimated_wait_range_ms: Range | None = None


class QueueJoin(Command, event="queue:join", reply=Queued, limits=("joins",)):
    """Enter the matching queue; again while waiting gives the same ticket."""

    mode: Mode
    preferences: Preferences = Preferences()


class QueueLeave(Command, event="queue:leave", reply=Empty):
    """Stop waiting; also fine when not waiting."""


class Relaxation(Wire):
    """A wish that is dropped once one has waited `at_ms`."""

    preference: str
    at_ms: int


class Explained(Wire):
    """Why the caller still waits: how many may be offered, and by reason how many not.

    Reasons are `gender` (one does not seek the other), the caller's own `age` range, the caller's own wishes
    while they count (`countries`, `intents`, `languages`), `kept_apart` for all that is between the two or
    lies with the other, which is not told apart, and `asked_more`: they fit, and waiting promises somebody
    who fits better, until one has waited long enough. Where very many wait the counts, but for `gender`, are
    projected from a `sample` of so many, drawn by chance.
    """

    candidates: int
    removed: Annotated[
        dict[str, int], Meta(examples=[{"gender": 3, "age": 2, "kept_apart": 1, "asked_more": 1}])
    ]
    relaxes: list[Relaxation]
    estimated_wait_ms: int | None
    sample: int | None = None
    estimated_wait_range_ms: Range | None = None


class QueueExplain(Command, event="queue:explain", reply=Explained):
    """Why does it take so long?"""


class QueueUpdated(Event, event="queue:updated", volatile=True):
    """How the wait goes, every few seconds."""

    waiting: int
    waited_ms: int
    relaxed: list[str]
    estimated_wait_ms: int | None
    estimated_wait_range_ms: Range | None = None


class QueueLeft(Event, event="queue:left"):
    """The ticket is no more."""

    ticket_id: Id
    reason: LeftReason
