"""What the product is made of: stores, and the use cases on top of them. `realtime/app.py` starts it.

What a class uses, its constructor lists.
"""

import time
from functools import partial

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from core.clock import Clock, now_ms
from core.contract.calls import (
    CallAccept,
    CallConnected,
    CallDecline,
    CallEnd,
    CallMedia,
    CallReport,
    CallRestart,
    CallSignal,
    CallSkip,
)
from core.contract.chat import ChatHistory, ChatMessage, ChatRead, ChatSend, ChatTyping
from core.contract.connections import ConnectionEnd
from core.contract.decisions import DecisionSubmit
from core.contract.presence import PresenceSet, PresenceWatch
from core.contract.queue import QueueExplain, QueueJoin, QueueLeave
from core.ids import new_id
from core.settings import Settings
from core.wire.message import Command
from db.postgres.accounts import AccountStore
from db.postgres.applicants import ApplicantStore
from db.postgres.audit import AuditLog
from db.postgres.bans import BanStore
from db.postgres.blocks import BlockStore
from db.postgres.call_records import CallRecords
from db.postgres.connections import ConnectionStore
from db.postgres.eligibility import EligibilityStore
from db.postgres.idempotency import KEPT_MS
from db.postgres.leftovers import Leftovers
from db.postgres.matches import MatchRecords
from db.postgres.outbox import Outbox
from db.postgres.pool import Pool
from db.postgres.profiles import ProfileStore
from db.postgres.reports import ReportStore
from db.postgres.rooms import Rooms
from db.postgres.sessions import SessionStore
from db.postgres.trust import TrustStore
from db.postgres.values import ValueStore
from db.redis.bus import Bus
from db.redis.calls import Calls
from db.redis.events import EventRoad
from db.redis.presence import RedisPresence
from db.redis.rate_limits import NoLimits, RedisLimiter
from db.redis.tickets import RedisTickets
from matching.apart import Apart
from matching.policy import Policy
from matching.recorder import Recorder
from realtime.background.banishments import Banishments
from realtime.background.partings import Partings
from realtime.background.retention import DAY_MS, Kept, Retention
from realtime.background.reviews import Reviews
from realtime.calls.acquaintances import Acquaintances
from realtime.calls.attendant import Attendant
from realtime.calls.commands import CallCommands
from realtime.calls.executor import Executor
from realtime.calls.offers import Offers
from realtime.calls.signals import Signals
from realtime.calls.switchboard import Switchboard
from realtime.gateway.boundary import Handler
from realtime.gateway.roster import Roster
from realtime.lifecycle import Lifecycle
from realtime.matchmaking.figures import Figures
from realtime.matchmaking.matchmaker import Matchmaker, Reach
from realtime.matchmaking.outlooks import Outlooks
from realtime.matchmaking.queue import Queue
from realtime.matchmaking.reunions import Reunions
from realtime.matchmaking.seekers import Seekers
from realtime.matchmaking.sweep import Rhythm, Sweeper
from realtime.presence.leases import Steadiness
from realtime.presence.presence import Presence
from realtime.presence.watches import Watches
from services.accounts import Accounts
from services.announcer import Announcer
from services.blocks import AnnouncedPartings, Blocks
from services.chat import Chat, announcements
from services.connections import Connections
from services.cool_downs import CoolDowns
from services.passwords import Passwords
from services.ports import Limiter
from services.reports import Reports
from services.trust import Trust
from services.values import Values
from signaling.call import Rules


