"""How REST says that a request failed: RFC 9457."""

from typing import Annotated, Any

from msgspec import Meta

from core.wire.message import Wire


class Problem(Wire):
    """RFC 9457. `code` is the one of the catalogue; an `internal` one has a `reference` in its details."""

    type: Annotated[str, Meta(examples=["/docs#error-conflict"])]
    title: Annotated[str, Meta(examples=["This does not fit the present state."])]
    status: Annotated[int, Meta(examples=[409])]
    detail: Annotated[str, Meta(examples=["This username is taken."])]
    code: Annotated[str, Meta(examples=["conflict"])]
    details: Annotated[dict[str, Any], Meta(examples=[{"field": "username"}])] | None = None
    retry_after_ms: Annotated[int, Meta(examples=[1500])] | None = None
