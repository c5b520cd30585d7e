"""`call:signal`: the descriptions and candidates that browsers send each other, checked and passed on."""

from typing import Any, cast

from msgspec import UNSET, UnsetType

from core.contract.calls import CallSignal, CallSignalled, SessionDescription
from core.errors import Conflict, Gone, InvalidRequest, RateLimited, StaleEpoch
from core.settings import Settings
from core.vocabulary import Mode
from core.wire.message import Empty
from db.redis.calls import SignalKind
from realtime.calls.call_service import CallService
from realtime.calls.ports import CallStore
from realtime.gateway.caller import Caller
from services.ports import Events
from signaling.call import ACTIVE, STARTED, Call
from signaling.ice_candidates import check_candidate
from signaling.sdp import check_description


class Signals:
    """Passes signals to the other user's device that has the call."""

    def __init__(
        self, call_service: CallService, calls: CallStore, events: Events, settings: Settings
    ) -> None:
        self._call = call_service.call
        self._calls = calls
        self._events = events
        self._settings = settings

    async def signal(self, caller: Caller, command: CallSignal) -> Empty:
        """One description or one candidate. Answers `stale_epoch` before either is looked at."""
        call = await self._call(command.call_id, caller.user_id)
        _check_place(call, caller, command.epoch)
        passed = await self._checked(call, caller, command)
        if passed:
            peer = call.peer(caller.user_id)
            signalled = CallSignalled(call_id=call.id, epoch=call.epoch, **passed)
            await self._events.send(peer.user_id, signalled, device=peer.device)
        return Empty()

    async def _checked(self, call: Call, caller: Caller, command: CallSignal) -> dict[str, Any]:
        """What may be passed on; nothing if the policy forbids the candidate."""
        policy = self._settings.ice_transport_policy
        if isinstance(command.description, SessionDescription):
            if command.candidate is not UNSET:
                raise InvalidRequest("Send either `description` or `candidate`, not both.")
            description = check_description(
                command.description,
                role=call.role(caller.user_id),
                mode=cast("Mode", call.mode),
                max_bytes=self._settings.max_sdp_bytes,
                ice_transport_policy=policy,
                max_candidates=self._settings.max_candidates,
                max_candidate_bytes=self._settings.max_candidate_bytes,
            )
            await self._count(call, "description", caller, self._settings.max_descriptions)
            return {"description": description}
        if isinstance(command.candidate, UnsetType):
            raise InvalidRequest("Send a `description` or a `candidate`.")
        candidate = check_candidate(
            command.candidate,
            max_bytes=self._settings.max_candidate_bytes,
            ice_transport_policy=policy,
        )
        await self._count(call, "candidate", caller, self._settings.max_candidates)
        return {} if candidate is UNSET else {"candidate": candidate}

    async def _count(self, call: Call, kind: SignalKind, caller: Caller, most: int) -> None:
        """Limit signals, because they are stored for the peer and would fill the memory."""
        if await self._calls.count_signal(call.id, kind, call.epoch, caller.user_id) > most:
            raise RateLimited(f"Too many {kind}s.")


def _check_place(call: Call, caller: Caller, epoch: int) -> None:
    if call.state not in ACTIVE:
        raise Gone("This call has ended.")
    if call.state not in STARTED:
        raise Conflict("The call has not started yet.")
    if epoch != call.epoch:
        raise StaleEpoch
    if call.party(caller.user_id).device != caller.device:
        raise Conflict("This device does not have the call.")
