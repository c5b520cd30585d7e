"""How a call ends: what each of the two is told, who gets a place in the queue back, whose fault it was.

Pure; the table in `signaling/transitions.py` names these functions.
"""

from collections.abc import Set
from typing import cast

from msgspec import UNSET
from msgspec.structs import replace

from core.clock import rfc3339
from core.contract.calls import CallEnded, DecisionAsked
from core.errors import Conflict
from core.ticket import Ticket
from core.vocabulary import EndReason
from signaling import grace
from signaling.call import STARTED, Call, Party, Rules, State, decider_for
from signaling.effects import Judge, RecordEnded, Requeue, Reserve, Result, emit
from signaling.messages import Block, Deadline, Decline, Hangup, Moderate, Silent, Skip

DECIDABLE: frozenset[EndReason] = frozenset({"hung_up", "max_duration", "connection_lost"})


def decline(call: Call, message: Decline | Hangup, now: int, rules: Rules) -> Result:
    decliner, other = call.party(message.user_id), call.peer(message.user_id)
    return end(call, "declined", message.user_id, now, rules, requeue=(other,), at_fault=(decliner,))


def lapse(call: Call, _message: Deadline, now: int, rules: Rules) -> Result:
    """Not both accepted in time. One who did gets the old place back; those who did not are at fault."""
    ready = tuple(p for p in call.parties if p.device is not None and not p.lost)
    silent = tuple(p for p in call.parties if p.device is None)
    return end(call, "no_answer", None, now, rules, requeue=ready, at_fault=silent)


def unheard(call: Call, message: Silent, now: int, rules: Rules) -> Result:
    """A user whose devices sleep has no fault and is not queued again; the other gets the old place back."""
    if call.party(message.user_id).device is not None:
        return call, ()
    peer = call.peer(message.user_id)
    return end(call, "no_answer", None, now, rules, requeue=() if peer.lost else (peer,))


def hangup(call: Call, message: Hangup, now: int, rules: Rules) -> Result:
    return end(call, "hung_up", message.user_id, now, rules)


def give_up(call: Call, message: Hangup, now: int, rules: Rules) -> Result:
    """Somebody who accepts and leaves before their own media flows has declined, only later."""
    quitter, peer = call.party(message.user_id), call.peer(message.user_id)
    quits = quitter.connected_epoch != call.epoch and not peer.lost
    return end(call, "hung_up", quitter.user_id, now, rules, at_fault=(quitter,) if quits else ())


def skip(call: Call, message: Skip, now: int, rules: Rules) -> Result:
    """The one who skips joins the end of the queue. In an offer the other gets the old place back."""
    ticket = call.party(message.user_id).ticket
    if ticket is None:
        raise Conflict("Only a matched call can be skipped.")
    call = call.with_party(message.user_id, ticket=replace(ticket, id=message.ticket_id, joined_at=now))
    other = (call.peer(message.user_id),) if call.state is State.OFFERED else ()
    return end(call, "skipped", message.user_id, now, rules, requeue=(*other, call.party(message.user_id)))


def block(call: Call, message: Block, now: int, rules: Rules) -> Result:
    return end(call, "blocked", message.user_id, now, rules)


def moderate(call: Call, message: Moderate, now: int, rules: Rules) -> Result:
    """A user is out for good. In an offer the other gets the old place back.

    Who has left by themselves seems to have declined, or hung up; there is nobody to decide about then.
    """
    peer, offered = call.peer(message.user_id), call.state is State.OFFERED
    other = (peer,) if offered and not peer.lost else ()
    if message.left:
        reason: EndReason = "declined" if offered else "hung_up"
        return end(call, reason, message.user_id, now, rules, requeue=other, decidable=False)
    return end(call, "moderated", None, now, rules, requeue=other)


def never_connected(call: Call, _message: Deadline, now: int, rules: Rules) -> Result:
    """If one side was less ready than the other, it is at fault. Otherwise nobody is."""
    for party in call.parties:
        peer = call.peer(party.user_id)
        if _missing(party, call) > _missing(peer, call):
            ready = () if peer.lost else (peer,)
            return end(call, "media_failed", None, now, rules, requeue=ready, at_fault=(party,))
    return end(call, "media_failed", None, now, rules)


def _missing(party: Party, call: Call) -> Set[str]:
    """What this side still lacked for the call to connect."""
    owed = {"presence": party.lost, "media": party.connected_epoch != call.epoch}
    return {name for name, missing in owed.items() if missing}


def too_long(call: Call, _message: Deadline, now: int, rules: Rules) -> Result:
    return end(call, "max_duration", None, now, rules)


def never_back(call: Call, _message: Deadline, now: int, rules: Rules) -> Result:
    return end(call, "connection_lost", None, now, rules)


def end(
    call: Call,
    reason: EndReason,
    by: str | None,
    now: int,
    rules: Rules,
    *,
    requeue: tuple[Party, ...] = (),
    at_fault: tuple[Party, ...] = (),
    decidable: bool = True,
) -> Result:
    """End the call for both. The end is recorded first, so that both are free before they hear of it.

    A place in the queue is reserved before its user is told, and can be matched only after that: so the next
    offer never arrives before the end of this call. What nobody waits for comes last. `at_fault` counts only
    for matched calls: friends may decline each other. Nobody is judged by how they talk with an echo.
    """
    counts = call.state in STARTED
    decidable = decidable and call.origin == "match" and call.live_at is not None and reason in DECIDABLE
    deadline = now + rules.decision_s * 1000 if decidable else None
    state = State.DECIDING if decidable else State.CLOSED
    faulted = tuple(p.user_id for p in at_fault) if call.origin == "match" else ()
    call = replace(
        grace.stop_talk(call, now),
        state=state,
        reason=reason,
        ended_by=by,
        ended_at=now,
        deadline=deadline,
        at_fault=faulted,
    )
    queued = {p.user_id: p.ticket for p in requeue if p.ticket is not None}
    return call, (
        RecordEnded(
            reason, call.left_by, call.duration_s, now, deadline, faulted, UNSET if counts else False
        ),
        *(Reserve(ticket) for ticket in queued.values()),
        *(
            emit(p.user_id, _ended_for(call, p, queued.get(p.user_id), rules))
            for p in call.parties
            if call.hears(p.user_id)
        ),
        *(Requeue(ticket) for ticket in queued.values()),
        *(Judge(p.user_id) for p in call.parties if counts and call.origin != "echo"),
    )


def _ended_for(call: Call, party: Party, ticket: Ticket | None, rules: Rules) -> CallEnded:
    decision = None
    if call.state is State.DECIDING and call.deadline is not None:
        has_a_say = decider_for(call, party.user_id, rules) != "peer"
        decision = DecisionAsked(you_decide=has_a_say, deadline=rfc3339(call.deadline))
    return CallEnded(
        call_id=call.id,
        reason=cast("EndReason", call.reason or "hung_up"),
        duration_s=call.duration_s,
        decision=decision,
        ticket=ticket.view() if ticket else None,
    )
