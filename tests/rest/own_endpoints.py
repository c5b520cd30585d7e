"""A server of endpoints that a test has made up, behind the real boundary, for accounts of the product."""

import contextlib
from collections.abc import AsyncIterator

import msgspec
from aiohttp import ClientSession, web

from composition.accounts import Identity
from composition.foundation import Foundation
from composition.stores import Stores
from core.proxies import Proxies, networks
from core.settings import Settings
from core.wire.endpoint import Endpoint
from db.redis.bus import Bus
from db.redis.rate_limits import NoLimits
from rest.http.binding import Resource, bind
from rest.http.boundary import Boundary, Throttle, problems
from rest.http.headers import safety
from rest.http.listening import listening
from services.sessions import Sessions
from tests.rest.conftest import SETTINGS
from tests.rest.server import RestServer


@contextlib.asynccontextmanager
async def answering(rest: RestServer, resource: Resource, **changes: object) -> AsyncIterator[RestServer]:
    """This resource on a port of its own. Tokens of `rest` serve there, and its clock tells the time."""
    settings = msgspec.structs.replace(SETTINGS, **changes)
    app = web.Application(middlewares=[problems])
    app.on_response_prepare.append(safety)
    base = Foundation(settings, rest.world.pool, rest.redis, Bus(rest.redis, "own"), node_id="own")
    with contextlib.closing(Identity(Stores(base), settings)) as identity:
        boundary = _boundary(rest, settings, identity.sessions)
        contract: tuple[Endpoint, ...] = resource.endpoints
        app.add_routes([boundary.route(*bound) for bound in bind([resource], contract)])
        async with (
            listening(app, msgspec.structs.replace(settings, port=0)) as port,
            ClientSession() as web_client,
        ):
            yield RestServer(f"http://127.0.0.1:{port}", web_client, rest.world, rest.redis, rest.clock)


def _boundary(rest: RestServer, settings: Settings, sessions: Sessions) -> Boundary:
    unlimited = Throttle(NoLimits(), "account", 1, 1)
    return Boundary(
        authenticate=sessions.authenticate,
        accounts=unlimited,
        strangers=unlimited,
        clock=rest.clock,
        proxies=Proxies(networks("")),
        max_body_bytes=settings.max_body_bytes,
        body_timeout_s=settings.body_timeout_s,
        deadline_s=settings.deadline_s,
    )
