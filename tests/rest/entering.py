"""People who show what was sent to them, or an ID token: for `test_every_error.py`."""

from typing import Any, Protocol

from msgspec import structs
from redis.asyncio import Redis

from core.wire.endpoint import Endpoint
from tests.rest.conftest import SETTINGS
from tests.rest.grouping import lapsed
from tests.rest.phones import Phone
from tests.rest.provider import CLIENT, Provider
from tests.rest.server import Answer, RestServer, serving

ENTERING = {"verify_phone", "open_id"}
LINKS = {"reset_password", "verify_email"}


class Someone(Protocol):
    """As `test_every_error.py` has it."""

    rest: RestServer
    redis: Redis
    signed_in: Any
    token: str

    async def ask(self, endpoint: Endpoint, **what: Any) -> Answer: ...


async def be_mailed(someone: Someone, endpoint: Endpoint) -> None:
    """A link, of which the token is theirs from now on."""
    email = someone.signed_in["user"]["email"]
    if endpoint.name == "reset_password":
        await someone.rest.ask("POST", "/v1/auth/password/forgot", json={"email": email})
    someone.token = await someone.rest.link_to(email)


async def entered(someone: Someone, endpoint: Endpoint, **body: Any) -> Answer:
    """Somebody shows a right code, or a right ID token."""
    if endpoint.name == "verify_phone":
        phone = Phone(someone.rest)
        return await phone.show(await phone.code(), **body)
    provider = Provider(someone.rest.clock)
    async with provider.serving():
        settings = structs.replace(SETTINGS, google_client_ids=CLIENT, google_issuer=provider.issuer)
        here, redis = someone.rest, someone.rest.redis_client
        async with serving(here.world, someone.redis, redis, settings) as at:
            sent = {"id_token": provider.signed(), **body}
            return await someone.ask(endpoint, at=at, token=None, json=sent)


async def late(someone: Someone, endpoint: Endpoint) -> Answer:
    """A code, a link, or an invitation, of too long ago."""
    if endpoint.name in {"join_group", "preview_group"}:
        return await lapsed(someone, endpoint)
    if endpoint.name in LINKS:
        await be_mailed(someone, endpoint)
        someone.rest.clock.advance(s=1_000_000)
        return await someone.ask(endpoint)
    phone = Phone(someone.rest)
    code = await phone.code()
    someone.rest.clock.advance(s=SETTINGS.code_s)
    return await phone.show(code)
