"""The queue, and the searches for pairs in it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from core.clock import Clock
from core.settings import Settings
from core.tried_settings import tried
from matching.policy import Policy
from matching.recorder import Recorder
from matching.rematch import RematchIntervals
from realtime.background.jobs import Job
from realtime.matchmaking.arrivals import AnnouncedSearches
from realtime.matchmaking.context import MatchingContext
from realtime.matchmaking.departures import Changed, Departures
from realtime.matchmaking.markets import Markets
from realtime.matchmaking.matchmaker import Matchmaker
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.newcomers import Newcomers
from realtime.matchmaking.ports import Eligibility, Offers, TicketStore
from realtime.matchmaking.queue import Queue
from realtime.matchmaking.rematches import Rematches
from realtime.matchmaking.search_limits import SearchLimits
from realtime.matchmaking.search_queue import SearchQueue
from realtime.matchmaking.shadow import Shadow
from realtime.matchmaking.sweep import Rhythm, Sweeper
from services.cool_downs import CoolDowns
from services.ports import Events


class Search(Struct, frozen=True):
    """What finds pairs: the matchmaker when people join, the sweeper for those who wait.

    The `shadow` only watches, where another policy is tried.
    """

    matchmaker: Matchmaker
    sweeper: Sweeper
    shadow: Shadow | None

    @property
    def jobs(self) -> Mapping[str, Job]:
        """What has to run, by name."""
        finding: dict[str, Job] = {"matchmaker": self.matchmaker, "sweep": self.sweeper}
        return finding if self.shadow is None else {**finding, "shadow": self.shadow}


class Matching:
    """The `queue` of one node. `search` builds what finds pairs in it, from offers, which need the queue."""

    def __init__(
        self,
        *,
        tickets: TicketStore,
        newcomers: Newcomers,
        eligibility: Eligibility,
        events: Events,
        changed: Changed,
        metrics: MatchingMetrics,
        settings: Settings,
        clock: Clock,
        new_id: Callable[[], str],
        policy: Policy | None = None,
        publish: Callable[[str, bytes], asyncio.Future[Any]] | None = None,
    ) -> None:
        """`publish`: on the bus, where a process of its own searches for those who join here."""
        self.tickets, self._eligibility, self._events = tickets, eligibility, events
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
        searches = AnnouncedSearches(publish, settings.region, clock) if publish else self.search_queue
        self.queue = Queue(
            tickets=tickets,
            newcomers=newcomers,
            eligibility=eligibility,
            searches=searches,
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
        alone: bool = False,
    ) -> Search:
        """`may_judge`: whether an expired lease means that its user is gone. `alone`: as of `Matchmaker`."""
        settings, rhythm = self._settings, rhythm or Rhythm()
        shadow = self._shadow()
        matchmaker = Matchmaker(
            tickets=self.tickets,
            eligibility=self._eligibility,
            offers=offers,
            search_queue=self.search_queue,
            context=self._context,
            recorder=Recorder(self._context.policy, settings.match_record_candidates),
            metrics=self._metrics,
            clock=self._clock,
            new_id=self._new_id,
            shadow=shadow,
            alone=alone,
        )
        rematches = Rematches(
            tickets=self.tickets,
            eligibility=self._eligibility,
            context=self._context,
            clock=self._clock,
        )
        sweeper = Sweeper(
            tickets=self.tickets,
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
        return Search(matchmaker, sweeper, shadow)

    def _shadow(self) -> Shadow | None:
        """The policy that is tried beside the one in force, if one is."""
        settings = tried(self._settings)
        if settings is None:
            return None
        return Shadow(
            tickets=self.tickets,
            in_force=self._context.policy,
            tried=Policy.of(settings),
            metrics=self._metrics.shadow,
            clock=self._clock,
        )
