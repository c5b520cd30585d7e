"""The registry of personal data: for each table how it is exported, how it is erased, and how long it lasts.

Export, erasure and retention do what is written here, and docs/data.md is made of it. A test compares it with
the schema: it fails for a table or column that is not here, and for one that is nowhere else. What the words
mean is in `core/data_rules.py`; `core/chat_data.py` has the tables about chat, `core/safety_data.py` those by
which people are kept safe, `core/places_data.py` those about places, `core/rewards_data.py` those about
rewards, and `core/nobodys_data.py` those that say nothing of anybody.
Whoever has no account any more is an id that leads to nobody.
"""

from core.chat_data import CHAT
from core.data_rules import (
    A_CASE_IS_OPEN,
    AN_ID,
    GUARDED,
    HIDDEN,
    MY_CALLS,
    MY_SESSIONS,
    OTHERS,
    OURS,
    YOURS,
    Deleted,
    Emptied,
    Lasts,
    Stays,
    Table,
)
from core.places_data import PLACES
from core.posts_data import POSTS
from core.rewards_data import REWARDS
from core.safety_data import SAFETY

# Erased in this order, from the first on: by the time the account is empty nobody can come back into it.
TABLES: tuple[Table, ...] = (
    # The account
    Table(
        "identity.users",
        "Your account.",
        of="id = :user",
        file="account",
        told="email username role created_at updated_at verified_at email_verified_at",
        untold={
            YOURS: "id",
            HIDDEN: "password_hash email_hash",
            GUARDED: "tier judged_at",
            OURS: "deleted_at probe",
        },
        erased=Emptied(
            sets="email = NULL; email_hash = NULL; username = NULL; password_hash = NULL; role = 'user';"
            " tier = 'neutral'; verified_at = NULL; email_verified_at = NULL;"
            " deleted_at = coalesce(deleted_at, :now)",
            says="emptied: an id, and when there was an account. Address and name are free again",
        ),
    ),
    Table(
        "identity.profiles",
        "What you say of yourself, and whom you would like to meet.",
        file="profile",
        told="display_name birth_date gender intent languages country city bio study_focus"
        " photo_ids=photos video_ids=videos seeking_genders seeking_age_min seeking_age_max updated_at",
        untold={OURS: "version photos"},
        erased=Emptied(
            sets="display_name = 'Deleted account'; birth_date = DATE '1900-01-01'; gender = 'other';"
            " intent = 'casual'; languages = '{}'; country = NULL; city = NULL; bio = NULL;"
            " study_focus = NULL; photos = '[]'; photo_ids = '{}'; video_ids = '{}';"
            " seeking_genders = '{female,male,other}'; seeking_age_min = 18; seeking_age_max = 120",
            says="emptied: others read “Deleted account” where the name was",
        ),
    ),
    Table(
        "identity.settings",
        "Your settings.",
        file="settings",
        told="theme language time_zone relay_only show_age show_city show_country show_last_seen"
        " find_by_search find_by_phone hide_from_contacts read_receipts direct_calls match_by_places"
        " notifications",
    ),
    Table(
        "identity.former_usernames",
        "Usernames that you have given up, and that are reserved for you.",
        file="former_usernames",
        told="username until",
        erased=Stays("It is reserved on, and nobody knows for whom."),
        lasts=Lasts(days=1, since="it is free again, `USERNAME_RESERVED_DAYS` after it was given up"),
    ),
    Table(
        "social.findable",
        "The words of your names, if you let people search for you.",
        untold={OURS: "words"},
    ),
    Table(
        "identity.user_values",
        "What matters to you, and how much.",
        file="values",
        told="category value_name=value strength",
        untold={OURS: "key place"},
    ),
    Table(
        "identity.consents",
        "What you have agreed to, or taken back, in which version, and when.",
        file="consents",
        told="kind version given at",
        untold={OURS: "number"},
        erased=Stays("It has to be shown later that somebody had agreed. Words of ours, and times."),
        lasts=Lasts(
            setting="consent_record_days", since="the account was erased", by="db/postgres/erasures.sql"
        ),
    ),
    Table(
        "identity.activity",
        "When you last signed in, and were last here.",
        file="activity",
        told="last_login last_active",
    ),
    # How one signs in
    Table(
        "identity.logins",
        "Ways in which you can sign in.",
        file="ways_to_sign_in",
        told="provider hint created_at",
        untold={HIDDEN: "subject_hash sealed", OURS: "id key_id"},
    ),
    Table(
        "identity.devices",
        "Devices to which notifications are sent.",
        file="devices",
        told="device_id=device platform service updated_at",
        untold={HIDDEN: "token voip_token subscription", OURS: "session_id refused refused_since"},
        lasts="as long as its session",
    ),
    Table(
        "identity.sessions",
        "Where you have signed in.",
        file="sessions",
        told="device user_agent=browser client=app network created_at last_used_at expires_at"
        " revoked_at=ended_at revoked_reason=ended_because second_factor",
        untold={OURS: "id restricted"},
        lasts=Lasts(setting="session_record_days", since="its end"),
    ),
    Table(
        "identity.refresh_tokens",
        "Tokens of your devices, as hashes.",
        of=f"session_id IN {MY_SESSIONS}",
        untold={
            HIDDEN: "hash parent",
            OURS: "session_id issued_at expires_at used_at again served_at void_at",
        },
        erased=Deleted(says="deleted with their sessions"),
        lasts=Lasts(setting="session_record_days", since="they expired"),
    ),
    Table(
        "identity.one_time_codes",
        "Codes and links that were sent to you, as hashes.",
        untold={
            HIDDEN: "subject hash carried",
            OURS: "id purpose key_id issued_at expires_at wrong used_at",
        },
        lasts=Lasts(days=1, since="they expired"),
    ),
    Table(
        "identity.totp",
        "Your authenticator app.",
        file="authenticator",
        told="on_since asked_at",
        untold={HIDDEN: "secret", OURS: "key_id used_step"},
    ),
    Table(
        "identity.idempotent_requests",
        "Answers to your latest requests, for an app that has to ask again.",
        of="owner = :user::text",
        untold={OURS: "owner operation key digest answer created_at"},
        erased=Stays("It is forgotten after a day."),
        lasts=Lasts(days=1, since="the request"),
    ),
    Table(
        "identity.expulsions",
        "That you were signed out, until all of the server knows.",
        untold={OURS: "id reason sessions taken_until"},
        erased=Stays("It is gone after seconds."),
        lasts="until every process has seen to it: seconds",
    ),
    Table(
        "identity.exports",
        "Copies of your data that you have asked for.",
        file="exports",
        told="asked_at state ready_at expires_at size",
        untold={OURS: "id key progress failures"},
        erased=Emptied(
            sets="expires_at = least(coalesce(expires_at, 'infinity'), :now)",
            says="deleted at once, with the file",
        ),
        lasts=Lasts(setting="export_days", since="it was ready", by="services/exports.py"),
    ),
    Table(
        "identity.erasures",
        "That you have asked for your account to be deleted.",
        file="deletion",
        told="asked_at erases_at",
        untold={OURS: "begun_at done_at"},
        erased=Stays("It says that the account was erased, and when."),
        lasts=Lasts(setting="consent_record_days", since="the account was erased"),
    ),
    # What one says and shows
    Table(
        "social.media",
        "Photos, videos and voice messages. Their files are in the folder `media`, but for what was sent"
        " along with a report, which is sealed. What is deleted or forgotten is not told, even where it"
        " stays as evidence.",
        of="owner_id = :user AND stored",
        copied="NOT social.is_gone(id)",
        file="media",
        told="id type name purpose content_type size width height duration_ms created_at",
        untold={
            YOURS: "owner_id",
            OURS: "key key_id stored used_for used_at expires_at scans scan_at renditions blurhash hash"
            " waveform",
            OTHERS: "state reason decided_by decided_at fault note",
            GUARDED: "resembles",
        },
        erased=Emptied(
            sets="expires_at = least(coalesce(expires_at, 'infinity'), :now)",
            only="purpose <> 'report' OR used_at IS NULL",
            waits=A_CASE_IS_OPEN,
            says="deleted, with the files; while a case is open, later. Evidence goes with its report",
        ),
        lasts="as long as it is shown, a day where it is not, or as long as the report that it belongs to",
    ),
    *CHAT,
    # Whom one meets
    Table(
        "interaction.calls",
        "Your calls.",
        of=f"id IN {MY_CALLS}",
        file="calls",
        told="id=call mode origin invited_by=by mentor_session_id=session offered_at started_at live_at"
        " ended_at duration_s",
        untold={OTHERS: "end_reason ended_by outcome rings", OURS: "region decision_deadline closed_at"},
        erased=AN_ID,
        lasts=Lasts(
            setting="call_record_days",
            since="its offer, unless it led to a connection or a report, with which it stays",
        ),
    ),
    Table(
        "interaction.call_participants",
        "Your part in these calls.",
        file="part_in_calls",
        told="call_id=call fault_at=failed_through_you_at verdict",
        untold={OURS: "active"},
        erased=AN_ID,
        lasts="as long as the call",
    ),
    Table(
        "interaction.decisions",
        "What you have decided after calls.",
        of=f"user_id = :user AND call_id IN {MY_CALLS}",
        file="decisions",
        told="call_id=call connect feedback created_at",
        lasts="as long as the call",
    ),
    Table(
        "interaction.call_timelines",
        "What happened in a call: when who accepted, connected, was away, and how good the way was. What it"
        " comes to is told with your part in these calls.",
        of=f"call_id IN {MY_CALLS}",
        untold={OTHERS: "events", OURS: "call_id ended_at"},
        lasts=Lasts(setting="timeline_days", since="the call"),
    ),
    Table(
        "interaction.match_decisions",
        "Why matching has brought two together.",
        of=f"call_id IN {MY_CALLS}",
        untold={OTHERS: "body", OURS: "call_id decided_at"},
        lasts=Lasts(setting="match_record_days", since="the match"),
    ),
    Table(
        "interaction.connections",
        "People with whom you are, or were, connected.",
        of=":user IN (user_a, user_b)",
        file="connections",
        told="id=connection user_a=one user_b=other room_id=room call_id=call video_enabled created_at"
        " ended_at",
        untold={OTHERS: "ended_by"},
        erased=Emptied(
            sets="ended_at = :now; ended_by = :user",
            only="ended_at IS NULL",
            says="ended. An id that leads to nobody stays",
        ),
        lasts="as long as the room",
    ),
    Table(
        "interaction.video_requests",
        "Whether calls with somebody may have video: who has asked, and who has answered.",
        of=":user IN (requester_id, approver_id)",
        file="video_requests",
        told="connection_id=connection requester_id=by approver_id=for status requested_at responded_at"
        " expires_at",
        untold={OURS: "id"},
        erased=AN_ID,
        lasts="as long as the connection",
    ),
    Table(
        "social.notifications",
        "What you were told: `{name}` stands for somebody's name, which is not kept here.",
        file="notifications",
        told="kind title body subject_type subject_id about_id action_label action_url created_at"
        " delivered_at read_at expires_at",
        untold={OURS: "id"},
        erased=Deleted(says="deleted, and what others were told about you"),
        lasts=Lasts(
            setting="notification_days",
            since="the quarter in which it was made",
            by="services/notification_keeping.py",
        ),
    ),
    Table(
        "social.notification_lanes",
        "How often you were told something.",
        untold={OURS: "last_news"},
    ),
    Table(
        "social.friendships",
        "Your friends.",
        of=":user IN (user_a, user_b) AND ended_at IS NULL",
        file="friends",
        told="user_a=one user_b=other room_id=room created_at=since",
        untold={OURS: "id", OTHERS: "ended_at ended_by"},
        erased=Stays("It ended with the account. An id that leads to nobody stays."),
        lasts="as long as the room",
    ),
    Table(
        "social.friend_requests",
        "Friend requests that wait.",
        of=":user IN (sender_id, receiver_id) AND state = 'open'",
        file="friend_requests",
        told="sender_id=from receiver_id=to created_at",
        untold={OURS: "id", OTHERS: "state closed_at"},
        erased=Stays("It was withdrawn with the account."),
        lasts=Lasts(setting="friend_request_days", since="it was answered"),
    ),
    *POSTS,
    Table(
        "social.contacts",
        "When you have sent numbers of your address book: kept are keyed hashes, and no names.",
        of="owner_id = :user",
        file="contacts",
        told="sent_at",
        untold={YOURS: "owner_id", HIDDEN: "mark", OTHERS: "user_id"},
        lasts="as long as the account, or until they are taken back",
    ),
    Table(
        "identity.blocks",
        "People whom you have blocked. Who has blocked you is theirs to know.",
        of="blocker_id = :user",
        file="blocks",
        told="blocked_id=whom created_at=since",
        untold={YOURS: "blocker_id"},
        erased=Deleted(says="deleted; blocks by others stay theirs"),
        lasts="until it is taken back",
    ),
    *PLACES,
    *REWARDS,
    *SAFETY,
)


def lasts(name: str) -> Lasts:
    """How long rows of this table last. Raises KeyError where that is no time."""
    for table in TABLES:
        if table.name == name and isinstance(table.lasts, Lasts):
            return table.lasts
    raise KeyError(name)
