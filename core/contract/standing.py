"""One's own standing: strikes, until when one is banned, and appeals."""

from typing import Annotated

from msgspec import Meta

from core.errors import Conflict, Gone
from core.vocabulary import AccountStatus, AppealState, Id, StrikeAction, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire

AppealText = Annotated[str, Meta(min_length=1, max_length=4000, examples=["That was my sister's account."])]


class AppealView(Wire):
    """What one has said against a strike, and what has become of it."""

    state: AppealState
    text: str


class StrikeView(Wire):
    """A decision against oneself. One that was taken back is shown only where an appeal has done so."""

    id: Id
    action: StrikeAction
    reason: Annotated[str, Meta(examples=["spam"])]
    at: Timestamp
    until: Timestamp | None = None
    appeal: AppealView | None = None


class StandingView(Wire):
    """How one stands; `suspended` without `restricted_until` is for good. Strikes are newest first."""

    status: AccountStatus
    strikes: list[StrikeView]
    restricted_until: Timestamp | None = None


class NewAppeal(Input):
    """Why a strike is wrong, for another moderator to read."""

    text: AppealText


ENDPOINTS = (
    Endpoint(
        name="standing",
        method="GET",
        path="/v1/me/standing",
        area="me",
        summary="How one stands: strikes, and until when one is banned.",
        reply=StandingView,
        restricted=True,
    ),
    Endpoint(
        name="appeal",
        method="POST",
        path="/v1/me/strikes/{id}/appeal",
        area="me",
        summary="Appeal against a strike, once; one that was lifted is `gone`.",
        parameters=ById,
        body=NewAppeal,
        reply=AppealView,
        status=201,
        errors=(Conflict, Gone),
        restricted=True,
        idempotent=True,
        limits=("reports",),
    ),
)
