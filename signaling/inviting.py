"""Direct calls: one rings the other, with whom they are connected, or have a session now. Pure.

`reach` says what becomes of an invitation; `ring` makes the call of it. While it rings only the first party
is in a call; the second is from the moment they answer. Whoever cannot be reached looks like somebody who
does not answer, so that nobody can tell why. The table in `signaling/transitions.py` names the rest.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from core.clock import rfc3339
from core.errors import AlreadyInCall, Conflict, Forbidden, Gone
from core.stored import StoredCard
from core.vocabulary import EndReason, Mode
from signaling import ending
from signaling.call import Call, Party, Rules
from signaling.effects import Effects, LeaveQueue, Result
from signaling.messages import Block, Decline, Engaged, Hangup, Moderate, RungBack, Silent

# So long the line is engaged: deadlines of calls are a second ahead or more.
BUSY_MS = 2_000

Reach = Literal["rings", "busy", "none"]


class Ongoing(Struct, frozen=True, kw_only=True):
    """A call on record that is not over. `other`: who is in it beside the one that was asked about."""

    id: str
    mode: Mode
    offered_at: int
    invited_by: str | None
    other: str | None
    rings: str | None
    started: bool


class Between(Struct, frozen=True, kw_only=True):
    """What is on record of two who have, or had, a connection, or a session, while nobody else changes it.

    `own`: the call that the inviter is in; `incoming`: what rings them. `engaged`: the other is in a call, or
    somebody rings them. `reachable`: they may be called, and by this one.
    """

    inviter: str
    callee: str
    room_id: str | None
    ended: bool
    video_enabled: bool
    reachable: bool
    engaged: bool
    own: Ongoing | None = None
    incoming: tuple[Ongoing, ...] = ()


class Meeting(Struct, frozen=True, kw_only=True):
    """A session with a mentor, by which two may ring each other. Times in ms."""

    virtual: bool
    scheduled: bool
    starts_at: int
    ends_at: int


class Standing(Struct, frozen=True):
    """The invitation has a call already: one's own, which rings, or (`crossed`) that of the other."""

    call: Ongoing
    crossed: bool


class Elsewhere(Struct, frozen=True):
    """The inviter is in this call, as far as the record knows."""

    call_id: str


def check_meeting(meeting: Meeting, now: int) -> None:
    """Whether the two may ring each other now. Raises `Conflict`."""
    if not (meeting.virtual and meeting.scheduled):
        raise Conflict("There is no call in this session: it is in person, or over.")
    if not meeting.starts_at <= now < meeting.ends_at:
        times = {"starts_at": rfc3339(meeting.starts_at), "ends_at": rfc3339(meeting.ends_at)}
        raise Conflict("You may call each other while the session lasts.", details=times)


def reach(between: Between, mode: Mode) -> Reach | Standing | Elsewhere:
    """What becomes of an invitation. Raises `Gone`, `Forbidden` or `AlreadyInCall`."""
    own, callee = between.own, between.callee
    if between.ended:
        raise Gone("This connection has ended.")
    if mode == "video" and not between.video_enabled:
        raise Forbidden("Video inside a connection needs an approved video request.")
    if own is not None:
        repeated = own.invited_by == between.inviter and own.other == callee and not own.started
        return Standing(own, crossed=False) if repeated else Elsewhere(own.id)
    for ringing in between.incoming:
        if ringing.invited_by == callee:
            return Standing(ringing, crossed=True)
    if between.incoming:
        raise AlreadyInCall
    if not between.reachable:
        return "none"
    return "busy" if between.engaged else "rings"


def ring(
    call_id: str,
    parties: tuple[StoredCard, StoredCard],
    *,
    device: str,
    mode: str,
    region: str,
    reach: str,
    room_id: str | None,
    now: int,
    rules: Rules,
    until: int | None = None,
) -> Call:
    """The call by which the first, at this device, rings the second. `until`: to last so long, if need be."""
    inviter, callee = parties
    lasts_s = 0 if until is None else (until - now) // 1000
    return Call(
        id=call_id,
        origin="direct",
        mode=mode,
        region=region,
        parties=(Party(card=inviter, device=device), Party(card=callee)),
        offered_at=now,
        deadline=now + (BUSY_MS if reach == "busy" else rules.ring_s * 1000),
        policy=rules.begins_on("direct", region, inviter, callee),
        relays_only=rules.relays_only,
        reach=reach,
        room_id=room_id,
        max_call_s=lasts_s if lasts_s > rules.max_call_s else None,
    )


def leave_queue(call: Call) -> Effects:
    """Whoever is in a direct call does not wait for another one."""
    return tuple(LeaveQueue(p.user_id) for p in call.parties) if call.origin == "direct" else ()


def missed_by(call: Call) -> str | None:
    """Who has missed this direct call, which is over, and is to be told."""
    unanswered = call.origin == "direct" and call.epoch == 0 and call.reason in {"no_answer", "cancelled"}
    callee = call.parties[1].user_id
    return callee if unanswered and call.reach != "none" and call.ended_by != callee else None


def decline(call: Call, message: Decline | Hangup, now: int, rules: Rules) -> Result:
    """Whoever is rung declines; whoever rings takes it back."""
    if call.origin != "direct":
        return ending.decline(call, message, now, rules)
    reason: EndReason = "cancelled" if call.invited(message.user_id) else "declined"
    return ending.end(call, reason, message.user_id, now, rules)


def block(call: Call, message: Block, now: int, rules: Rules) -> Result:
    """It looks as if whoever blocks had declined it, or taken it back."""
    if call.origin != "direct":
        return ending.block(call, message, now, rules)
    return decline(call, Hangup(message.user_id), now, rules)


def moderate(call: Call, message: Moderate, now: int, rules: Rules) -> Result:
    """It looks as if whoever is out did not answer, or had taken it back."""
    if call.origin != "direct":
        return ending.moderate(call, message, now, rules)
    reason: EndReason = "cancelled" if call.invited(message.user_id) else "no_answer"
    return ending.end(call, reason, None, now, rules)


def engaged(call: Call, _message: Engaged, now: int, rules: Rules) -> Result:
    """They are in another call now. Of an offer nothing changes: it has its own end."""
    if call.origin != "direct":
        return call, ()
    return ending.end(call, "no_answer", None, now, rules)


def rung_back(call: Call, message: RungBack, now: int, rules: Rules) -> Result:
    """They were in another call, and are free by now: from here on it rings them, who hear of its end."""
    if call.origin != "direct" or call.invited(message.user_id) or call.reach != "busy":
        return call, ()
    return replace(call, reach="rings", deadline=now + rules.ring_s * 1000), ()


def silent(call: Call, message: Silent, now: int, rules: Rules) -> Result:
    """Devices that sleep may wake up while it rings."""
    return (call, ()) if call.origin == "direct" else ending.unheard(call, message, now, rules)