class Stores:
    """Whatever keeps something."""

    def __init__(self, pool: Pool, redis: Redis, settings: Settings) -> None:
        self.accounts = AccountStore(pool)
        self.sessions = SessionStore(pool)
        self.profiles = ProfileStore(pool)
        self.applicants = ApplicantStore(pool)
        self.blocks = BlockStore(pool)
        self.bans = BanStore(pool)
        self.values = ValueStore(pool)
        self.call_records = CallRecords(pool)
        self.connections = ConnectionStore(pool)
        self.eligibility = EligibilityStore(pool)
        self.reports = ReportStore(pool)
        self.rooms = Rooms(pool)
        self.outbox = Outbox(pool)
        self.trust = TrustStore(pool)
        self.audit = AuditLog(pool)
        self.matches = MatchRecords(pool)
        self.leftovers = Leftovers(pool)
        self.calls = Calls(redis)
        self.tickets = RedisTickets(redis, settings.region)
        self.presence = RedisPresence(redis)
        # One more than is promised tells an offset at the edge from one beyond it.
        self.events = EventRoad(redis, keep=settings.stream_events + 1, keep_s=settings.stream_s)
        self.limiter: Limiter = RedisLimiter(redis) if settings.rate_limits == "on" else NoLimits()


class Services:
    """The use cases, on top of the stores."""

    def __init__(
        self,
        stores: Stores,
        bus: Bus,
        roster: Roster,
        settings: Settings,
        node_id: str,
        registry: CollectorRegistry,
        clock: Clock = now_ms,
    ) -> None:
        figures, fresh_id = Figures(registry), lambda: new_id(clock())
        rules, seekers = Rules.of(settings), Seekers()
        policy = Policy.of(settings)
        outlooks = Outlooks(stores.tickets, policy, clock)
        apart = Apart.of(settings)
        self.passwords = Passwords(
            threads=settings.password_threads,
            queue=settings.password_queue,
            memory_kib=settings.password_memory_kib,
            passes=settings.password_passes,
        )
        self.accounts = Accounts.of(
            settings,
            stores.accounts,
            families=stores.sessions,
            profiles=stores.profiles,
            passwords=self.passwords,
            sessions=stores.events,
            limiter=stores.limiter,
        )
        self.values = Values(stores.values)
        acquaintances = Acquaintances(
            stores.calls,
            stores.call_records,
            stores.eligibility,
            rules,
            clock,
            lambda: stores.events.log.born,
        )
        self.presence = Presence(
            store=stores.presence,
            companions=stores.connections,
            calls=stores.call_records,
            queue=stores.tickets,
            channels=bus,
            sockets=roster,
            watches=Watches(),
            clock=clock,
            lease_s=settings.connection_lease_s,
        )
        self.queue = Queue(
            stores.tickets,
            stores.applicants,
            acquaintances,
            stores.events,
            seekers,
            policy,
            outlooks,
            clock,
            fresh_id,
            self.presence.changed,
            CoolDowns.of(settings),
            figures,
            region=settings.region,
            lease_ms=settings.queue_lease_s * 1000,
            apart=apart,
        )
        self.trust = Trust(
            stores.trust,
            clock,
            new_id,
            window_ms=settings.trust_window_d * 86_400_000,
            early_ms=settings.early_hang_up_s * 1000,
            review_ms=settings.trust_review_s * 1000,
        )
        self.reviews = Reviews(self.trust)
        self.reports = Reports(
            stores.reports,
            AnnouncedPartings(bus),
            self.trust,
            new_id,
            window_ms=settings.report_h * 3_600_000,
        )
        self.connections = Connections(stores.connections, stores.events, clock=clock)
        self.executor = Executor(
            calls=stores.calls,
            record=stores.call_records,
            connections=stores.connections,
            queue=self.queue,
            reports=self.reports,
            presence=self.presence,
            trust=self.trust,
            events=stores.events,
            settings=settings,
            rules=rules,
            clock=clock,
        )
        self.switchboard = Switchboard(
            calls=stores.calls,
            record=stores.call_records,
            acquaintances=acquaintances,
            executor=self.executor,
            rules=rules,
            clock=clock,
        )
        self.partings = Partings(
            store=stores.blocks,
            record=stores.call_records,
            switchboard=self.switchboard,
            acquaintances=acquaintances,
            connections=self.connections,
            presence=self.presence,
            clock=clock,
        )
        self.blocks = Blocks(stores.blocks, self.partings)
        self.banishments = Banishments(
            store=stores.bans,
            record=stores.call_records,
            sessions=stores.events,
            queue=self.queue,
            switchboard=self.switchboard,
            acquaintances=acquaintances,
            presence=self.presence,
            clock=clock,
        )
        offers = Offers(
            calls=stores.calls,
            record=stores.call_records,
            executor=self.executor,
            tickets=stores.tickets,
            queue=self.queue,
            presence=self.presence,
            events=stores.events,
            settings=settings,
            rules=rules,
            figures=figures,
            clock=clock,
        )
        reach = Reach(
            candidates=settings.candidates,
            apart=apart,
            alone_ms=settings.rematch_alone_s * 1000,
        )
        self.matchmaker = Matchmaker(
            stores.tickets,
            acquaintances,
            offers,
            seekers,
            policy,
            outlooks,
            reach,
            Recorder(policy, settings.match_record_candidates),
            figures,
            clock,
            fresh_id,
        )
        rhythm = Rhythm(patience_ms=settings.queue_s * 1000, update_ms=settings.queue_update_s * 1000)
        # Whoever waits has a lease as a connection has: both are judged by the same steadiness.
        longest_s = max(settings.queue_lease_s, settings.connection_lease_s)
        self.steadiness = Steadiness(every_s=settings.renewal_s, lease_s=longest_s)
        self.sweep = Sweeper(
            stores.tickets,
            self.matchmaker,
            stores.events,
            self.presence.changed,
            policy,
            outlooks,
            settings.candidates,
            rhythm,
            Reunions(stores.tickets, acquaintances, policy, reach, clock),
            figures,
            clock,
            node_id,
            lambda: self.steadiness.may_judge(time.monotonic()),
        )
        self.retention = Retention(
            [
                Kept(stores.matches.forget, settings.match_record_days * DAY_MS),
                Kept(stores.leftovers.keys, KEPT_MS),
                Kept(stores.leftovers.tokens, settings.session_record_days * DAY_MS),
                Kept(stores.leftovers.sessions, settings.session_record_days * DAY_MS),
            ],
            clock,
        )
        self.attendant = Attendant(stores.calls, self.switchboard, clock)
        self.announcer = Announcer(
            stores.outbox,
            stores.events,
            {ChatMessage.event: partial(announcements, stores.rooms)},
        )
        self.chat = Chat(
            stores.rooms,
            stores.events,
            self.announcer,
            max_chars=settings.max_message_chars,
            clock=clock,
        )
        self.calls = CallCommands(self.switchboard, stores.events, self.reports, clock, new_id)
        self.signals = Signals(self.switchboard, stores.calls, stores.events, settings)
        self.lifecycle = Lifecycle(
            accounts=self.accounts,
            presence=self.presence,
            queue=self.queue,
            switchboard=self.switchboard,
            settings=settings,
            rules=rules,
            clock=clock,
        )

    def handlers(self) -> dict[type[Command], Handler]:
        """Who answers which command; the gateway itself answers `session:refresh`."""
        return {
            PresenceSet: self.presence.set,
            PresenceWatch: self.presence.watch,
            QueueJoin: self.queue.join,
            QueueLeave: self.queue.leave,
            QueueExplain: self.queue.explain,
            CallAccept: self.calls.accept,
            CallDecline: self.calls.decline,
            CallSignal: self.signals.signal,
            CallConnected: self.calls.connected,
            CallRestart: self.calls.restart,
            CallMedia: self.calls.media,
            CallEnd: self.calls.end,
            CallSkip: self.calls.skip,
            CallReport: self.calls.report,
            DecisionSubmit: self.calls.decide,
            ConnectionEnd: self.connections.end,
            ChatSend: self.chat.send,
            ChatHistory: self.chat.history,
            ChatRead: self.chat.read,
            ChatTyping: self.chat.typing,
        }
