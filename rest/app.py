"""The application of REST: every declared endpoint with its handler, and what surrounds them all."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from aiohttp import web
from prometheus_client import CollectorRegistry

from core.clock import Clock
from core.ending import Ending
from core.proxies import Proxies
from core.settings import Settings
from core.wire.endpoint import Endpoint
from rest.docs import documents
from rest.http.binding import Resource, bind
from rest.http.boundary import RequestBoundary
from rest.http.compression import Compression
from rest.http.cookies import CookieJar
from rest.http.headers import CrossOrigin, safety
from rest.http.metrics import RequestMetrics
from rest.http.surroundings import Surroundings
from rest.service import Check, ServiceHandlers
from services.limits import Limits
from services.sessions import SessionService

VERSION = "0.1.0"


def make_app(
    *,
    settings: Settings,
    clock: Clock,
    registry: CollectorRegistry,
    sessions: SessionService,
    limits: Limits,
    resources: Iterable[Resource],
    ending: Ending,
    checks: Mapping[str, Check],
    notes: Sequence[str],
    contract: tuple[Endpoint, ...],
) -> web.Application:
    """Serves the endpoints of the contract by the handlers of these resources.

    `/readyz` fails once the process is `ending`; `checks` are what it asks, by name: each raises when it
    fails. `notes` it only passes on.
    """
    proxies = Proxies.of(settings.trusted_proxies)
    cross_origin = CrossOrigin(settings.cors_origins, proxies)
    metrics, compression = RequestMetrics(registry), Compression(settings.compress_answers_bytes)
    around = Surroundings(metrics, compression, cross_origin).around
    app = web.Application(middlewares=[around], client_max_size=settings.max_body_bytes)
    app.on_response_prepare.append(safety)
    app.on_response_prepare.append(cross_origin.allow)
    boundary = RequestBoundary(
        sessions=sessions,
        limits=limits,
        clock=clock,
        proxies=proxies,
        max_body_bytes=settings.max_body_bytes,
        body_timeout_s=settings.body_timeout_s,
        body_bytes_per_s=settings.body_bytes_per_s,
        deadline_s=settings.deadline_s,
        staff_totp=settings.staff_totp,
        upload_deadline_s=settings.upload_answer_s,
        jar=CookieJar(settings),
    )
    service = ServiceHandlers(
        ending=ending,
        checks=checks,
        notes=notes,
        registry=None if settings.metrics_port else registry,
        documents=partial(documents, VERSION),
    )
    app.add_routes([boundary.route(*bound) for bound in bind([*resources, service], contract)])
    return app
