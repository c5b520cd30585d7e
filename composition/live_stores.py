"""The stores of a node that matches people and holds calls: those of `stores.py`, and more."""

from composition.foundation import Foundation
from composition.stores import Stores
from db.postgres.applicants import ApplicantStore
from db.postgres.bans import BanStore
from db.postgres.call_records import EVERY_S
from db.postgres.direct_calls import DirectCallStore
from db.postgres.eligibility import EligibilityStore
from db.postgres.evidence import EvidenceStore
from db.postgres.forgotten_messages import ForgottenMessages
from db.postgres.notifications import OUTBOX
from db.postgres.open_calls import OpenCalls
from db.postgres.outbox import Outbox
from db.postgres.pending_work import PendingWork
from db.postgres.retention import RetentionStore
from db.redis.calls import RedisCalls
from db.redis.echo_seats import EchoSeats
from db.redis.presence import RedisPresence
from db.redis.probe_turns import ProbeTurns
from db.redis.queue_pools import QueuePools
from db.redis.signals import RedisSignals
from db.redis.tickets import RedisTickets
from db.redis.told import Streams
from db.redis.unusable import Unusable
from matching.haunts import marks_by


class LiveStores(Stores):
    """All stores."""

    def __init__(self, base: Foundation, *, offers_every_s: float = EVERY_S) -> None:
        super().__init__(base, offers_every_s=offers_every_s)
        marks = marks_by(base.keyring.keys("marks of places"))
        self.applicants = ApplicantStore(base.pool, self.cards, marks)
        self.eligibility = EligibilityStore(base.pool)
        self.bans = BanStore(base.pool)
        self.direct_calls = DirectCallStore(base.pool, self.cards, ring_s=base.settings.ring_s)
        self.evidence = EvidenceStore(base.pool)
        self.outbox = Outbox(base.pool)
        self.notification_outbox = Outbox(base.pool, OUTBOX)
        self.pending_work = PendingWork(base.pool)
        self.open_calls = OpenCalls(base.pool)
        self.retention = RetentionStore(base.pool)
        self.forgotten_messages = ForgottenMessages(base.pool)
        unusable = Unusable(base.registry)
        keep, keep_s = base.settings.stream_events + 1, base.settings.stream_s
        self.calls = RedisCalls(base.redis, unusable, Streams(keep, keep_s * 1000))
        self.signals = RedisSignals(
            base.redis,
            keep=keep,
            keep_s=keep_s,
            candidates=base.settings.max_candidates,
            descriptions=base.settings.max_descriptions,
        )
        self.tickets = RedisTickets(base.redis, base.settings.region, unusable)
        self.queue_pools = QueuePools(base.redis, base.settings.region)
        self.presence = RedisPresence(base.redis)
        self.probe_turns = ProbeTurns(base.redis)
        self.echo_seats = EchoSeats(base.redis, seats=base.settings.echo_calls)
