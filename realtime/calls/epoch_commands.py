"""The handlers of what begins an epoch: `call:restart`, and `call:direct`, which leaves the relays."""

from collections.abc import Sequence

from core.contract.calls import CallRestart
from core.contract.relays import CallDirect
from core.wire.message import Empty
from db.outage import OUTAGES
from realtime.calls.call_service import CallService
from realtime.calls.ports import Wishes
from realtime.gateway.caller import Caller
from signaling.messages import Direct, Restart


class EpochCommands:
    """What media goes by changes with the epoch. So who wishes for relays is asked each time."""

    def __init__(self, call_service: CallService, wishes: Wishes) -> None:
        self._tell, self._people, self._wishes = call_service.tell, call_service.people, wishes

    async def restart(self, caller: Caller, command: CallRestart) -> Empty:
        """Answers `rate_limited` if the call was restarted too often."""
        people = await self._people(command.call_id, caller.user_id)
        try:
            hidden = await self._is_wished(people)
        except OUTAGES:
            hidden = False  # it goes on as it was, which both know
        await self._tell(command.call_id, Restart(caller.user_id, caller.device, command.epoch, hidden))
        return Empty()

    async def direct(self, caller: Caller, command: CallDirect) -> Empty:
        """Answers `conflict` in a call that is not live or never was on relays."""
        hidden = await self._is_wished(await self._people(command.call_id, caller.user_id))
        said = Direct(caller.user_id, caller.device, command.epoch, command.agree, hidden)
        await self._tell(command.call_id, said)
        return Empty()

    async def _is_wished(self, people: Sequence[str]) -> bool:
        """Whether one of them wishes for relays."""
        return bool(await self._wishes.relay_only(people))
