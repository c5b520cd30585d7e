"""The use cases of a node, one area after the other; each uses those before it."""

import time
from collections.abc import Callable

from composition.accounts import Identity
from composition.call_handlers import CallHandlers
from composition.calls import CallParts
from composition.chat import Conversations
from composition.conduct import Conduct
from composition.foundation import Foundation
from composition.groups import groups
from composition.jobs import JobParts
from composition.live_stores import LiveStores
from composition.matching import Matching
from composition.media import MediaParts, avif
from composition.own_data import OwnDataParts
from composition.posts import PostParts
from composition.returns import sightings
from composition.safety import Protection
from core.ids import new_id
from core.probes import LONGEST_S
from db.postgres.erasures import ErasureStore
from db.postgres.pending_work import Kind
from db.postgres.usernames import FormerUsernames
from realtime.background.attendance import Attendance
from realtime.background.forgotten_rows import ForgottenRows
from realtime.background.leases import LeaseJudge
from realtime.background.lookout import Lookout
from realtime.background.media_keeping import MediaKeeping
from realtime.background.message_keeping import MessageKeeping
from realtime.background.probing import Probing
from realtime.background.retention import Retention, kept
from realtime.background.reviews import Reviews
from realtime.background.reward_expiry import RewardExpiry
from realtime.background.session_clients import SessionClients
from realtime.background.sightings import SightingsWorker
from realtime.background.survey import Survey
from realtime.calls.eligibility import EligibilityService
from realtime.calls.metrics import CallMetrics
from realtime.calls.pushed import PushedCalls
from realtime.calls.recorder import Recorder
from realtime.connection_lifecycle import ConnectionLifecycle
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.newcomers import Newcomers
from realtime.peers.own_probe import OwnProbe
from realtime.posts.watching import PostWatching
from realtime.presence.ports import Sockets
from realtime.presence.presence import PresenceService
from realtime.presence.watches import Watches
from services.announcer import Announcer
from services.chat import Chat
from services.chat_metrics import ChatMetrics
from services.connections import Connections
from services.friends import Friends
from services.missed_calls import MissedCalls
from services.moment_pushes import MomentPushAsking
from services.notifications import Notifications, loaders
from services.video_requests import VideoRequests
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
            receipts=stores.receipts,
            outbox=stores.outbox,
            events=events,
            channels=base.bus,
            pushes=self.jobs.room_pushes,
            max_chars=settings.max_message_chars,
            edit_window_s=settings.edit_window_s,
            clock=clock,
        )
        self.chat, self.announcer = conversations.chat, conversations.announcer
        self.recent_members = conversations.members
        self.groups = groups(stores, base, self.recent_members, self.announcer)
        self.connections = Connections(stores.connections, events, self.recent_members, clock=clock)
        self.news_announcer = Announcer(
            stores.notification_outbox, events, loaders(stores.notifications, clock)
        )
        self.notifications = Notifications(stores.notifications, events, self.news_announcer)
        self.friends, self.posts, self.post_watch = (
            Friends(stores.friends, events, self.recent_members, base.bus, self.notifications),
            PostParts(stores, base, self.notifications),
            PostWatching(stores.posts, base.bus, sockets, clock),
        )
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
        self.reviews, self.reward_expiry = Reviews(conduct.trust), RewardExpiry(stores.rewards, clock)

        rules, metrics, call_metrics = Rules.of(settings), MatchingMetrics(base.registry), CallMetrics()
        announcers = {"chat": self.announcer, "notification": self.news_announcer}
        self.survey, self.attendance, self.probing, forgotten = (
            Survey(stores.queue_pools, stores.open_calls, clock),
            Attendance(stores.queue_pools, clock),
            probing(stores, base),
            ForgottenRows(),
        )
        for collector in (
            call_metrics,
            ChatMetrics(self.chat, announcers),
            self.survey,
            self.attendance,
            forgotten,
        ):
            base.registry.register(collector)
        recorder = Recorder(stores.live_timelines, clock, on=settings.timeline_days > 0)
        eligibility = EligibilityService(
            stores.calls,
            stores.call_records,
            stores.eligibility,
            rules,
            clock,
            lambda: events.logs.born,
            call_metrics,
            recorder,
        )
        matching = Matching(
            tickets=stores.tickets,
            newcomers=Newcomers(stores.tickets, stores.applicants),
            eligibility=eligibility,
            events=events,
            changed=self.presence.changed,
            metrics=metrics,
            settings=settings,
            clock=clock,
            new_id=base.new_id,
            publish=base.bus.publish if settings.matchmaker == "apart" else None,
        )
        self.matching, self.queue = matching, matching.queue
        calls = CallParts(
            calls=stores.calls,
            lines=stores.signals,
            record=stores.call_records,
            direct=stores.direct_calls,
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
            recorder=recorder,
            settings=settings,
            clock=clock,
            limiter=stores.limiter,
            new_id=new_id,
        )
        self.call_service, self.executor, self.deadline_worker, self.direct_calls = (
            calls.call_service,
            calls.executor,
            calls.deadline_worker,
            calls.direct_calls,
        )
        reach_pockets(self.jobs.moments, calls, self.chat, self.notifications)
        self.video_requests = VideoRequests(
            stores.video_requests, events, self.notifications, settings, clock
        )
        self.connections.on_end.append(self.video_requests.parted)
        self.media = MediaParts(base)
        self.media_keeping = MediaKeeping(self.media.service, self.media.scans, clock)
        self.call_handlers = CallHandlers(
            stores,
            base,
            calls=calls,
            eligibility=eligibility,
            queue=self.queue,
            reports=self.reports,
            media=self.media.service,
            metrics=call_metrics,
            recorder=recorder,
        )

        # Tickets have leases as connections do; the same rule says when they may be judged.
        longest_s = max(settings.queue_lease_s, settings.connection_lease_s)
        self.lease_judge = LeaseJudge(every_s=settings.renewal_s, lease_s=longest_s)
        self.offers = calls.offers
        search = matching.search(calls.offers, node_id=base.node_id, may_judge=self.may_judge)
        self.matchmaker, self.finding = search.matchmaker, search.jobs

        protection = Protection(
            stores,
            base,
            calls=calls,
            queue=self.queue,
            eligibility=eligibility,
            connections=self.connections,
            friends=self.friends,
            members=self.recent_members,
            farewells=self.own_data.farewells,
            notifications=self.notifications,
            presence=self.presence,
            sightings=sighted,
            reports=self.reports,
        )
        self.block_effects, self.blocks, self.expulsions, self.report_effects = (
            protection.block_effects,
            protection.blocks,
            protection.expulsions,
            protection.report_effects,
        )
        wake: dict[Kind, Callable[[], None]] = {
            "bans": self.expulsions.wake,
            "expulsions": self.expulsions.wake,
            "blocks": self.block_effects.wake,
            "outbox": self.announcer.wake,
            "notifications": self.news_announcer.wake,
            "reports": self.report_effects.wake,
            "jobs": self.job_worker.wake if self.job_worker else _leave,
        }
        self.lookout = Lookout(stores.pending_work, wake, clock, every_s=lambda: 0.5 if len(sockets) else 1.0)
        kinds = kept(
            stores.retention,
            stores.matches,
            stores.timelines,
            stores.marks,
            stores.suspicions,
            stores.evidence,
            stores.codes,
            stores.friends,
            stores.invitations,
            stores.posts,
            stores.comments,
            FormerUsernames(base.pool),
            ErasureStore(base.pool),
            settings,
        )
        self.retention, self.message_keeping = (
            Retention(kinds, clock, forgotten),
            MessageKeeping(stores.forgotten_messages, clock, forgotten, days=settings.message_days),
        )
        self.lifecycle = ConnectionLifecycle(
            sessions=identity.sessions,
            presence=self.presence,
            posts=self.post_watch,
            queue=self.queue,
            call_service=self.call_service,
            settings=settings,
            rules=rules,
            clock=clock,
        )

    def may_judge(self) -> bool:
        """Whether a ticket's lease that has expired means that its user is gone."""
        return self.lease_judge.may_judge(time.monotonic())

    def handlers(self) -> tuple[object, ...]:
        """Those whose methods take commands; `composition/gateway.py` adds what takes `session:refresh`."""
        calls = *self.call_handlers.all(), self.video_requests
        return *calls, self.presence, self.post_watch, self.queue, self.connections, self.chat


def reach_pockets(
    asking: MomentPushAsking | None, calls: CallParts, chat: Chat, notifications: Notifications
) -> None:
    """What happens in calls, and what is read, is told to devices that are not in use; None: to none."""
    if asking is None:
        return
    pushed = PushedCalls(asking)
    calls.offers.on_offer.append(pushed.offered)
    calls.direct_calls.on_offer.append(pushed.offered)
    calls.call_service.on_change.append(pushed.changed)
    calls.executor.on_connected.append(asking.connected)
    chat.on_read.append(asking.read_room)
    notifications.on_read.append(asking.read)


def probing(stores: LiveStores, base: Foundation) -> Probing:
    """What has probes go their way, where a timer is set, and tells of them."""
    settings = base.settings
    own = OwnProbe(settings.probed_url, settings.probe_secret, longest_s=LONGEST_S)
    made = Probing(stores.probe_turns, own.run, base.clock, every_s=settings.probe_every_s)
    base.registry.register(made)
    return made


def _leave() -> None:
    """Others do that."""
