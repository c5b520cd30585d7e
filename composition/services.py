"""The use cases of a node, one area after the other; each uses those before it."""

import time
from collections.abc import Callable

from composition.accounts import Identity
from composition.calls import CallParts
from composition.chat import Conversations
from composition.conduct import Conduct
from composition.foundation import Foundation
from composition.jobs import JobParts
from composition.live_stores import LiveStores
from composition.matching import Matching
from composition.media import MediaParts, avif
from composition.own_data import OwnDataParts
from composition.returns import sightings
from composition.safety import Protection
from core.ids import new_id
from db.postgres.erasures import ErasureStore
from db.postgres.pending_work import Kind
from db.postgres.usernames import FormerUsernames
from realtime.background.leases import LeaseJudge
from realtime.background.lookout import Lookout
from realtime.background.media_keeping import MediaKeeping
from realtime.background.retention import Retention, kept
from realtime.background.reviews import Reviews
from realtime.background.session_clients import SessionClients
from realtime.background.sightings import SightingsWorker
from realtime.background.survey import Survey
from realtime.calls.commands import CallCommands
from realtime.calls.eligibility import EligibilityService
from realtime.calls.metrics import CallMetrics
from realtime.calls.signals import Signals
from realtime.connection_lifecycle import ConnectionLifecycle
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.presence.ports import Sockets
from realtime.presence.presence import PresenceService
from realtime.presence.watches import Watches
from services.announcer import Announcer
from services.chat_metrics import ChatMetrics
from services.connections import Connections
from services.friends import Friends
from services.missed_calls import MissedCalls
from services.notifications import Notifications, loaders
from signaling.call import Rules


class Services:
    """All use cases of a node. It has to be `close`d."""

    def __init__(self, stores: LiveStores, base: Foundation, sockets: Sockets) -> None:
        settings, clock, events = base.settings, base.clock, stores.events
        sighted = sightings(stores, base)
        self.sightings = SightingsWorker(sighted, clock)
        self.session_clients = SessionClients(stores.sessions)
        self.jobs = JobParts(stores, base)
        identity = Identity(stores, base, sighted, self.jobs.queue)
        self.identity, self.close = identity, identity.close
        self.own_data = OwnDataParts(stores, base, identity, self.jobs)
        works = [*identity.works, *self.own_data.works, *avif(base).works]
        self.job_worker = self.jobs.worker(works, every_s=None) if settings.job_workers else None
        conversations = Conversations(
            rooms=stores.rooms,
            outbox=stores.outbox,
            events=events,
            channels=base.bus,
            max_chars=settings.max_message_chars,
            clock=clock,
        )
        self.chat, self.announcer = conversations.chat, conversations.announcer
        self.recent_members = conversations.members
        self.connections = Connections(stores.connections, events, self.recent_members, clock=clock)
        self.news_announcer = Announcer(
            stores.notification_outbox, events, loaders(stores.notifications, clock)
        )
        self.notifications = Notifications(stores.notifications, events, self.news_announcer)
        self.friends = Friends(stores.friends, events, self.recent_members, base.bus, self.notifications)
        self.presence = PresenceService(
            store=stores.presence,
            companions=stores.connections,
            choices=stores.settings,
            calls=stores.call_records,
            queue=stores.tickets,
            channels=base.bus,
            sockets=sockets,
            watches=Watches(),
            clock=clock,
            lease_s=settings.connection_lease_s,
        )
        self.conduct = conduct = Conduct(stores, base, identity.expulsions, self.notifications)
        self.trust, self.reports = conduct.trust, conduct.reports
        self.reviews = Reviews(conduct.trust)

        rules, metrics, call_metrics = Rules.of(settings), MatchingMetrics(base.registry), CallMetrics()
        announcers = {"chat": self.announcer, "notification": self.news_announcer}
        self.survey = Survey(stores.queue_pools, stores.open_calls, clock)
        for collector in (call_metrics, ChatMetrics(self.chat, announcers), self.survey):
            base.registry.register(collector)
        eligibility = EligibilityService(
            stores.calls,
            stores.call_records,
            stores.eligibility,
            rules,
            clock,
            lambda: events.logs.born,
            call_metrics,
        )
        matching = Matching(
            tickets=stores.tickets,
            applicants=stores.applicants,
            eligibility=eligibility,
            events=events,
            changed=self.presence.changed,
            metrics=metrics,
            settings=settings,
            clock=clock,
            new_id=base.new_id,
        )
        self.queue = matching.queue
        calls = CallParts(
            calls=stores.calls,
            lines=stores.signals,
            record=stores.call_records,
            connections=stores.connections,
            eligibility=eligibility,
            tickets=stores.tickets,
            queue=self.queue,
            reports=self.reports,
            trust=self.trust,
            missed=MissedCalls(stores.notifications, self.notifications),
            presence=self.presence,
            events=events,
            metrics=metrics,
            call_metrics=call_metrics,
            settings=settings,
            clock=clock,
        )
        self.call_service, self.executor, self.deadline_worker = (
            calls.call_service,
            calls.executor,
            calls.deadline_worker,
        )
        self.media = MediaParts(base)
        self.media_keeping = MediaKeeping(self.media.service, self.media.scans, clock)
        self.calls = CallCommands(
            self.call_service, events, self.reports, self.media.service, clock, new_id, call_metrics
        )
        self.signals = Signals(self.call_service, stores.signals, settings, clock)

        # Tickets have leases as connections do; the same rule says when they may be judged.
        longest_s = max(settings.queue_lease_s, settings.connection_lease_s)
        self.lease_judge = LeaseJudge(every_s=settings.renewal_s, lease_s=longest_s)
        search = matching.search(
            calls.offers,
            node_id=base.node_id,
            may_judge=lambda: self.lease_judge.may_judge(time.monotonic()),
        )
        self.matchmaker, self.sweep = search.matchmaker, search.sweeper

        protection = Protection(
            stores,
            base,
            calls=calls,
            queue=self.queue,
            eligibility=eligibility,
            connections=self.connections,
            friends=self.friends,
            farewells=self.own_data.farewells,
            notifications=self.notifications,
            presence=self.presence,
            sightings=sighted,
            reports=self.reports,
        )
        self.block_effects, self.blocks = protection.block_effects, protection.blocks
        self.expulsions, self.report_effects = protection.expulsions, protection.report_effects
        wake: dict[Kind, Callable[[], None]] = {
            "bans": self.expulsions.wake,
            "expulsions": self.expulsions.wake,
            "blocks": self.block_effects.wake,
            "outbox": self.announcer.wake,
            "notifications": self.news_announcer.wake,
            "reports": self.report_effects.wake,
            "jobs": self.job_worker.wake if self.job_worker else _leave,
        }
        self.lookout = Lookout(stores.pending_work, wake, clock)
        kinds = kept(
            stores.retention,
            stores.matches,
            stores.marks,
            stores.suspicions,
            stores.evidence,
            stores.codes,
            stores.friends,
            FormerUsernames(base.pool),
            ErasureStore(base.pool),
            settings,
        )
        self.retention = Retention(kinds, clock)
        self.lifecycle = ConnectionLifecycle(
            sessions=identity.sessions,
            presence=self.presence,
            queue=self.queue,
            call_service=self.call_service,
            settings=settings,
            rules=rules,
            clock=clock,
        )

    def handlers(self) -> tuple[object, ...]:
        """Those whose methods take commands; `composition/gateway.py` adds what takes `session:refresh`."""
        return self.presence, self.queue, self.calls, self.signals, self.connections, self.chat


def _leave() -> None:
    """Others do that."""
