"""The queue, and the searches for pairs in it."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from core.clock import Clock
from core.settings import Settings
from matching.policy import Policy
from matching.recorder import Recorder
from matching.rematch import RematchIntervals
from realtime.matchmaking.context import MatchingContext
from realtime.matchmaking.departures import Changed, Departures
from realtime.matchmaking.markets import Markets
from realtime.matchmaking.matchmaker import Matchmaker
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.ports import Applicants, Eligibility, Offers, TicketStore
from realtime.matchmaking.queue import Queue
from realtime.matchmaking.rematches import Rematches
from realtime.matchmaking.search_limits import SearchLimits
from realtime.matchmaking.search_queue import SearchQueue
from realtime.matchmaking.sweep import Rhythm, Sweeper
from services.cool_downs import CoolDowns
from services.ports import Events


class Search(Struct, frozen=True):
    """The two that find pairs: the matchmaker when people join, the sweeper for those who wait."""

    matchmaker: Matchmaker
    sweeper: Sweeper


class Matching:
    """The `queue` of one node. `search` builds what finds pairs in it, from offers, which need the queue."""

    def __init__(
        self,
        *,
        tickets: TicketStore,
        applicants: Applicants,
        eligibility: Eligibility,
        events: Events,
        changed: Changed,
        metrics: MatchingMetrics,
        settings: Settings,
        clock: Clock,
        new_id: Callable[[], str],
        policy: Policy | None = None,
    ) -> None:
        self._tickets, self._eligibility, self._events = tickets, eligibility, events
        self._metrics, self._settings = metrics, settings
        self._clock, self._new_id = clock, new_id
        policy = policy or Policy.of(settings)
        limits = SearchLimits(
            candidates=settings.candidates,
            apart=RematchIntervals.of(settings),
            alone_ms=settings.rematch_alone_s * 1000,
        )
        self._context = MatchingContext(policy=policy, markets=Markets(tickets, policy, clock), limits=limits)
        self._departures = Departures(tickets, events, changed, metrics)
        self.search_queue = SearchQueue()
        self.queue = Queue(
            tickets=tickets,
            applicants=applicants,
            eligibility=eligibility,
            search_queue=self.search_queue,
            context=self._context,
            departures=self._departures,
            changed=changed,
            cool_downs=CoolDowns.of(settings),
            metrics=metrics,
            clock=clock,
            new_id=new_id,
            region=settings.region,
            lease_ms=settings.queue_lease_s * 1000,
        )

    def search(
        self,
        offers: Offers,
        *,
        node_id: str,
        may_judge: Callable[[], bool] = lambda: True,
        rhythm: Rhythm | None = None,
    ) -> Search:
        """`may_judge`: whether an expired lease means that its user is gone."""
        settings, rhythm = self._settings, rhythm or Rhythm()
        matchmaker = Matchmaker(
            tickets=self._tickets,
            eligibility=self._eligibility,
            offers=offers,
            search_queue=self.search_queue,
            context=self._context,
            recorder=Recorder(self._context.policy, settings.match_record_candidates),
            metrics=self._metrics,
            clock=self._clock,
            new_id=self._new_id,
        )
        rematches = Rematches(
            tickets=self._tickets,
            eligibility=self._eligibility,
            context=self._context,
            clock=self._clock,
        )
        sweeper = Sweeper(
            tickets=self._tickets,
            matchmaker=matchmaker,
            context=self._context,
            rematches=rematches,
            departures=self._departures,
            events=self._events,
            rhythm=replace(
                rhythm,
                patience_ms=settings.queue_s * 1000,
                update_ms=settings.queue_update_s * 1000,
                lease_ms=settings.queue_lease_s * 1000,
            ),
            metrics=self._metrics,
            clock=self._clock,
            node=node_id,
            may_judge=may_judge,
        )
        return Search(matchmaker, sweeper)
