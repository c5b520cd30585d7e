"""Check-ins: that one is at a place, and what it came to."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from core.contract.journey import JourneyView, LocalDay
from core.contract.locations import Latitude, Longitude
from core.contract.rewards import RewardView
from core.contract.settings import TimeZone
from core.errors import Gone, NotFound
from core.vocabulary import SAYS_SOMETHING, CheckInProof, CheckInReason, Id, Mood, Timestamp
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

Accuracy = Annotated[float, Meta(ge=0, le=100_000, description="Metres", examples=[12.5])]
Note = Annotated[str, Meta(max_length=1000)]
Bound = Annotated[
    str,
    Meta(
        max_length=40,
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,20}(Z|[+-][0-9]{2}:[0-9]{2}))?$(?!\n)",
        description="A day, or a time",
        examples=["2026-11-01"],
    ),
]


class NewCheckIn(Input):
    """Where one is. By the position of the device, with its `accuracy_m`, or by the code that a place shows.

    `at`: when it was, up to 24 hours ago, for a device that was offline; then a position verifies nothing,
    and the code has to be of that time. `time_zone`: the device's own; what one has set counts before it.
    """

    location_id: Id
    lat: Latitude | None = None
    lon: Longitude | None = None
    accuracy_m: Accuracy | None = None
    qr: Annotated[str, Meta(min_length=1, max_length=500, description="What the code says")] | None = None
    mood: Mood | None = None
    note: Note | None = None
    at: Annotated[datetime, Meta(tz=True, examples=["2026-01-31T12:00:00.000Z"])] | None = None
    time_zone: TimeZone | None = None


class CheckInView(Wire):
    """A check-in. It `counts`, or `reason` says why not. `local_day`: what the calendar showed, in `zone`.

    `flagged_at`: the place's staff say that it was not so; from then on it does not count.
    """

    id: Id
    location_id: Id
    verified: bool
    verified_by: CheckInProof | None
    counts: bool
    local_day: LocalDay
    zone: str
    at: Timestamp
    created_at: Timestamp
    reason: CheckInReason | UnsetType = UNSET
    mood: Mood | UnsetType = UNSET
    note: str | UnsetType = UNSET
    flagged_at: Timestamp | UnsetType = UNSET


class CheckedIn(Wire):
    """A check-in, the journey with it, and what was earned by it."""

    check_in: CheckInView
    journey: JourneyView
    rewards: list[RewardView]


class CheckInQuery(PageQuery):
    """Which check-ins: on local days from one to another, or between two times; both included."""

    from_: Bound | None = field(name="from", default=None)
    to: Bound | None = None


class CheckInPage(Wire):
    """A page of check-ins, of the latest day first."""

    items: list[CheckInView]
    next_cursor: NextCursor


class VisitView(Wire):
    """A check-in as staff of the place see it: that there was one, and when. Not whose, nor their note."""

    id: Id
    at: Timestamp
    verified_by: CheckInProof


class VisitPage(Wire):
    """A page of check-ins at a place, the latest first."""

    items: list[VisitView]
    next_cursor: NextCursor


class Flag(Input):
    """Why a check-in is not true."""

    reason: Annotated[
        str,
        Meta(
            min_length=1, max_length=500, pattern=SAYS_SOMETHING, examples=["Nobody was here at that time."]
        ),
    ]


class PlaceCodeView(Wire):
    """What a place shows on a screen, drawn as a QR code, until `expires_at`; then ask for the next.

    `url` says the same as the address of a page, for a camera that knows nothing of this app.
    """

    code: str
    url: str
    expires_at: Timestamp


ENDPOINTS = (
    Endpoint(
        name="check_in",
        method="POST",
        path="/v1/check-ins",
        area="places",
        summary="Check in at a place. It is never refused, and the answer says whether it counts.",
        body=NewCheckIn,
        reply=CheckedIn,
        status=201,
        errors=(NotFound,),
        idempotent=True,
        limits=("check_ins",),
    ),
    Endpoint(
        name="check_ins",
        method="GET",
        path="/v1/me/check-ins",
        area="places",
        summary="One's own check-ins, of the latest day first.",
        query=CheckInQuery,
        reply=CheckInPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="flag_check_in",
        method="POST",
        path="/v1/check-ins/{id}/flag",
        area="places",
        summary="For staff of the place: this check-in of the last week is not true.",
        parameters=ById,
        body=Flag,
        status=204,
        errors=(Gone,),
    ),
    Endpoint(
        name="visits",
        method="GET",
        path="/v1/locations/{id}/check-ins",
        area="places",
        summary="For staff of the place, and admins: today's check-ins there that count, the latest first.",
        parameters=ById,
        query=PageQuery,
        reply=VisitPage,
    ),
    Endpoint(
        name="place_code",
        method="GET",
        path="/v1/locations/{id}/code",
        area="places",
        summary="For staff of the place, and admins: the code to show there now.",
        parameters=ById,
        reply=PlaceCodeView,
    ),
)
