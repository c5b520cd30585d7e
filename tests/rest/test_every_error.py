"""Each endpoint gives each error that it declares: the documents promise nothing that does not happen."""

import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from redis.asyncio import Redis

from core.clock import now_ms
from core.contract.index import ENDPOINTS
from core.contract.profiles import Me
from core.ending import Ending
from core.ids import new_id
from core.wire.endpoint import Endpoint
from tests.rest.conflicts import CONFLICTS
from tests.rest.conftest import SETTINGS
from tests.rest.entering import ENTERING, LINKS, be_mailed, entered, expired
from tests.rest.forbidden import forbidden, of_the_deleted
from tests.rest.phones import a_number, a_profile
from tests.rest.pictures import drawn, encoded, form
from tests.rest.server import PASSWORD, Answer, RestServer, new_person, path_of, serving
from tests.rest.signed_addresses import address, completed
from tests.stores.world import world_at

Provoke = Callable[["Someone", Endpoint], Awaitable[Answer]]
SIGNED = {
    "original_media",
    "media_file",
    "send_upload",
    "export_file",
}  # their addresses are given, and need no token
PROMISES = [(endpoint, error.code) for endpoint in ENDPOINTS for error in endpoint.possible_errors]


class Someone:
    """A signed-in admin and a good request for every endpoint."""

    def __init__(
        self,
        rest: RestServer,
        signed_in: Any,
        others: list[str],
        database_url: str,
        redis: Redis,
        folder: str,
    ) -> None:
        self.rest, self.signed_in = rest, signed_in
        self._others, self._numbers = itertools.cycle(others), itertools.count(8)
        self.other = others[-1]
        self.database_url, self.redis, self.folder = database_url, redis, folder
        self.token = "made up"

    def body(self, endpoint: Endpoint) -> Any:
        """One that is accepted."""
        bodies = {
            "register": new_person(),
            "login": {"login": self.signed_in["user"]["email"], "password": PASSWORD},
            "refresh": {"refresh_token": self.signed_in["refresh_token"]},
            "start_phone": {"phone": a_number()},
            "verify_phone": {"phone": a_number(), "code": "000000"},
            "open_id": {"id_token": "made up"},
            "remove_login": {},
            "delete_me": {"password": PASSWORD},
            "logout": {},
            "change_me": {"bio": "new"},
            "put_values": {"values": [{"category": "character", "name": "Honesty", "strength": 80}]},
            "change_settings": {"theme": "dark"},
            "read_notifications": {"all": True},
            "put_device": {"platform": "ios", "token": "made up"},
            "change_consent": {"kind": "analytics", "version": "1", "given": True},
            "block": {"user_id": (other := next(self._others))},
            "ask_friend": {"user_id": other},
            "send_contacts": {"contacts": [{"phone": "+4915112345678"}]},
            "report": {"subject": {"type": "user", "id": other}, "reason": "spam"},
            "decide_case": {"action": "warn"},
            "decide_media": {"action": "pass"},
            "forgot_password": {"email": self.signed_in["user"]["email"]},
            "reset_password": {"token": self.token, "password": PASSWORD},
            "change_password": {"new_password": PASSWORD},
            "verify_email": {"token": self.token},
            "change_email": {"email": f"{new_id()}@example.org"},
            "turn_on_totp": {},
            "turn_off_totp": {},
            "appeal": {"text": f"Not so, {next(self._numbers)}."},
            "decide_appeal": {"grant": True},
            "correct_user": {"gender": "other"},
            "announce_upload": {
                "purpose": "photo",
                "content_type": "image/png",
                "size": 10_000 + next(self._numbers),
            },
            "ban": {"user_id": self.other, "reason": f"spam {next(self._numbers)}"},
        }
        if endpoint.upload:
            forms = {"upload_media", "send_upload"}
            assert endpoint.name in forms, f"Put a good form for `{endpoint.name}` here"
            return encoded(drawn(next(self._numbers)))
        assert endpoint.body is None or endpoint.name in bodies, f"Put a good body for `{endpoint.name}` here"
        return bodies.get(endpoint.name)

    @property
    def user_id(self) -> str:
        user_id: str = self.signed_in["user"]["id"]
        return user_id

    async def own_path(self, endpoint: Endpoint, *, of: str | None = None) -> str | None:
        """One of something that is there; None where any will do."""
        if endpoint.name in LINKS:
            await be_mailed(self, endpoint)
        if endpoint.name == "appeal":
            given = await self.rest.world.strike(self.user_id, "warn")
            return endpoint.path.replace("{id}", given.strike_id)
        if endpoint.name == "decide_appeal":
            appeal_id = await self.rest.world.appeal(of or next(self._others))
            return endpoint.path.replace("{id}", appeal_id)
        if endpoint.name in SIGNED:
            return await address(self, endpoint)
        if endpoint.path.startswith("/v1/admin/reports/"):
            ana, ben = await self.rest.world.pair()
            case = await self.rest.world.report(await self.rest.world.talked((ana, ben)), ana, ben)
            return endpoint.path.replace("{id}", case)
        world = self.rest.world
        make = {"unban": lambda: world.ban(next(self._others)), "decide_media": world.photo}
        return endpoint.path.replace("{id}", await make[endpoint.name]()) if endpoint.name in make else None

    def sent(self, endpoint: Endpoint, body: Any) -> dict[str, Any]:
        """A body as aiohttp takes it."""
        if endpoint.upload:
            return {"data": body if endpoint.name == "send_upload" else form(body)}
        return {"json": body} if endpoint.body else {}

    async def ask(self, endpoint: Endpoint, *, at: RestServer | None = None, **what: Any) -> Answer:
        """The good request, but for what is given."""
        known = endpoint.auth or endpoint.may_be_known
        token = what.pop("token", self.signed_in["access_token"] if known else None)
        headers = what.pop("headers", {"If-Match": "*"} if endpoint.guarded else {})
        path = what.pop("path", None) or path_of(endpoint.path)
        path += what.pop("query", "")
        if not {"data", "json"} & what.keys():
            what |= self.sent(endpoint, self.body(endpoint))
        return await (at or self.rest).ask(endpoint.method, path, token=token, headers=headers, **what)


