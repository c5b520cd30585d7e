"""The words that clients, server and tables share. They are part of the wire format: never renamed."""

from typing import Annotated, Literal

from msgspec import Meta

Gender = Literal["female", "male", "other"]
Intent = Literal["casual", "friends", "serious", "networking"]
Role = Literal["user", "moderator", "admin"]
ConsentKind = Literal["terms", "privacy", "analytics", "assistant"]
Mode = Literal["voice", "video"]
Origin = Literal["match", "direct"]
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
SubjectType = Literal["user", "call", "message", "post", "comment", "review", "group"]
# What a moderator decides in a case; all but `dismiss` are strikes.
CaseAction = Literal["dismiss", "warn", "suspend", "ban"]

ADULT_AGE = 18

# Python's `$` also matches before a final newline; `$(?!\n)` means the end in Python and JSON Schema alike.
ID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$(?!\n)"
Id = Annotated[str, Meta(pattern=ID_PATTERN, examples=["019a2f4e-7c1b-7d3a-9f60-5b2c8e1d4a77"])]
# Chosen by the client. No control characters, because it becomes a line of an announcement.
DeviceId = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
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
