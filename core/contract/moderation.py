"""Cases for moderators: all that was reported about one user, until it is decided."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from core.contract.reports import Note, Subject
from core.errors import AlreadyDecided, Conflict
from core.ticket import Tier
from core.vocabulary import CaseAction, Id, ReportReason, Role, StrikeAction, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

CaseState = Literal["open", "claimed", "decided"]
Days = Annotated[int, Meta(ge=1, le=3650)]


class CaseQuery(PageQuery):
    """Which cases; without a `state`, all that are still to be decided. `reason`: of any of the reports."""

    state: CaseState | None = None
    reason: ReportReason | None = None


class CaseSubject(Wire):
    """Whom a case is about."""

    user_id: Id
    display_name: str
    role: Role


class Suggestion(Wire):
    """What the ladder has next for somebody with these strikes. A suspension without `days` has no end."""

    action: StrikeAction
    days: int | None


class Decision(Wire):
    """What was decided; by the moderator `by`, for `days` where it is a suspension of so many."""

    action: CaseAction
    days: int | None
    note: str | None
    by: Id
    at: Timestamp


class CaseItem(Wire):
    """A case in the queue. `reason` is the worst of its reports'; `reporters` counts different people.

    `suspended`: by the system, until this case is decided. `undone_at`: when the last decision was undone.
    """

    id: Id
    user: CaseSubject
    state: CaseState
    severity: int
    reason: str
    report_count: int
    reporters: int
    suspended: bool
    opened_at: Timestamp
    claimed_by: Id | None
    claimed_until: Timestamp | None
    decision: Decision | None
    undone_by: Id | None
    undone_at: Timestamp | None


class CasePage(Wire):
    """A page of cases: the most severe first, and of those the oldest."""

    items: list[CaseItem]
    next_cursor: NextCursor


class Reporter(Wire):
    """Who reported, and what became of all that they have `filed`."""

    user_id: Id
    display_name: str
    tier: Tier
    filed: int
    upheld: int
    dismissed: int


class ReportView(Wire):
    """One report of a case. `met`: the two were in a call that was answered."""

    id: Id
    subject: Subject
    reason: str
    note: str | None
    created_at: Timestamp
    status: str
    reporter: Reporter
    met: bool


class Evidence(Wire):
    """What was so when the report was made.

    `content` has the card of the reported, what the record knows of the call (the reported one, or the
    latest of the two), the last messages of the two, and what was reported. Null: it was deleted.
    """

    report_id: Id
    content: Annotated[dict[str, Any] | None, Meta(examples=[{"card": {"display_name": "Ben"}}])]
    media_id: Id | None


class StrikeView(Wire):
    """What was decided against somebody; `by` null: by the system, or by the operator."""

    id: Id
    action: StrikeAction
    reason: str
    at: Timestamp
    until: Timestamp | None
    by: Id | None
    case_id: Id | None
    lifted_at: Timestamp | None
    appeal: str | None


class UserStanding(Wire):
    """How the reported stands; the strikes are the newest first."""

    status: Literal["active", "suspended"]
    restricted_until: Timestamp | None
    tier: Tier
    strikes: list[StrikeView]


class Penalty(Wire):
    """A suspension or ban that holds now."""

    ban_id: Id
    strike_id: Id | None
    action: Literal["suspend", "ban"]
    reason: str
    at: Timestamp
    until: Timestamp | None


class CaseView(CaseItem):
    """A case with all that speaks for and against."""

    suggested: Suggestion
    reports: list[ReportView]
    evidence: list[Evidence]
    standing: UserStanding
    active_penalties: list[Penalty]


class NewDecision(Input):
    """What becomes of a case. A suspension without `days` is as long as the ladder says, or without end."""

    action: CaseAction
    days: Days | None = None
    note: Note | None = None


STAFF = frozenset[Role]({"moderator"})

ENDPOINTS = (
    Endpoint(
        name="cases",
        method="GET",
        path="/v1/admin/reports",
        area="admin",
        summary="Cases to decide: the most severe first, then the oldest.",
        query=CaseQuery,
        reply=CasePage,
        roles=STAFF,
    ),
    Endpoint(
        name="case",
        method="GET",
        path="/v1/admin/reports/{id}",
        area="admin",
        summary="A case with its reports and their evidence; the look is on the audit log.",
        parameters=ById,
        reply=CaseView,
        roles=STAFF,
    ),
    Endpoint(
        name="claim_case",
        method="POST",
        path="/v1/admin/reports/{id}/claim",
        area="admin",
        summary="Take a case on, for a while; what another has claimed is a `conflict`.",
        parameters=ById,
        reply=CaseView,
        roles=STAFF,
        errors=(Conflict, AlreadyDecided),
    ),
    Endpoint(
        name="decide_case",
        method="POST",
        path="/v1/admin/reports/{id}/decide",
        area="admin",
        summary="Decide a case. Reports that came after one's last look at it open the next case.",
        parameters=ById,
        body=NewDecision,
        reply=CaseView,
        roles=STAFF,
        errors=(Conflict, AlreadyDecided),
    ),
    Endpoint(
        name="undo_case",
        method="POST",
        path="/v1/admin/reports/{id}/undo",
        area="admin",
        summary="Undo a decision: what it has caused is lifted, nothing else, and the case is open again.",
        parameters=ById,
        reply=CaseView,
        roles=STAFF,
        errors=(Conflict,),
    ),
)
