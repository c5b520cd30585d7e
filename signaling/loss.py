"""What becomes of a call of which only the record is left. Pure."""

from msgspec.structs import replace

from signaling.call import ACTIVE, Call, Rules, State
from signaling.effects import Result
from signaling.messages import Deadline
from signaling.transitions import advance


def after_loss(call: Call, now: int, rules: Rules) -> Result:
    """What was going on has lost its connection; what is open to decide stays open until its time."""
    if call.state in ACTIVE:
        call = replace(call, state=State.RECONNECTING, deadline=now)
    return advance(call, Deadline(), now, rules)