async def invalid_request(someone: Someone, endpoint: Endpoint) -> Answer:
    """A field that there is not; what is no picture."""
    if endpoint.name == "complete_upload":
        return await completed(someone, b"<html>")
    if endpoint.query:
        return await someone.ask(endpoint, query="?colour=blue")
    if endpoint.upload:
        return await someone.ask(endpoint, data=form(b"no picture"))
    return await someone.ask(endpoint, json={**someone.body(endpoint), "colour": "blue"})


async def payload_too_large(someone: Someone, endpoint: Endpoint) -> Answer:
    """More than one body or field may have; more than was announced."""
    if endpoint.name == "complete_upload":
        return await completed(someone, encoded(drawn()), 5)
    if endpoint.query:
        field = "signature" if endpoint.name in SIGNED else "cursor"
        return await someone.ask(endpoint, query=f"?{field}={'a' * 101}")
    if endpoint.upload:
        return await someone.ask(endpoint, data=form(b"", purpose="x" * 101))
    return await someone.ask(endpoint, json={"padding": "x" * 5000})


async def unauthenticated(someone: Someone, endpoint: Endpoint) -> Answer:
    """Without a token, or with what was never given to anybody."""
    wrong = {"login": {"login": "nobody", "password": PASSWORD}, "refresh": {"refresh_token": "made up"}}
    if endpoint.name in LINKS:
        return await someone.ask(endpoint)
    token = "made up" if endpoint.may_be_known else None
    return await someone.ask(endpoint, token=token, json=wrong.get(endpoint.name))


async def token_expired(someone: Someone, endpoint: Endpoint) -> Answer:
    someone.rest.clock.advance(s=1000)
    return await someone.ask(endpoint)


async def banned(someone: Someone, endpoint: Endpoint) -> Answer:
    """A user who is; a copy of their registration would sign them in."""
    if endpoint.name == "register":
        again = {"headers": {"Idempotency-Key": new_id()}, "json": someone.body(endpoint)}
        someone.signed_in = (await someone.ask(endpoint, **again)).body
        await someone.rest.world.ban(someone.signed_in["user"]["id"])
        return await someone.ask(endpoint, **again)
    await someone.rest.world.ban(someone.signed_in["user"]["id"])
    return await someone.ask(endpoint)


