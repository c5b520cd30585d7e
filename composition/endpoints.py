"""The REST resources of both programs, each with its handlers. A new resource is a line in `_resources`."""

from collections.abc import Mapping, Sequence
from functools import partial

from aiohttp import web

from composition.accounts import Identity
from composition.conduct import Conduct
from composition.foundation import Foundation
from composition.jobs import JobParts
from composition.media import MediaParts
from composition.own_data import OwnDataParts
from composition.posts import PostParts
from composition.rewards import reward_resources
from composition.stores import Stores
from core.contract.index import ENDPOINTS
from core.job_settings import OUTBOX
from core.mentor_sessions import SessionRule
from core.turn_servers import have_relays, turn_regions
from core.wire.endpoint import Endpoint
from db.postgres.admin_users import AdminUsers
from db.postgres.audit import AuditLog
from db.postgres.consents import ConsentStore
from db.postgres.friend_suggestions import FriendSuggestions
from db.postgres.locations import LocationStore
from db.postgres.mentors import MentorStore
from db.postgres.mutes import MuteStore
from db.postgres.partners import is_staff
from db.postgres.penalties import PenaltyStore
from db.postgres.reviews import ReviewStore
from db.postgres.values import ValueStore
from rest import outbox
from rest.accounts import AccountHandlers
from rest.admin_users import AdminUserHandlers
from rest.app import make_app
from rest.appeals import AppealHandlers
from rest.audit import AuditHandlers
from rest.bans import BanHandlers
from rest.blocks import BlockHandlers
from rest.calls import CallHandlers
from rest.chat import ChatHandlers
from rest.check_ins import CheckInHandlers
from rest.comments import CommentHandlers
from rest.connections import ConnectionHandlers
from rest.consents import ConsentHandlers
from rest.contacts import ContactHandlers
from rest.devices import DeviceHandlers
from rest.email import EmailHandlers
from rest.friends import FriendHandlers
from rest.groups import GroupHandlers
from rest.http.binding import Resource
from rest.journey import JourneyHandlers
from rest.likes import LikeHandlers
from rest.locations import LocationHandlers
from rest.logins import LoginHandlers
from rest.matches import MatchHandlers
from rest.media import MediaHandlers
from rest.media_review import MediaReviewHandlers
from rest.mentor_sessions import MentorSessionHandlers
from rest.mentors import MentorHandlers
from rest.moderation import ModerationHandlers
from rest.mutes import MuteHandlers
from rest.notifications import NotificationHandlers
from rest.openid import OpenIdHandlers
from rest.own_data import OwnDataHandlers
from rest.password import PasswordHandlers
from rest.phone import PhoneHandlers
from rest.posts import PostHandlers
from rest.profiles import ProfileHandlers
from rest.reports import ReportHandlers
from rest.reviews import ReviewHandlers
from rest.service import Check
from rest.sessions import SessionHandlers
from rest.settings import SettingsHandlers
from rest.standing import StandingHandlers
from rest.suspicions import SuspicionHandlers
from rest.timelines import TimelineHandlers
from rest.totp import TotpHandlers
from rest.values import ValueHandlers
from rest.video_requests import VideoRequestHandlers
from services.admin_users import UserModeration
from services.bans import Bans
from services.blocks import Blocks
from services.check_ins import CheckIns
from services.friends import Friends
from services.groups import Groups
from services.journeys import Journeys
from services.locations import Locations
from services.mentor_sessions import MentorSessions
from services.mentors import Mentors
from services.mutes import Mutes
from services.notifications import Notifications
from services.settings import OwnSettings
from services.timelines import Timelines
from services.values import Values


def application(
    base: Foundation,
    stores: Stores,
    identity: Identity,
    blocks: Blocks,
    friends: Friends,
    notifications: Notifications,
    media: MediaParts,
    conduct: Conduct,
    jobs: JobParts,
    own_data: OwnDataParts,
    posts: PostParts,
    groups: Groups,
    *,
    checks: Mapping[str, Check],
    notes: Sequence[str] = (),
) -> web.Application:
    """The REST application. `/readyz` asks the `checks` and passes on the `notes`."""
    resources = _resources(
        base, stores, identity, blocks, friends, notifications, media, conduct, own_data, posts, groups
    )
    app = answering(base, identity, resources, checks=checks, notes=notes)
    if OUTBOX in (base.settings.mail, base.settings.sms):
        outbox.mount(app, jobs.outbox.newest)
    return app


