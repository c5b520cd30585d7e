"""What a user has agreed to: the rules, what is kept, and what they may choose."""

from typing import Annotated

from msgspec import Meta

from core.vocabulary import ConsentKind, Timestamp
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor

ConsentVersion = Annotated[
    str,
    Meta(
        min_length=1, max_length=32, description="Of the text that the user was shown.", examples=["2026-11"]
    ),
]


class Consent(Wire):
    """What somebody said last about one kind, and when."""

    kind: ConsentKind
    version: ConsentVersion
    given: bool
    at: Timestamp


class ConsentPage(Wire):
    """One of each kind that was ever said something about; there is never a second page."""

    items: list[Consent]
    next_cursor: NextCursor


class ConsentChange(Input):
    """Agree to a text, or take that back. What was said before is kept as history."""

    kind: ConsentKind
    version: ConsentVersion
    given: bool


ENDPOINTS = (
    Endpoint(
        name="consents",
        method="GET",
        path="/v1/me/consents",
        area="me",
        summary="What one has agreed to. Signing up agrees to `terms` and `privacy`.",
        reply=ConsentPage,
    ),
    Endpoint(
        name="change_consent",
        method="PUT",
        path="/v1/me/consents",
        area="me",
        summary="Agree to something, or take that back; answers with all.",
        body=ConsentChange,
        reply=ConsentPage,
    ),
)
