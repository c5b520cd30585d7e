"""What becomes of calls that devices which are not in use are told, and taken back."""

from services.moment_pushes import MomentPushAsking
from signaling.call import Call, State


class PushedCalls:
    """Listens to those who make and change calls."""

    def __init__(self, asking: MomentPushAsking) -> None:
        self._asking = asking

    def offered(self, call: Call) -> None:
        """It rings somebody, or is there for two who wait."""
        until = call.deadline or call.offered_at
        inviter, callee = call.parties
        if call.origin == "match" and not call.probe:
            for party in call.parties:
                self._asking.offered(call.id, party.user_id, until=until)
        elif call.origin == "direct" and call.reach == "rings":
            self._asking.rings(
                call.id, callee.user_id, inviter.user_id, video=call.mode == "video", until=until
            )

    def changed(self, before: Call, after: Call) -> None:
        """It is no offer any more: somebody has answered, or nobody will."""
        if before.state is not State.OFFERED or after.state is State.OFFERED or after.probe:
            return
        if after.origin == "match":
            for party in after.parties:
                self._asking.over(after.id, party.user_id, "offer")
        elif after.origin == "direct" and after.reach == "rings":
            self._asking.over(after.id, after.parties[1].user_id, "call")
