"""What operators and developers ask of the server: its health, its metrics, its documents."""

from typing import Annotated, Literal

from msgspec import Meta, field

from core.errors import NotFound, Unavailable
from core.wire.endpoint import Endpoint
from core.wire.message import Wire


class Health(Wire):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Wire):
    """Everything that it needs answers too."""

    status: Literal["ready"]
    checks: Annotated[list[str], Meta(examples=[["postgres", "redis", "event_bus"]])]
    notes: Annotated[list[str], Meta(description="What works, though not as well as it should.")] = field(
        default_factory=list
    )


ENDPOINTS = (
    Endpoint(
        name="healthz",
        method="GET",
        path="/healthz",
        area="service",
        summary="Whether the process is alive.",
        reply=Health,
        unlimited=True,
        auth=False,
    ),
    Endpoint(
        name="readyz",
        method="GET",
        path="/readyz",
        area="service",
        summary="Whether PostgreSQL, Redis and the event bus answer.",
        reply=Readiness,
        unlimited=True,
        errors=(NotFound, Unavailable),
        auth=False,
    ),
    Endpoint(
        name="metrics",
        method="GET",
        path="/metrics",
        area="service",
        summary="Metrics for Prometheus, where they have no port of their own.",
        media="text/plain",
        errors=(NotFound,),
        auth=False,
    ),
    Endpoint(
        name="openapi",
        method="GET",
        path="/openapi.json",
        area="service",
        summary="This API as OpenAPI 3.1.",
        auth=False,
    ),
    Endpoint(
        name="asyncapi",
        method="GET",
        path="/asyncapi.json",
        area="service",
        summary="The Socket.IO side as AsyncAPI 3.0.",
        auth=False,
    ),
    Endpoint(
        name="docs",
        method="GET",
        path="/docs",
        area="service",
        summary="Both, for people.",
        media="text/html",
        auth=False,
    ),
)