def answering(
    base: Foundation,
    identity: Identity,
    resources: Sequence[Resource],
    *,
    checks: Mapping[str, Check],
    notes: Sequence[str] = (),
    contract: tuple[Endpoint, ...] = ENDPOINTS,
) -> web.Application:
    """The same of any resources, for the endpoints of any contract."""
    return make_app(
        settings=base.settings,
        clock=base.clock,
        registry=base.registry,
        sessions=identity.sessions,
        limits=identity.limits,
        resources=resources,
        ending=base.ending,
        checks=checks,
        notes=notes,
        contract=contract,
    )


def _resources(
    base: Foundation,
    stores: Stores,
    identity: Identity,
    blocks: Blocks,
    friends: Friends,
    notifications: Notifications,
    media: MediaParts,
    conduct: Conduct,
    own_data: OwnDataParts,
    posts: PostParts,
    groups: Groups,
) -> list[Resource]:
    values, penalties = ValueStore(base.pool), PenaltyStore(base.pool)
    sessions = MentorSessions(stores.mentor_sessions, notifications, base.clock)
    relays = have_relays(base.settings.region, turn_regions(base.settings.turn_urls))
    keys = base.keyring.keys("code of a place")
    bans = Bans(penalties, identity.expulsions.hurry)
    users = AdminUsers(base.pool, stores.sessions, stores.standing, base.fields)
    return [
        AccountHandlers(identity.accounts, identity.sessions),
        PhoneHandlers(identity.phones),
        OpenIdHandlers(identity.openid),
        LoginHandlers(identity.logins),
        PasswordHandlers(identity.password),
        EmailHandlers(identity.emails),
        SessionHandlers(identity.sessions, stores.sessions, identity.expulsions),
        TotpHandlers(identity.codes, identity.proofs),
        ConsentHandlers(ConsentStore(base.pool)),
        ProfileHandlers(identity.profiles),
        ValueHandlers(Values(values), values),
        SettingsHandlers(OwnSettings(stores.settings, base.bus, relays=relays)),
        BlockHandlers(blocks, stores.blocks),
        ContactHandlers(identity.contacts),
        FriendHandlers(friends, stores.friends, FriendSuggestions(base.pool, stores.cards)),
        PostHandlers(posts.posts, stores.posts),
        CommentHandlers(posts.comments, stores.comments),
        LikeHandlers(posts.likes, stores.likes),
        ReportHandlers(conduct.reports),
        CallHandlers(stores.call_records),
        ConnectionHandlers(stores.connections),
        VideoRequestHandlers(stores.video_requests),
        ChatHandlers(stores.rooms, stores.receipts),
        MuteHandlers(Mutes(MuteStore(base.pool), stores.events), stores.rooms),
        GroupHandlers(groups, stores.groups),
        NotificationHandlers(notifications),
        DeviceHandlers(stores.devices),
        MediaHandlers(media.service, media.uploads, media.limits, media.views),
        LocationHandlers(Locations(LocationStore(base.pool), media.views)),
        MentorHandlers(Mentors(MentorStore(base.pool, stores.cards), SessionRule.of(base.settings))),
        MentorSessionHandlers(sessions, stores.mentor_sessions),
        ReviewHandlers(ReviewStore(base.pool, stores.cards)),
        CheckInHandlers(CheckIns(stores.check_ins, notifications, keys, partial(is_staff, base.pool))),
        JourneyHandlers(Journeys(stores.journeys)),
        *reward_resources(stores, base, notifications),
        MatchHandlers(stores.matches),
        TimelineHandlers(Timelines(stores.timelines, stores.live_timelines)),
        OwnDataHandlers(own_data.exports, own_data.erasures),
        StandingHandlers(stores.standing, conduct.appealing),
        AppealHandlers(conduct.appealing, conduct.appeals),
        BanHandlers(bans, penalties),
        AdminUserHandlers(UserModeration(users, bans, identity.expulsions.hurry)),
        ModerationHandlers(conduct.cases, stores.cases),
        MediaReviewHandlers(conduct.media_review, conduct.media_reviews),
        SuspicionHandlers(identity.sightings),
        AuditHandlers(AuditLog(base.pool, base.replica)),
    ]
