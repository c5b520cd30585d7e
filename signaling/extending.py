"""How a live call is prolonged when both ask, and how both are told that little time is left.

Pure; the table in `signaling/transitions.py` names these functions.
"""

from msgspec.structs import replace

from core.contract.calls import Asked, CallExtended
from core.errors import Conflict
from signaling import ending
from signaling.call import Call, Rules, State
from signaling.effects import Effects, Result, emit
from signaling.joining import state_of, to_both, until_longest
from signaling.messages import Deadline, Extend


def extend(call: Call, message: Extend, now: int, rules: Rules) -> Result:
    """Who asks again says nothing new, so both prolong it once."""
    if not rules.extend_percent or call.origin == "echo":
        raise Conflict("Calls are not prolonged here.")
    if message.user_id in call.wants_longer:
        return call, ()
    call = replace(call, wants_longer=(*call.wants_longer, message.user_id))
    told: Effects = tuple(emit(p.user_id, _told(call, p.user_id), device=p.device) for p in call.parties)
    if len(call.wants_longer) < len(call.parties):
        return call, told
    longest_s = call.longest_s(rules)
    call = replace(call, max_call_s=rules.prolonged_s(longest_s))
    if call.state is not State.LIVE:  # it is told when it is live again
        return call, told
    call = until_longest(call, now, rules)
    return call, (*told, *to_both(call, state_of(call)))


def asked_by(call: Call, user_id: str) -> Asked:
    """Who has asked so far, as this user sees it."""
    return Asked(you=user_id in call.wants_longer, peer=call.peer(user_id).user_id in call.wants_longer)


def _told(call: Call, user_id: str) -> CallExtended:
    asked = asked_by(call, user_id)
    return CallExtended(call_id=call.id, you=asked.you, peer=asked.peer)


def warns(call: Call, now: int) -> bool:
    """Whether it is time to say that little is left."""
    return call.state is State.LIVE and call.warn_at is not None and now >= call.warn_at


def due(call: Call, message: Deadline, now: int, rules: Rules) -> Result:
    """A live call is over, or will be soon."""
    if call.deadline is not None and now >= call.deadline:
        return ending.too_long(call, message, now, rules)
    call = replace(call, warn_at=None)
    return call, to_both(call, state_of(call))
