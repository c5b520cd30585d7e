"""The words that clients, server and tables share. They are part of the wire format: never renamed."""

from typing import Annotated, Literal

from msgspec import Meta

Gender = Literal["female", "male", "other"]
Intent = Literal["casual", "friends", "serious", "networking"]
Role = Literal["user", "moderator", "admin"]
ConsentKind = Literal["terms", "privacy", "analytics", "assistant"]
Mode = Literal["voice", "video"]
EchoPlace = Literal["here", "apart", "off"]
MatchmakerPlace = Literal["here", "apart"]
Origin = Literal["match", "direct", "echo"]
DirectCalls = Literal["connections", "nobody"]
Theme = Literal["system", "light", "dark", "neon"]
Status = Literal["online", "away", "queuing", "in_call", "offline"]
OwnStatus = Literal["online", "away", "invisible"]
CallRole = Literal["offerer", "answerer"]
LiveState = Literal["connecting", "live", "reconnecting"]
Decider = Literal["you", "peer", "both", "either"]
DecisionPolicy = Literal["female_decides", "mutual", "either"]
Outcome = Literal["connected", "not_connected"]
IceTransportPolicy = Literal["all", "relay"]
IcePolicy = Literal["auto", "all", "relay"]  # an operator's
EndReason = Literal[
    "hung_up",
    "skipped",
    "declined",
    "cancelled",
    "no_answer",
    "max_duration",
    "connection_lost",
    "media_failed",
    "reported",
    "blocked",
    "moderated",
    "other_device",
]
LeftReason = Literal["left", "matched", "timed_out", "disconnected", "moderated"]
RevokedCode = Literal["signed_out", "banned", "replaced", "token_expired"]
ReportReason = Literal[
    "nudity",
    "harassment",
    "hate",
    "underage",
    "violence",
    "self_harm",
    "impersonation",
    "spam",
    "scam",
    "other",
]
VideoStart = Literal["open", "blurred"]
MediaPurpose = Literal["photo", "post", "chat", "place", "note", "report"]
MediaType = Literal["image", "video", "audio", "file"]
MediaState = Literal["processing", "ready", "refused"]
Rendition = Literal["original", "s160", "s640", "s1280"]
PostVisibility = Literal["friends", "selected", "everyone"]

StrikeAction = Literal["warn", "suspend", "ban"]
AppealState = Literal["open", "granted", "refused"]
LoginProvider = Literal["password", "phone", "google", "apple"]
AccountStatus = Literal["active", "pending", "suspended"]
NotificationKind = Literal[
    "missed_call",
    "video_request",
    "friend_request",
    "friend_accepted",
    "comment",
    "like",
    "strike",
    "appeal",
    "reward",
    "milestone",
    "streak",
    "mentor_session",
    "export",
    "system",
]
LocationType = Literal["coffee", "gym", "mentor", "nutrition", "partner"]
AnxietyLevel = Literal["low", "medium", "high"]
Mood = Literal["calm", "anxious", "neutral", "motivated"]
CheckInProof = Literal["position", "qr"]
CheckInReason = Literal["not_verified", "too_soon", "already_today", "too_many", "too_fast"]
RewardType = Literal["coffee", "gym_pass", "discount", "badge"]
MilestoneId = Literal[
    "first_check_in",
    "check_ins_10",
    "check_ins_50",
    "check_ins_100",
    "streak_3",
    "streak_7",
    "streak_30",
    "streak_100",
    "gym_5",
    "gym_25",
    "coffee_5",
    "level_3",
    "level_5",
]
RewardState = Literal["open", "redeemed", "expired", "reversed"]
PartnershipLevel = Literal["bronze", "silver", "gold", "platinum"]
SessionType = Literal["in-person", "virtual"]
ScheduleType = Literal["in-person", "virtual", "both"]
SessionStatus = Literal["scheduled", "completed", "cancelled", "no-show"]
SubjectType = Literal["user", "call", "message", "post", "comment", "review", "group"]
# What a moderator decides in a case; all but `dismiss` are strikes.
CaseAction = Literal["dismiss", "warn", "suspend", "ban"]

ADULT_AGE = 18
# The pattern of what is more than blanks, controls, and letters and marks that show nothing by themselves.
SAYS_SOMETHING = (
    r"[^\s\x00-\x1f\x7f-\xa0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)

# Python's `$` also matches before a final newline; `$(?!\n)` means the end in Python and JSON Schema alike.
ID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$(?!\n)"
Id = Annotated[str, Meta(pattern=ID_PATTERN, examples=["019a2f4e-7c1b-7d3a-9f60-5b2c8e1d4a77"])]
# Chosen by the client. No control characters, because it becomes a line of an announcement.
DeviceId = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
Language = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}$(?!\n)", description="BCP 47 primary tag", examples=["en"])
]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2", examples=["DE"])]
Age = Annotated[int, Meta(ge=ADULT_AGE, le=120, examples=[25])]
Timestamp = Annotated[
    str,
    Meta(
        description="RFC 3339, UTC, milliseconds",
        examples=["2026-01-31T12:00:00.000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
EpochNumber = Annotated[int, Meta(ge=0, le=2**31 - 1)]
