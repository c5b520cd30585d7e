"""Leaving the relays: when both agree that the other may see their address, or one no longer does. Pure.

What a call begins on is for `Rules.begins_on`; the table in `signaling/transitions.py` says in which states
this may be. What media goes by changes with the epoch and never within one, so it is known of each signal.
"""

from msgspec.structs import replace

from core.contract.calls import Asked
from core.contract.relays import DirectAsked
from core.errors import Conflict, RateLimited, StaleEpoch
from core.vocabulary import IceTransportPolicy
from signaling.call import Call, Rules, State
from signaling.effects import Effects, Result, Start, emit
from signaling.joining import begin, require_device
from signaling.messages import Direct


def direct(call: Call, message: Direct, now: int, rules: Rules) -> Result:
    """A live call that was kept on relays leaves them when both agree, and is back when one no longer does.

    Where one of the two wishes to be on relays always, or the operator does, what they say is noted and told,
    and nothing follows. What is said again, of an older epoch too, has no effect.
    """
    require_device(call, message.user_id, message.device)
    said = (message.user_id in call.agreed_direct) == message.agree
    if message.epoch > call.epoch or (message.epoch < call.epoch and not said):
        raise StaleEpoch
    if message.epoch < call.epoch:
        return call, ()
    policy = call.ice_policy(rules)
    if call.state is not State.LIVE or not kept_on_relays(call, rules):
        raise Conflict("This call is not live, or was never kept on relays.")
    if message.agree and not said:
        call = _agreeing(call, message.user_id, now, rules)
    others = tuple(user_id for user_id in call.agreed_direct if user_id != message.user_id)
    call = replace(call, agreed_direct=(*others, message.user_id) if message.agree else others)
    told = (
        () if said else tuple(emit(p.user_id, _asked(call, p.user_id), device=p.device) for p in call.parties)
    )
    wanted = _wanted(call, message)
    if wanted == policy:
        return call, told
    if wanted == "all":
        call = _counted(call, now, rules)
    call, started = begin(replace(call, policy=wanted), now, rules)
    return call, (*told, *started)


def kept_on_relays(call: Call, rules: Rules) -> bool:
    """Whether relays are what it began on, though the two may have agreed to leave them since."""
    return call.ice_policy(rules) == "relay" or len(call.agreed_direct) > 0


def may_go_direct(call: Call, rules: Rules) -> bool:
    """Whether it would leave its relays if both agreed, as far as one of them may know, or has left them."""
    return kept_on_relays(call, rules) and not call.relays_only


def on_relays(call: Call, effects: Effects) -> Result:
    """The start of a call of which one of the two wishes, by now, that it is on relays."""
    started = tuple(replace(each, policy="relay") if isinstance(each, Start) else each for each in effects)
    return replace(call, policy="relay"), started


def asked(call: Call, user_id: str) -> Asked:
    """Who agrees so far, as this user sees it."""
    you, peer = (each in call.agreed_direct for each in (user_id, call.peer(user_id).user_id))
    return Asked(you=you, peer=peer)


def _asked(call: Call, user_id: str) -> DirectAsked:
    now = asked(call, user_id)
    return DirectAsked(call_id=call.id, you=now.you, peer=now.peer)


def _wanted(call: Call, message: Direct) -> IceTransportPolicy:
    both = all(party.user_id in call.agreed_direct for party in call.parties)
    return "all" if both and not message.relay_only and not call.relays_only else "relay"


def _agreeing(call: Call, user_id: str, now: int, rules: Rules) -> Call:
    """Both are told each time, so nobody says yes without end. To take it back is always possible."""
    agreed = call.party(user_id).agreed
    if agreed >= rules.max_restarts:
        raise _too_often("You have agreed too often.", call, now)
    return call.with_party(user_id, agreed=agreed + 1)


def _counted(call: Call, now: int, rules: Rules) -> Call:
    """Going direct is no restart, but whoever says yes and no in turns makes as many epochs."""
    if call.went_direct >= rules.max_restarts:
        raise _too_often("This call has gone direct too often.", call, now)
    return replace(call, went_direct=call.went_direct + 1)


def _too_often(message: str, call: Call, now: int) -> RateLimited:
    """In this call never again: that is over when its time is."""
    return RateLimited(message, retry_after_ms=max(1, (call.deadline or now) - now))
