"""Who handles the commands of calls: in one, of one's own, and with the server itself."""

from msgspec.structs import replace

from composition.calls import CallParts
from composition.foundation import Foundation
from composition.live_stores import LiveStores
from core.ids import new_id
from realtime.calls.commands import CallCommands
from realtime.calls.echoes import EchoCommands
from realtime.calls.eligibility import EligibilityService
from realtime.calls.epoch_commands import EpochCommands
from realtime.calls.metrics import CallMetrics
from realtime.calls.recorder import Recorder
from realtime.calls.signals import Signals
from realtime.echo.own_process import OwnEchoProcess
from realtime.matchmaking.queue import Queue
from services.media import MediaService
from services.reports import ReportService
from signaling.call import Rules

_ECHO_POOL = 2  # connections to PostgreSQL: it asks little


class CallHandlers:
    """`signals` is also how an echo process speaks; `echo_process` is the one of this node, if it has one."""

    def __init__(
        self,
        stores: LiveStores,
        base: Foundation,
        *,
        calls: CallParts,
        eligibility: EligibilityService,
        queue: Queue,
        reports: ReportService,
        media: MediaService,
        metrics: CallMetrics,
        recorder: Recorder,
    ) -> None:
        settings, clock, service = base.settings, base.clock, calls.call_service
        self.signals = Signals(service, stores.signals, settings, clock, recorder)
        self.echo_process = echo_process(base)
        self._direct = calls.direct_calls
        self._in_calls = CallCommands(
            service, stores.events, reports, media, clock, new_id, metrics, recorder
        )
        self._epochs = EpochCommands(service, stores.settings)
        self._echoes = EchoCommands(
            calls=stores.calls,
            record=stores.call_records,
            eligibility=eligibility,
            executor=calls.executor,
            recorder=recorder,
            queue=queue,
            seats=stores.echo_seats,
            process=self.echo_process,
            wishes=stores.settings,
            rules=Rules.of(settings),
            clock=clock,
            new_id=base.new_id,
            region=settings.region,
            auto_accept=settings.auto_accept == "on",
        )

    def all(self) -> tuple[object, ...]:
        """Each, as `Commands` looks for its methods."""
        return self._in_calls, self._direct, self._epochs, self.signals, self._echoes


def echo_process(base: Foundation) -> OwnEchoProcess | None:
    """The one of this node, if it may have one; nobody asks it for metrics."""
    if base.settings.echo != "here":
        return None
    urls = base.urls
    return OwnEchoProcess(
        replace(
            base.settings,
            database_url=urls.database_url,
            redis_url=urls.redis_url,
            database_pool=_ECHO_POOL,
            metrics_port=0,
            node_id="",
        )
    )
