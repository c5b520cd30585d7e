"""The stores that both programs use. A store without state of its own may also be made where it is used."""

from composition.foundation import Foundation
from composition.media import media_views
from core.mentor_sessions import SessionRule
from core.seals import Seals
from db.postgres.accounts import AccountStore
from db.postgres.blocks import BlockStore
from db.postgres.call_records import EVERY_S, CallRecords
from db.postgres.cards import Cards
from db.postgres.cases import CaseStore
from db.postgres.check_ins import CheckInStore
from db.postgres.codes import CodeStore
from db.postgres.comments import CommentStore
from db.postgres.connections import ConnectionStore
from db.postgres.devices import DeviceStore
from db.postgres.expulsions import ExpulsionStore
from db.postgres.friends import FriendStore
from db.postgres.groups import GroupStore
from db.postgres.invitations import InvitationStore
from db.postgres.jobs import JobStore
from db.postgres.journeys import JourneyStore
from db.postgres.likes import LikeStore
from db.postgres.logins import LoginStore
from db.postgres.marks import MarkStore
from db.postgres.matches import MatchRecords
from db.postgres.mentor_sessions import MentorSessionStore
from db.postgres.notifications import NotificationStore
from db.postgres.posts import PostStore
from db.postgres.profiles import ProfileStore
from db.postgres.receipts import ReceiptStore
from db.postgres.reports import ReportStore
from db.postgres.rewards import RewardStore
from db.postgres.rooms import Rooms
from db.postgres.sessions import SessionStore
from db.postgres.settings import SettingsStore
from db.postgres.standing import StandingStore
from db.postgres.suspicions import SuspicionStore
from db.postgres.timelines import TimelineRecords
from db.postgres.totp import TotpStore
from db.postgres.trust import TrustStore
from db.postgres.unsettled_sessions import UnsettledSessions
from db.postgres.video_requests import VideoRequestStore
from db.redis.event_log import EventLog
from db.redis.rate_limits import NoLimits, RedisLimiter
from db.redis.timelines import RedisTimelines
from db.redis.underage import RefusedAges
from services.mentor_slots import offers
from services.ports import Limiter
from services.suspension import suspending


class Stores:
    """Accounts, what two people have with each other, and the event log."""

    def __init__(self, base: Foundation, *, offers_every_s: float = EVERY_S) -> None:
        pool, redis, settings = base.pool, base.redis, base.settings
        keyring, fields = base.keyring, base.fields
        self.jobs = JobStore(pool, Seals(keyring.sealing("jobs")), base.clock)
        self.notifications = NotificationStore(pool, self.jobs, fields)
        self.devices = DeviceStore(pool)
        notify = self.notifications.notify
        self.cards = cards = Cards(media_views(base))
        self.accounts = AccountStore(pool, fields)
        self.sessions = SessionStore(pool, cards, fields)
        self.totp = TotpStore(pool)
        self.codes = CodeStore(pool)
        self.logins = LoginStore(pool, fields)
        self.refused_ages = RefusedAges(redis)
        self.standing = StandingStore(pool, fields)
        self.expulsions = ExpulsionStore(pool)
        self.profiles = ProfileStore(pool, cards, fields)
        self.blocks = BlockStore(pool)
        self.rewards = RewardStore(pool, notify)
        self.check_ins = CheckInStore(
            pool, notify, most_a_day=settings.check_ins_a_day, grant=self.rewards.grant
        )
        self.call_records = CallRecords(pool, cards, self.rewards.grant_each, offers_every_s=offers_every_s)
        self.connections = ConnectionStore(pool, cards, self.rewards.grant_each)
        self.video_requests = VideoRequestStore(pool, self.jobs, notify)
        bookings = SessionRule.of(settings)
        self.mentor_sessions = MentorSessionStore(
            pool,
            self.jobs,
            notify,
            grant=self.rewards.grant,
            rule=bookings,
            offers=offers,
            cards=cards,
            fields=fields,
        )
        self.unsettled_sessions = UnsettledSessions(pool, notify, grant=self.rewards.grant)
        self.friends = FriendStore(pool, cards, refusals=settings.friend_refusals, notify=notify)
        self.posts = PostStore(pool, cards)
        self.comments, self.likes = CommentStore(pool, notify, cards), LikeStore(pool, notify, cards)
        self.journeys = JourneyStore(pool)
        self.rooms = Rooms(pool, cards, message_days=settings.message_days)
        self.receipts = ReceiptStore(pool)
        most = {"most_members": settings.group_members, "most_groups": settings.groups_a_user}
        self.groups = GroupStore(pool, cards, **most)
        self.invitations = InvitationStore(pool, self.groups)
        self.settings = SettingsStore(pool)
        self.matches = MatchRecords(pool, base.replica)
        self.timelines = TimelineRecords(pool)
        self.live_timelines = RedisTimelines(redis)
        self.trust = TrustStore(pool)
        self.marks = MarkStore(pool, fields)
        self.suspicions = SuspicionStore(pool)
        seals, rule = Seals(keyring.sealing("evidence")), suspending(settings)
        self.reports = ReportStore(pool, seals, rule, window_ms=settings.report_h * 3_600_000, fields=fields)
        self.cases = CaseStore(pool, seals, rule, notify, fields)
        # One event more than promised: tells an offset that just fits from one that is too old.
        self.events = EventLog(redis, keep=settings.stream_events + 1, keep_s=settings.stream_s)
        self.limiter: Limiter = RedisLimiter(redis) if settings.rate_limits == "on" else NoLimits()
