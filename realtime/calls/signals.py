"""`call:signal`: the descriptions and candidates that browsers send each other, checked and passed on.

Usually that is one trip: the peer's line says whether the signal may come (`db/redis/signals.py`). An error
is answered only as the call's record has it.
"""

import asyncio
from typing import cast

import msgspec
from msgspec import UNSET, Struct, field

from core.clock import Clock
from core.contract.calls import CallSignal, CallSignalled, SessionDescription
from core.errors import AppError, Conflict, InvalidRequest, NotFound, StaleEpoch
from core.later import Later, follow
from core.settings import Settings
from core.vocabulary import CallRole, IceTransportPolicy, Mode
from core.wire.message import Empty
from db.redis.signals import Sender, Signal
from realtime.calls.call_service import CallService
from realtime.calls.ports import SignalStore
from realtime.calls.recorder import Recorder
from realtime.calls.signal_lanes import SignalLanes
from realtime.gateway.caller import Caller
from signaling.addresses import KeepOut
from signaling.call import STARTED, Call, Rules
from signaling.echo import is_echo, without_addresses
from signaling.ice_candidates import check_candidate
from signaling.sdp import check_description
from signaling.transitions import misplaced

_KNOWN_CALLS = 10_000
_COUNTED = Signal("candidate", b"")
_encode = msgspec.json.Encoder().encode


class _Side(Struct, frozen=True):
    """What is the same for all that a device signals in an epoch. `is_known`: it is the call's."""

    sender: Sender
    role: CallRole
    mode: Mode
    policy: IceTransportPolicy
    keep_out: KeepOut
    to_server: bool
    is_known: bool


class _Known(Struct, frozen=True):
    """What never changes of a call: the two, their roles, the mode, and whether it is with the server; what
    media goes by in an epoch; and who has signalled in that.
    """

    roles: dict[str, CallRole]
    mode: Mode
    echo: bool
    epoch: int
    policy: IceTransportPolicy
    sides: dict[str, _Side] = field(default_factory=dict)

    def side(self, caller: Caller, command: CallSignal, keep_out: KeepOut) -> _Side:
        """Who signals this. Raises `NotFound`: a call that is not yours does not exist."""
        side = self.sides.get(caller.user_id)
        if side is not None and side.sender.device == caller.device and command.epoch == self.epoch:
            return side
        side = self._new_side(caller, command, keep_out)
        if side.is_known:
            self.sides[caller.user_id] = side
        return side

    def _new_side(self, caller: Caller, command: CallSignal, keep_out: KeepOut) -> _Side:
        user_id, epoch = caller.user_id, command.epoch
        if user_id not in self.roles:
            raise NotFound
        first, second = self.roles
        is_known = epoch == self.epoch
        # The addresses of the server's own side are its own to tell, and it is told nobody's. In an epoch
        # that is not known counts what tells least: the record will refuse the signal.
        from_server = is_echo(user_id)
        return _Side(
            Sender(command.call_id, epoch, user_id, caller.device, second if user_id == first else first),
            self.roles[user_id],
            self.mode,
            policy="all" if from_server else self.policy if is_known else "relay",
            keep_out="nothing" if from_server else keep_out,
            to_server=self.echo and not from_server,
            is_known=is_known,
        )


class _Turns(asyncio.Lock):
    """Of those who wait to know a call."""

    taken = 0


