"""A server of endpoints that a test has made up, behind the real boundary, for accounts of the product."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from aiohttp import ClientSession

from composition import endpoints
from composition.accounts import Identity
from composition.foundation import Foundation
from composition.returns import sightings
from composition.stores import Stores
from core.contract import service
from db.redis.bus import Bus
from rest.http.binding import Resource
from rest.http.listening import listening
from services.jobs import JobQueue
from tests.rest.conftest import SETTINGS
from tests.rest.server import RestServer


@contextlib.asynccontextmanager
async def answering(rest: RestServer, resource: Resource, **changes: Any) -> AsyncIterator[RestServer]:
    """This resource on a port of its own. Tokens of `rest` serve there, and its clock tells the time."""
    settings = msgspec.structs.replace(SETTINGS, port=0, **changes)
    base = Foundation(
        settings,
        rest.world.pool,
        rest.redis_client,
        Bus(rest.redis_client, "own"),
        node_id="own",
        clock=rest.clock,
    )
    stores = Stores(base)
    with contextlib.closing(
        Identity(stores, base, sightings(stores, base), JobQueue(stores.jobs, base.bus))
    ) as identity:
        contract = (*resource.endpoints, *service.ENDPOINTS)
        app = endpoints.answering(base, identity, [resource], checks={}, contract=contract)
        async with listening(app, settings) as port, ClientSession() as client:
            yield RestServer(
                f"http://127.0.0.1:{port}", client, rest.world, rest.redis, rest.redis_client, rest.clock
            )
