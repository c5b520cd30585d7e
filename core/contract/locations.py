"""Places: where people go, found near a point and by words, and kept by admins."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from core.contract.media import MediaView
from core.errors import NotFound
from core.vocabulary import SAYS_SOMETHING, AnxietyLevel, Country, Id, LocationType
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

Time = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", examples=["09:00"])]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)", examples=["2026-12-24"])]
Interval = Annotated[list[Time], Meta(min_length=2, max_length=2, examples=[["09:00", "18:00"]])]
Intervals = Annotated[
    list[Interval], Meta(max_length=10, examples=[[["09:00", "12:30"], ["14:00", "02:00"]]])
]
Latitude = Annotated[float, Meta(ge=-90, le=90, examples=[51.5074])]
Longitude = Annotated[float, Meta(ge=-180, le=180, examples=[-0.1278])]
Name = Annotated[
    str, Meta(min_length=1, max_length=255, pattern=SAYS_SOMETHING, examples=["Peaceful Grounds Café"])
]
Address = Annotated[
    str, Meta(min_length=1, max_length=500, pattern=SAYS_SOMETHING, examples=["123 Calm Street"])
]
City = Annotated[str, Meta(min_length=1, max_length=100, pattern=SAYS_SOMETHING, examples=["London"])]
Description = Annotated[str, Meta(max_length=4000)]
Amenity = Annotated[str, Meta(min_length=1, max_length=50, pattern=SAYS_SOMETHING, examples=["wifi"])]
Amenities = Annotated[list[Amenity], Meta(max_length=50)]
Radius = Annotated[int, Meta(ge=10, le=10_000, description="Metres within which one is there.")]
Near = Annotated[
    str,
    Meta(
        max_length=60,
        pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,20})?,-?[0-9]{1,3}(\.[0-9]{1,20})?$(?!\n)",
        description="Latitude and longitude.",
        examples=["51.5074,-0.1278"],
    ),
]
Pictures = Annotated[list[Id], Meta(max_length=10, description="Uploaded for the purpose `place`.")]


class Week(Input):
    """Hours of each weekday: pairs of when it opens and when it closes; none: closed."""

    mon: Intervals = field(default_factory=list)
    tue: Intervals = field(default_factory=list)
    wed: Intervals = field(default_factory=list)
    thu: Intervals = field(default_factory=list)
    fri: Intervals = field(default_factory=list)
    sat: Intervals = field(default_factory=list)
    sun: Intervals = field(default_factory=list)


class Hours(Input):
    """When a place is open, by the clock of its `zone` (an IANA name), which keeps daylight saving.

    A close that is not after its open is the next day's. `except`: dates on which other hours begin than on
    other such weekdays; an empty list: none do.
    """

    zone: Annotated[str, Meta(min_length=1, max_length=64, examples=["Europe/London"])]
    week: Week
    except_: Annotated[
        dict[Day, Intervals], Meta(max_length=400, examples=[{"2026-12-24": [["09:00", "13:00"]]}])
    ] = field(name="except", default_factory=dict)


class Contact(Input):
    """How to reach a place."""

    phone: Annotated[str, Meta(min_length=1, max_length=40, examples=["+442071234567"])] | UnsetType = UNSET
    email: Annotated[str, Meta(min_length=3, max_length=254, examples=["hello@example.org"])] | UnsetType = (
        UNSET
    )
    website: (
        Annotated[
            str, Meta(max_length=500, pattern=r"^https?://[^\s]+$(?!\n)", examples=["https://example.org"])
        ]
        | UnsetType
    ) = UNSET


class LocationView(Wire):
    """A place. `distance_m`: from the point that was asked about. Without known hours it is not open.

    `rating` is the mean of its reviews, null before the first. `radius_m`: how near one has to be.
    """

    id: Id
    name: Name
    type: LocationType
    lat: Latitude
    lon: Longitude
    address: Address
    city: City
    country: Country
    description: Description | None
    amenities: Amenities
    anxiety_level: AnxietyLevel | None
    hours: Hours | None
    open_now: bool
    contact: Contact
    verified: bool
    beginner_friendly: bool
    has_qr_reward: bool
    media: list[MediaView]
    rating: Annotated[float, Meta(ge=1, le=5, examples=[4.5])] | None
    review_count: int
    check_in_count: int
    radius_m: Radius
    distance_m: int | UnsetType = UNSET
    active: Annotated[bool, Meta(description="False: shown to staff alone.")] | UnsetType = UNSET


class LocationQuery(PageQuery):
    """Which places. `near`: nearest first, and within `radius_m`; without it, the newest first.

    `q`: words, or parts of words, of name, address and city. With `open_now` a page may have fewer than its
    limit, or none, and a next one all the same.
    """

    near: Near | None = None
    radius_m: (
        Annotated[int, Meta(ge=1, le=20_100_000, description="10,000 where `near` alone is given.")] | None
    ) = None
    type: LocationType | None = None
    q: Annotated[str, Meta(min_length=1, max_length=100, examples=["quiet gym"])] | None = None
    open_now: bool = False


class LocationPage(Wire):
    """A page of places."""

    items: list[LocationView]
    next_cursor: NextCursor


class NewLocation(Input):
    """A place; of pictures, the ids."""

    name: Name
    type: LocationType
    lat: Latitude
    lon: Longitude
    address: Address
    city: City
    country: Country
    description: Description | None = None
    amenities: Amenities = field(default_factory=list)
    anxiety_level: AnxietyLevel | None = None
    hours: Hours | None = None
    contact: Contact = Contact()
    verified: bool = False
    beginner_friendly: bool = False
    has_qr_reward: bool = False
    media: Pictures = field(default_factory=list)
    radius_m: Radius = 100


class LocationPatch(Input):
    """What is to change of a place; the rest stays. Not `active`: it is shown to nobody but staff."""

    name: Name | UnsetType = UNSET
    type: LocationType | UnsetType = UNSET
    lat: Latitude | UnsetType = UNSET
    lon: Longitude | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    city: City | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    amenities: Amenities | UnsetType = UNSET
    anxiety_level: AnxietyLevel | UnsetType | None = UNSET
    hours: Hours | UnsetType | None = UNSET
    contact: Contact | UnsetType = UNSET
    verified: bool | UnsetType = UNSET
    beginner_friendly: bool | UnsetType = UNSET
    has_qr_reward: bool | UnsetType = UNSET
    media: Pictures | UnsetType = UNSET
    radius_m: Radius | UnsetType = UNSET
    active: bool | UnsetType = UNSET


ENDPOINTS = (
    Endpoint(
        name="locations",
        method="GET",
        path="/v1/locations",
        area="places",
        summary="Places near a point, of a type, open now, or by words.",
        query=LocationQuery,
        reply=LocationPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="location",
        method="GET",
        path="/v1/locations/{id}",
        area="places",
        summary="A place.",
        parameters=ById,
        reply=LocationView,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="create_location",
        method="POST",
        path="/v1/admin/locations",
        area="admin",
        summary="Add a place.",
        body=NewLocation,
        reply=LocationView,
        status=201,
        errors=(NotFound,),
        roles={"admin"},
        idempotent=True,
    ),
    Endpoint(
        name="change_location",
        method="PATCH",
        path="/v1/admin/locations/{id}",
        area="admin",
        summary="Change a place, or take it off.",
        parameters=ById,
        body=LocationPatch,
        reply=LocationView,
        roles={"admin"},
    ),
)