async def not_found(someone: Someone, endpoint: Endpoint) -> Answer:
    """An id that nothing has; where that is well, what is no id at all; who may no more."""
    if endpoint.roles:
        await someone.rest.world.set_role(someone.signed_in["user"]["id"], "user")
    if endpoint.name == "open_id":
        return await someone.ask(endpoint, token=None)  # of whom this server takes none
    if endpoint.name in {"metrics", "readyz"}:  # they have a port of their own; this process ends
        apart, ending = structs.replace(SETTINGS, metrics_port=9), Ending()
        ending.ask()
        stores = someone.rest.world, someone.redis, someone.rest.redis_client
        async with serving(*stores, apart, ending=ending) as at:
            return await someone.ask(endpoint, at=at)
    if endpoint.name == "unblock":
        return await someone.ask(endpoint, path="/v1/blocks/nobody")
    if endpoint.name in {"put_device", "delete_device"}:
        return await someone.ask(endpoint, path=f"/v1/devices/{'a' * 101}")
    if endpoint.name in SIGNED:
        address = await someone.own_path(endpoint) or ""
        return await someone.ask(endpoint, path=address[:-64] + "0" * 64)
    nobody = {
        "block": {"user_id": new_id()},
        "ask_friend": {"user_id": new_id()},
        "report": {"subject": {"type": "user", "id": new_id()}, "reason": "spam"},
        "change_me": {"photos": [new_id()]},
    }
    what: dict[str, Any] = {"json": nobody[endpoint.name]} if endpoint.name in nobody else {}
    return await someone.ask(endpoint, **what)


async def precondition_failed(someone: Someone, endpoint: Endpoint) -> Answer:
    return await someone.ask(endpoint, headers={"If-Match": '"77"'})


async def profile_incomplete(someone: Someone, endpoint: Endpoint) -> Answer:
    return await entered(someone, endpoint)


async def underage(someone: Someone, endpoint: Endpoint) -> Answer:
    if endpoint.name in ENTERING:
        return await entered(someone, endpoint, profile=a_profile(birth_date="2025-01-01"))
    return await someone.ask(endpoint, json=new_person(birth_date="2025-01-01"))


async def conflict(someone: Someone, endpoint: Endpoint) -> Answer:
    """What somebody else has, or was done before; a code of a secret, a decision that there is not."""
    if endpoint.path.startswith("/v1/admin/reports/"):
        path = await someone.own_path(endpoint)
        if endpoint.name != "undo_case":
            await someone.rest.world.pool.execute(
                "UPDATE safety.cases SET state = 'claimed', claimed_by = user_id,"
                " claimed_until = now() + interval '1 day' WHERE state <> 'decided'"
            )
        return await someone.ask(endpoint, path=path)
    if endpoint.name == "complete_upload":
        return await completed(someone, None)
    if endpoint.name in CONFLICTS:
        return await CONFLICTS[endpoint.name](someone, endpoint)
    if endpoint.name == "appeal":
        path = await someone.own_path(endpoint)
        assert (await someone.ask(endpoint, path=path)).status == 201
        return await someone.ask(endpoint, path=path)
    name = someone.signed_in["user"]["username"]
    if endpoint.name in ENTERING:
        return await entered(someone, endpoint, profile=a_profile(username=name))
    return await someone.ask(endpoint, json=new_person(username=name))


async def idempotency_conflict(someone: Someone, endpoint: Endpoint) -> Answer:
    """One key for two bodies; those of an account that is to be opened have its address in common."""
    key, body = {"Idempotency-Key": new_id()}, someone.body(endpoint)
    path = await someone.own_path(endpoint)
    first = await someone.ask(endpoint, path=path, headers=key, **someone.sent(endpoint, body))
    assert first.status == endpoint.status
    other = {**body, "display_name": "Eve"} if endpoint.name == "register" else someone.body(endpoint)
    return await someone.ask(endpoint, path=path, headers=key, **someone.sent(endpoint, other))


async def gone(someone: Someone, endpoint: Endpoint) -> Answer:
    """A strike that was lifted by the time; a call of too long ago."""
    if endpoint.name == "report":
        pair = someone.user_id, await someone.rest.world.person("Ben")
        call = await someone.rest.world.talked(pair, now=now_ms() - 25 * 3_600_000)
        return await someone.ask(endpoint, json={"subject": {"type": "call", "id": call}, "reason": "spam"})
    if endpoint.name == "restore_me":
        return await of_the_deleted(someone, endpoint, begun=True)
    path = await someone.own_path(endpoint)
    await someone.rest.world.pool.execute("UPDATE safety.strikes SET lifted_at = now()")
    await someone.rest.world.pool.execute("UPDATE identity.bans SET lifted_at = now()")
    return await someone.ask(endpoint, path=path)


