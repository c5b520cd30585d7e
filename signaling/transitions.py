"""The call's state machine: whether a call may change as a message asks, and what follows.

Pure: `advance` takes the call, a message and the time, and returns the next call and its effects, which the
executor of the realtime side performs. The table at the end says what may
happen when; docs/calls.md draws it. Deadlines are set where a state begins: `joining`, `grace`, `ending`.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from core.errors import AppError, Conflict, Expired, Gone
from core.vocabulary import EndReason
from signaling import ending, extending, inviting, joining, relay, reporting, voting
from signaling.call import ACTIVE, STARTED, Call, Rules, State
from signaling.effects import Result
from signaling.messages import (
    Accept,
    Back,
    Block,
    CallMessage,
    Connected,
    Deadline,
    Decline,
    Direct,
    Engaged,
    Extend,
    Hangup,
    Lost,
    Moderate,
    PartyMessage,
    Report,
    Restart,
    RungBack,
    Silent,
    Skip,
    Vote,
)


def advance(call: Call, message: CallMessage, now: int, rules: Rules) -> Result:
    """The next call and its effects. Raises the AppError to answer if this state does not allow the message.

    An unchanged call without effects means that there was nothing to do: a repeat, or a timer that fired
    too early.
    """
    if isinstance(message, PartyMessage):
        call.party(message.user_id)
    if _repeated(call, message) or _early(call, message, now):
        return call, ()
    move = TRANSITIONS.get((call.state, type(message)))
    if move is None:
        raise misplaced(call)
    return move.make(call, message, now, rules)


def _repeated(call: Call, message: CallMessage) -> bool:
    """Whether this is a second copy of the message that ended the call: it gets the same answer again."""
    if isinstance(message, Report):
        return message.user_id in call.reported_by
    return (
        isinstance(message, PartyMessage)
        and call.ended_by == message.user_id
        and call.reason in _ENDS.get(type(message), ())
    )


def _early(call: Call, message: CallMessage, now: int) -> bool:
    """Whether a timer fired for which nothing is due, as its deadline has been moved since."""
    if not isinstance(message, Deadline) or extending.warns(call, now):
        return False
    return call.deadline is None or now < call.deadline


def misplaced(call: Call) -> AppError:
    """The error for a message that is not allowed in this state."""
    if call.state in ACTIVE:
        return Conflict("The call is not in a state for this.")
    return Expired("This offer has lapsed.") if call.reason == "no_answer" else Gone("This call has ended.")


def _report(call: Call, message: Report, now: int, rules: Rules) -> Result:
    """Do what a hang-up does in this state, with the changes that only the reporter sees."""
    if call.origin == "echo":
        raise Conflict("There is nobody in this call whom one could report.")
    hang_up = TRANSITIONS[call.state, Hangup].make
    return reporting.ending(*hang_up(call, Hangup(message.user_id), now, rules), message, now)


def _report_undecided(call: Call, message: Report, now: int, _rules: Rules) -> Result:
    return reporting.deciding(call, message, now)


class Move(Struct, frozen=True):
    """The function that makes the change, and the states it may lead to."""

    make: Callable[[Call, Any, int, Rules], Result]
    to: tuple[State, ...]


_ENDS: dict[type[CallMessage], tuple[EndReason, ...]] = {
    Decline: ("declined", "cancelled"),
    Hangup: ("hung_up", "declined", "cancelled"),
    Skip: ("skipped",),
    Block: ("blocked",),
}

_S = State
_OVER = (_S.CLOSED,)
_OVER_OR_OPEN = (_S.DECIDING, _S.CLOSED)

TRANSITIONS: dict[tuple[State, type[CallMessage]], Move] = {
    (_S.OFFERED, Accept): Move(joining.accept, (_S.OFFERED, _S.CONNECTING)),
    (_S.OFFERED, Decline): Move(inviting.decline, _OVER),
    (_S.OFFERED, Hangup): Move(inviting.decline, _OVER),
    (_S.OFFERED, Skip): Move(ending.skip, _OVER),
    (_S.OFFERED, Report): Move(_report, _OVER),
    (_S.OFFERED, Block): Move(inviting.block, _OVER),
    (_S.OFFERED, Moderate): Move(inviting.moderate, _OVER),
    (_S.OFFERED, Engaged): Move(inviting.engaged, (_S.OFFERED, _S.CLOSED)),
    (_S.OFFERED, RungBack): Move(inviting.rung_back, (_S.OFFERED,)),
    (_S.OFFERED, Lost): Move(joining.lost, (_S.OFFERED,)),
    (_S.OFFERED, Back): Move(joining.back, (_S.OFFERED,)),
    (_S.OFFERED, Silent): Move(inviting.silent, (_S.OFFERED, _S.CLOSED)),
    (_S.OFFERED, Deadline): Move(ending.lapse, _OVER),
    (_S.CONNECTING, Deadline): Move(ending.never_connected, _OVER),
    (_S.LIVE, Deadline): Move(extending.due, (_S.LIVE, _S.DECIDING, _S.CLOSED)),
    (_S.LIVE, Extend): Move(extending.extend, (_S.LIVE,)),
    (_S.RECONNECTING, Extend): Move(extending.extend, (_S.RECONNECTING,)),
    (_S.RECONNECTING, Deadline): Move(ending.never_back, (_S.DECIDING, _S.CLOSED)),
    (_S.DECIDING, Vote): Move(voting.vote, _OVER_OR_OPEN),
    (_S.DECIDING, Report): Move(_report_undecided, (_S.DECIDING,)),
    (_S.DECIDING, Block): Move(voting.part, _OVER_OR_OPEN),
    (_S.DECIDING, Moderate): Move(voting.undecided, _OVER),
    (_S.DECIDING, Deadline): Move(voting.undecided, _OVER),
    (_S.CLOSED, Vote): Move(voting.vote_late, _OVER),
}
for _state in STARTED:
    _connecting = _S.CONNECTING if _state is _S.CONNECTING else _S.RECONNECTING
    TRANSITIONS |= {
        (_state, Accept): Move(joining.accept_again, (_state,)),
        (_state, Connected): Move(joining.connected, (_state, _S.LIVE)),
        (_state, Restart): Move(joining.restart, (_state, _connecting)),
        (_state, Direct): Move(relay.direct, (_state, _connecting) if _state is _S.LIVE else (_state,)),
        (_state, Lost): Move(joining.lost, (_state, _connecting)),
        (_state, Back): Move(joining.back, (_state, _S.LIVE)),
        (_state, Hangup): (
            Move(ending.give_up, _OVER) if _state is _S.CONNECTING else Move(ending.hangup, _OVER_OR_OPEN)
        ),
        (_state, Skip): Move(ending.skip, _OVER),
        (_state, Report): Move(_report, _OVER if _state is _S.CONNECTING else _OVER_OR_OPEN),
        (_state, Block): Move(ending.block, _OVER),
        (_state, Moderate): Move(ending.moderate, _OVER),
    }
