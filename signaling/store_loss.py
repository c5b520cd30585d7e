"""What becomes of a call that Redis has lost, so that only the record in PostgreSQL is left. Pure."""

from msgspec.structs import replace

from signaling.call import ACTIVE, Call, Rules, State
from signaling.effects import Result
from signaling.messages import Deadline
from signaling.transitions import advance


def after_loss(call: Call, now: int, rules: Rules) -> Result:
    """A call that was going on ends as `connection_lost`, one that still rang as `no_answer`.

    An open decision stays open until its deadline.
    """
    if call.state in ACTIVE:
        rang = call.state is State.OFFERED
        call = replace(call, state=State.OFFERED if rang else State.RECONNECTING, deadline=now)
    return advance(call, Deadline(), now, rules)
