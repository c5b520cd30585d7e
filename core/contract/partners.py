"""Partners: businesses at whose places rewards are redeemed, their staff, and what became of the rewards."""

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from core.contract.locations import Contact, Description, Name
from core.errors import Conflict
from core.vocabulary import Id, PartnershipLevel, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

MOST_PLACES = 500
Kind = Annotated[str, Meta(min_length=1, max_length=50, examples=["café"])]
Places = Annotated[list[Id], Meta(max_length=MOST_PLACES, description="A place has one partner at most.")]
Budget = Annotated[
    int,
    Meta(ge=0, le=2**31 - 1, description="How many rewards may be granted in all; null: any number."),
]
Count = Annotated[int, Meta(ge=0)]


class PartnerView(Wire):
    """A partner, with the ids of its places and of who works there: they scan and redeem at all of these, and
    see nothing else of others. `granted`: rewards that only its places redeem.
    """

    id: Id
    name: Name
    type: Kind | None
    partnership_level: PartnershipLevel
    description: Description | None
    contact: Contact
    location_ids: Places
    staff_ids: list[Id]
    active: bool
    budget: Budget | None
    granted: Count
    created_at: Timestamp
    updated_at: Timestamp


class PartnerPage(Wire):
    """A page of partners, newest first."""

    items: list[PartnerView]
    next_cursor: NextCursor


class NewPartner(Input):
    """A partner."""

    name: Name
    type: Kind | None = None
    partnership_level: PartnershipLevel = "bronze"
    description: Description | None = None
    contact: Contact = Contact()
    location_ids: Places = field(default_factory=list)
    budget: Budget | None = None
    active: bool = True


class PartnerPatch(Input):
    """What is to change; the rest stays. Not `active`: nothing is earned, scanned or redeemed there."""

    name: Name | UnsetType = UNSET
    type: Kind | UnsetType | None = UNSET
    partnership_level: PartnershipLevel | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    contact: Contact | UnsetType = UNSET
    location_ids: Places | UnsetType = UNSET
    budget: Budget | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class StaffPath(Input):
    """Of whom at which partner."""

    id: Id
    user_id: Id


class OwnPlace(Wire):
    """A place where one scans."""

    id: Id
    name: str
    address: str


class OwnPartner(Wire):
    """A partner for whom one works."""

    id: Id
    name: str
    locations: list[OwnPlace]


class OwnPartners(Wire):
    """All of them."""

    items: list[OwnPartner]


class StatsQuery(Input):
    """From and to which day, both included; without them the last 30. Days are those of `zone`."""

    from_: Annotated[date | None, Meta(examples=["2026-11-01"])] = field(name="from", default=None)
    to: Annotated[date | None, Meta(examples=["2026-11-30"])] = None
    zone: Annotated[str, Meta(min_length=1, max_length=64, examples=["Europe/London"])] = "UTC"


class Figures(Wire):
    """How many rewards. `people`: who have redeemed any."""

    granted: Count
    redeemed: Count
    reversed: Count
    expired: Count
    people: Count


class DayFigures(Figures):
    """Of one day."""

    day: Annotated[date, Meta(examples=["2026-11-23"])]


class PartnerStats(Wire):
    """What became of a partner's rewards: in all, and day by day, from the first on."""

    total: Figures
    days: list[DayFigures]


ENDPOINTS = (
    Endpoint(
        name="own_partners",
        method="GET",
        path="/v1/me/partners",
        area="partners",
        summary="Partners for whom one works, with their places.",
        reply=OwnPartners,
    ),
    Endpoint(
        name="partner_stats",
        method="GET",
        path="/v1/partners/{id}/stats",
        area="partners",
        summary="Figures by day, for the partner's staff; as a table where `Accept` names `text/csv`.",
        parameters=ById,
        query=StatsQuery,
        reply=PartnerStats,
    ),
    Endpoint(
        name="partners",
        method="GET",
        path="/v1/admin/partners",
        area="admin",
        summary="All partners, newest first.",
        query=PageQuery,
        reply=PartnerPage,
        roles={"admin"},
    ),
    Endpoint(
        name="create_partner",
        method="POST",
        path="/v1/admin/partners",
        area="admin",
        summary="Add a partner.",
        body=NewPartner,
        reply=PartnerView,
        status=201,
        errors=(Conflict,),
        roles={"admin"},
        idempotent=True,
    ),
    Endpoint(
        name="change_partner",
        method="PATCH",
        path="/v1/admin/partners/{id}",
        area="admin",
        summary="Change a partner, or let it rest.",
        parameters=ById,
        body=PartnerPatch,
        reply=PartnerView,
        errors=(Conflict,),
        roles={"admin"},
    ),
    Endpoint(
        name="add_partner_staff",
        method="PUT",
        path="/v1/admin/partners/{id}/staff/{user_id}",
        area="admin",
        summary="Let somebody scan and redeem for a partner.",
        parameters=StaffPath,
        reply=PartnerView,
        roles={"admin"},
    ),
    Endpoint(
        name="remove_partner_staff",
        method="DELETE",
        path="/v1/admin/partners/{id}/staff/{user_id}",
        area="admin",
        summary="They do not work there any more.",
        parameters=StaffPath,
        status=204,
        roles={"admin"},
    ),
)
