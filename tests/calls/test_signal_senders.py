"""Who may signal: each device, epoch and user is looked at by itself, whoever has signalled before."""

from core.clock import now_ms
from core.contract.calls import CallSignal
from core.errors import AppError, Conflict, NotFound, StaleEpoch
from core.ids import new_id
from core.wire.message import Empty
from realtime.calls.recorder import Recorder
from realtime.calls.signals import Signals
from realtime.gateway.caller import Caller
from tests.calls.nodes import CallNode
from tests.stores.world import World


async def test_what_is_known_of_one_sender_lets_in_no_other(world: World, node: CallNode) -> None:
    """Hers go through, before and after those that must not."""
    ana, ben = await world.pair()
    call = await node.live((ana, ben))
    recorder = Recorder(node.stores.live_timelines, now_ms)
    signals = Signals(node.services.call_service, node.stores.signals, node.settings, now_ms, recorder)
    hers, his = (Caller(user, new_id(), f"phone of {user}", "") for user in (ana, ben))
    elsewhere = Caller(ana, new_id(), "another phone of hers", "")

    async def signal(caller: Caller, epoch: int = 1) -> Empty | type[AppError]:
        try:
            return await signals.signal(caller, CallSignal(call_id=call.id, epoch=epoch, candidate=None))
        except AppError as error:
            return type(error)

    for _ in range(2):
        assert await signal(hers) == await signal(his) == Empty()
        assert await signal(elsewhere) is Conflict
        assert await signal(hers, epoch=0) is StaleEpoch
        assert await signal(hers, epoch=2) is StaleEpoch
        assert await signal(Caller(await world.person("Cem"), new_id(), "his phone", "")) is NotFound
