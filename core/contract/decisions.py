"""What both say after a call: whether to stay in touch."""

from typing import Annotated

from msgspec import Meta

from core.contract.profiles import ProfileCard
from core.vocabulary import Id, Outcome
from core.wire.message import Command, Empty, Event, Input, Wire


class Feedback(Input):
    """How the call was."""

    rating: Annotated[int, Meta(ge=1, le=5)] | None = None
    icebreaker_helped: bool | None = None


class DecisionSubmit(Command, event="decision:submit", reply=Empty):
    """Whether to stay in touch. Sealed: the other learns of a yes only when both ways are open."""

    call_id: Id
    connect: bool
    feedback: Feedback | None = None


class NewConnection(Wire):
    """The connection that a yes has made."""

    id: Id
    room_id: Id
    peer: ProfileCard


class DecisionResult(Event, event="decision:result"):
    """`connected` at once, `not_connected` at the deadline only: a refusal and a time-out look the same."""

    call_id: Id
    outcome: Outcome
    connection: NewConnection | None = None
