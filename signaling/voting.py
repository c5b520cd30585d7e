"""How the two decide after a call. Pure; the table in `signaling/transitions.py` names these functions."""

from msgspec.structs import replace

from core.contract.decisions import DecisionResult
from core.errors import AlreadyDecided, Expired, Forbidden, Gone
from signaling.call import Call, Rules, State, decider_for
from signaling.decision import agreed
from signaling.effects import Connect, RecordClosed, RecordVote, Result, emit
from signaling.messages import Block, Deadline, Vote


def vote(call: Call, message: Vote, now: int, rules: Rules) -> Result:
    if not call.is_open_to(message.user_id):
        raise Gone("This call is not open to decide.")
    if decider_for(call, message.user_id, rules) == "peer":
        raise Forbidden("It is not for you to decide.")
    before = call.party(message.user_id).vote
    if before is not None:
        if before != message.connect:
            raise AlreadyDecided
        return call, ()
    call = call.with_party(message.user_id, vote=message.connect)
    recorded = RecordVote(message.user_id, message.connect, message.feedback, now)
    first, second = call.parties
    if call.reported_by or not agreed(
        rules.policy, (first.card.gender, second.card.gender), (first.vote, second.vote)
    ):
        return call, (recorded,)
    call = replace(call, state=State.CLOSED, outcome="connected", deadline=None)
    return call, (recorded, Connect(message.connection_id, message.room_id, now))


def vote_late(call: Call, message: Vote, _now: int, rules: Rules) -> Result:
    if call.outcome is None:
        raise Gone("This call is not open to decide.")
    if decider_for(call, message.user_id, rules) == "peer":
        raise Forbidden("It is not for you to decide.")
    before = call.party(message.user_id).vote
    if before is None:
        raise Expired("The time to decide has passed.")
    if before != message.connect:
        raise AlreadyDecided
    return call, ()


def undecided(call: Call, _message: Deadline, now: int, _rules: Rules) -> Result:
    """The time is over. A refusal, a report and silence look the same to those who are told now."""
    asked = [p.user_id for p in call.parties if call.is_open_to(p.user_id)]
    call = replace(call, state=State.CLOSED, outcome="not_connected", deadline=None)
    result = DecisionResult(call_id=call.id, outcome="not_connected")
    return call, (RecordClosed("not_connected", now), *(emit(user_id, result) for user_id in asked))


def part(call: Call, message: Block, now: int, rules: Rules) -> Result:
    """A block closes an open decision, unless the blocker has reported: an early end would tell that."""
    if not call.is_open_to(message.user_id):
        return call, ()
    return undecided(call, Deadline(), now, rules)
