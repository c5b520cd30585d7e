"""Reports: somebody tells the moderators of what another has said, shown or done."""

from typing import Annotated

from msgspec import Meta

from core.errors import Gone, NotFound
from core.vocabulary import Id, ReportReason, SubjectType
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire

Note = Annotated[str, Meta(max_length=2000)]


class Subject(Input):
    """What is reported: somebody, or something of theirs that the reporter may see."""

    type: SubjectType
    id: Id


class SubjectReport(Input):
    """Why, in a word and in the reporter's own; `block`: whose it is will not be met again.

    `evidence_media_id`: what the reporter has seen, uploaded for the purpose `report`.
    """

    subject: Subject
    reason: ReportReason
    note: Note | None = None
    block: bool = True
    evidence_media_id: Id | None = None


class ReportFiled(Wire):
    """The report; the same subject again gives the same one."""

    id: Id


ENDPOINTS = (
    Endpoint(
        name="report",
        method="POST",
        path="/v1/reports",
        area="people",
        summary="Report somebody, or what they have said or done; a call that goes on ends by it, unseen.",
        body=SubjectReport,
        reply=ReportFiled,
        status=201,
        limits=("reports",),
        errors=(NotFound, Gone),
        idempotent=True,
    ),
)
