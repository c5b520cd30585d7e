"""The queue, and the searches for pairs in it."""

from collections.abc import Callable

from msgspec import Struct

from core.clock import Clock
from core.settings import Settings
from matching.apart import Apart
from matching.policy import Policy
from matching.recorder import Recorder
from realtime.matchmaking.figures import Figures
from realtime.matchmaking.matchmaker import Matchmaker, Reach
from realtime.matchmaking.outlooks import Outlooks
from realtime.matchmaking.ports import Acquaintances, Applicants, Offers, TicketStore
from realtime.matchmaking.queue import Queue
from realtime.matchmaking.reunions import Reunions
from realtime.matchmaking.seekers import Seekers
from realtime.matchmaking.sweep import Changed, Rhythm, Sweeper
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
        acquaintances: Acquaintances,
        events: Events,
        changed: Changed,
        figures: Figures,
        settings: Settings,
        clock: Clock,
        new_id: Callable[[], str],
        policy: Policy | None = None,
    ) -> None:
        self._tickets, self._acquaintances, self._events = tickets, acquaintances, events
        self._changed, self._figures, self._settings = changed, figures, settings
        self._clock, self._new_id = clock, new_id
        self._policy, self._apart = policy or Policy.of(settings), Apart.of(settings)
        self._outlooks = Outlooks(tickets, self._policy, clock)
        self.seekers = Seekers()
        self.queue = Queue(
            tickets,
            applicants,
            acquaintances,
            events,
            self.seekers,
            self._policy,
            self._outlooks,
            clock,
            new_id,
            changed,
            CoolDowns.of(settings),
            figures,
            region=settings.region,
            lease_ms=settings.queue_lease_s * 1000,
            apart=self._apart,
        )

    def search(self, offers: Offers, *, node_id: str, may_judge: Callable[[], bool] = lambda: True) -> Search:
        """`may_judge`: whether an expired lease means that its user is gone."""
        settings = self._settings
        reach = Reach(
            candidates=settings.candidates, apart=self._apart, alone_ms=settings.rematch_alone_s * 1000
        )
        matchmaker = Matchmaker(
            self._tickets,
            self._acquaintances,
            offers,
            self.seekers,
            self._policy,
            self._outlooks,
            reach,
            Recorder(self._policy, settings.match_record_candidates),
            self._figures,
            self._clock,
            self._new_id,
        )
        sweeper = Sweeper(
            self._tickets,
            matchmaker,
            self._events,
            self._changed,
            self._policy,
            self._outlooks,
            settings.candidates,
            Rhythm(patience_ms=settings.queue_s * 1000, update_ms=settings.queue_update_s * 1000),
            Reunions(self._tickets, self._acquaintances, self._policy, reach, self._clock),
            self._figures,
            self._clock,
            node_id,
            may_judge,
        )
        return Search(matchmaker, sweeper)