async def already_decided(someone: Someone, endpoint: Endpoint) -> Answer:
    path = await someone.own_path(endpoint)
    assert path
    token, decide = someone.signed_in["access_token"], path.replace("/claim", "/decide")
    bodies = {"decide_media": {"action": "pass"}, "decide_appeal": {"grant": True}}
    body = bodies.get(endpoint.name, {"action": "dismiss"})
    assert (await someone.rest.ask("POST", decide, token=token, json=body)).status == 200
    return await someone.ask(endpoint, path=path)


async def rate_limited(someone: Someone, endpoint: Endpoint) -> Answer:
    """The second within a minute, where one is allowed."""
    strict: dict[str, Any] = {
        f"{name}_{how}": 1 for name in ("requests", "stranger_requests") for how in ("per_m", "burst")
    }
    usual = structs.replace(SETTINGS, rate_limits="on", data_dir=someone.folder)
    settings = structs.replace(usual, **strict)
    path = await someone.own_path(endpoint)
    async with serving(someone.rest.world, someone.redis, someone.rest.redis_client, settings) as at:
        if endpoint.auth or endpoint.may_be_known:
            token = someone.signed_in["access_token"]
            assert (await at.ask("GET", "/v1/me", token=token)).status == 200
        else:
            assert (await someone.ask(endpoint, at=at, path=path)).status == endpoint.status
        answer = await someone.ask(endpoint, at=at, path=path)
        assert 0 < answer.body["retry_after_ms"] <= 60_000
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        return answer


async def unavailable(someone: Someone, endpoint: Endpoint) -> Answer:
    """PostgreSQL cannot be reached."""
    path = await someone.own_path(endpoint)
    async with world_at(someone.database_url) as world:
        checks = {"postgres": lambda: world.pool.fetchval("SELECT 1")}
        async with serving(world, someone.redis, someone.rest.redis_client, SETTINGS, checks) as at:
            await world.pool.close()
            return await someone.ask(endpoint, at=at, path=path)


async def internal(someone: Someone, endpoint: Endpoint) -> Answer:
    """A table that everything needs is not there."""
    pool, path = someone.rest.world.pool, await someone.own_path(endpoint)
    schema, table = _NEEDED.get(endpoint.name, ("identity", "sessions"))
    await pool.execute(f"ALTER TABLE {schema}.{table} RENAME TO mislaid")
    try:
        answer = await someone.ask(endpoint, path=path)
    finally:
        await pool.execute(f"ALTER TABLE {schema}.mislaid RENAME TO {table}")
    assert answer.body["detail"] == "Something went wrong on our side."
    assert list(answer.body["details"]) == ["reference"]
    assert table not in str(answer.body)
    return answer


_NEEDED = {
    **dict.fromkeys(SIGNED, ("social", "media")),
    "export_file": ("identity", "exports"),
    "forgot_password": ("jobs", "pgqueuer"),
    "reset_password": ("identity", "one_time_codes"),
    "verify_email": ("identity", "one_time_codes"),
}

PROVOKE: dict[str, Provoke] = {
    provoke.__name__: provoke
    for provoke in (
        invalid_request,
        payload_too_large,
        unauthenticated,
        token_expired,
        banned,
        not_found,
        precondition_failed,
        gone,
        already_decided,
        forbidden,
        underage,
        profile_incomplete,
        expired,
        conflict,
        idempotency_conflict,
        rate_limited,
        unavailable,
        internal,
    )
}


@pytest.fixture
async def someone(rest: RestServer, database_url: str, redis: Redis, tmp_path: Path) -> Someone:
    others = [await rest.world.person(name) for name in ("Ben", "Cem")]
    signed_in = await rest.sign_up()
    await rest.world.set_role(signed_in["user"]["id"], "admin")
    return Someone(rest, signed_in, others, database_url, redis, str(tmp_path))


@pytest.mark.parametrize(("endpoint", "code"), PROMISES, ids=lambda v: getattr(v, "name", v))
async def test_the_error_is_given(someone: Someone, endpoint: Endpoint, code: str) -> None:
    """As a problem with its code and status."""
    answer = await PROVOKE[code](someone, endpoint)
    assert answer.code == code
    assert answer.status in {error.status for error in endpoint.possible_errors if error.code == code}


async def test_an_internal_error_is_found_in_the_log_by_its_reference(
    someone: Someone, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log has what the answer keeps to itself."""
    endpoint = next(e for e in ENDPOINTS if e.reply is Me)
    answer = await internal(someone, endpoint)
    said = capsys.readouterr()
    logged = said.out + said.err
    assert answer.body["details"]["reference"] in logged
    assert "UndefinedTableError" in logged