class Signals:
    """Passes signals to the other user's device that has the call."""

    def __init__(
        self,
        call_service: CallService,
        signals: SignalStore,
        settings: Settings,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        self._call, self._recorder = call_service.call, recorder
        self._settings, self._rules = settings, Rules.of(settings)
        self._keep_out = _kept_out(settings)
        # They are counted in an epoch, and by then it has connected, or the call is over.
        retry_ms = settings.connect_s * 1000
        self._lanes = SignalLanes(signals, self._ask_record, clock, retry_ms=retry_ms)
        self._known: dict[str, _Known] = {}
        self._learning: dict[str, _Turns] = {}

    def signal(self, caller: Caller, command: CallSignal) -> Later[Empty]:
        """One description or one candidate. Answers `stale_epoch` before either is looked at."""
        call_id = command.call_id
        known = self._known.get(call_id)
        if known is None or known.epoch != command.epoch or call_id in self._learning:
            turns = self._learning.setdefault(call_id, _Turns())
            turns.taken += 1
            learning = asyncio.ensure_future(self._learn(turns, caller, command))
            learning.add_done_callback(lambda _: self._learned(call_id, turns))
            return follow(asyncio.ensure_future(_result(learning)))
        return self._pass_on(known, caller, command)

    def _pass_on(self, known: _Known, caller: Caller, command: CallSignal) -> Later[Empty]:
        side = known.side(caller, command, self._keep_out)
        try:
            signal = self._checked(side, command)
        except AppError as error:
            return follow(asyncio.ensure_future(self._refuse(side.sender, error)))
        return self._lanes.pass_on(side.sender, signal)

    async def _refuse(self, sender: Sender, error: AppError) -> Empty:
        await self._ask_record(sender)  # what is wrong with its place comes first
        raise error

    async def _learn(self, turns: _Turns, caller: Caller, command: CallSignal) -> Later[Empty]:
        """In the order of their coming: nobody who comes later is to be done before."""
        call_id = command.call_id
        async with turns:
            known = self._known.get(call_id)
            if known is None or known.epoch != command.epoch:
                known = self._keep(await self._call(call_id, caller.user_id))
            return self._pass_on(known, caller, command)

    def _learned(self, call_id: str, turns: _Turns) -> None:
        turns.taken -= 1
        if not turns.taken:
            del self._learning[call_id]

    def _keep(self, call: Call) -> _Known:
        roles = {party.user_id: call.role(party.user_id) for party in call.parties}
        policy = call.ice_policy(self._rules)
        known = _Known(roles, cast("Mode", call.mode), call.origin == "echo", call.epoch, policy)
        if call.id not in self._known and len(self._known) >= _KNOWN_CALLS:
            del self._known[next(iter(self._known))]
        self._known[call.id] = known
        return known

    async def _ask_record(self, sender: Sender) -> str:
        """The device that the signals may go to. Raises what is wrong with their place."""
        call = await self._call(sender.call_id, sender.user_id)
        _check_place(call, sender)
        device = call.peer(sender.user_id).device
        assert device is not None  # as in every call that has started
        return device

    def _checked(self, side: _Side, command: CallSignal) -> Signal:
        """What may be passed on. Signals are counted, because they are stored for the peer."""
        limits, description, candidate = self._settings, command.description, command.candidate
        if description is not UNSET:
            if candidate is not UNSET:
                raise InvalidRequest("Send either `description` or `candidate`, not both.")
            return self._description(side, description)
        if candidate is UNSET:
            raise InvalidRequest("Send a `description` or a `candidate`.")
        passed = check_candidate(
            candidate,
            max_bytes=limits.max_candidate_bytes,
            ice_transport_policy=side.policy,
            keep_out=side.keep_out,
        )
        sender = side.sender
        if side.is_known:  # else it will be refused
            self._recorder.found(sender.call_id, sender.user_id, sender.epoch, candidate)
        if passed is UNSET or side.to_server:
            return _COUNTED
        if passed is candidate:
            return Signal("candidate", _encode(command))  # which says what the event does
        said = CallSignalled(call_id=sender.call_id, epoch=sender.epoch, candidate=passed)
        return Signal("candidate", _encode(said))

    def _description(self, side: _Side, description: SessionDescription) -> Signal:
        limits, sender = self._settings, side.sender
        description = check_description(
            description,
            role=side.role,
            mode=side.mode,
            max_bytes=limits.max_sdp_bytes,
            ice_transport_policy=side.policy,
            max_candidates=limits.max_candidates,
            max_candidate_bytes=limits.max_candidate_bytes,
            keep_out=side.keep_out,
        )
        if side.is_known:
            self._recorder.described(sender.call_id, sender.user_id, sender.epoch, description)
        if side.to_server:
            description = without_addresses(description)
        said = CallSignalled(call_id=sender.call_id, epoch=sender.epoch, description=description)
        return Signal("description", _encode(said))


def _kept_out(settings: Settings) -> KeepOut:
    """Where somebody develops, all may be on one machine."""
    if settings.environment != "production":
        return "nothing"
    return "local" if settings.turn_private == "on" else "private"


async def _result(passing: "asyncio.Future[Later[Empty]]") -> Empty:
    return await (await passing)


def _check_place(call: Call, sender: Sender) -> None:
    if call.state not in STARTED:
        raise misplaced(call)
    if sender.epoch != call.epoch:
        raise StaleEpoch
    if call.party(sender.user_id).device != sender.device:
        raise Conflict("This device does not have the call.")
