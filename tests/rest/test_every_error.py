"""Each endpoint gives each error that it declares: the documents promise nothing that does not happen.

One server gives nearly all of them, each to people of its own: to make one takes longer than to ask it.
"""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from msgspec import structs

from core.contract.index import ENDPOINTS
from core.contract.profiles import Me
from core.ending import Ending
from core.ids import new_id
from core.wire.endpoint import Endpoint
from tests.rest.conflicts import CONFLICTS
from tests.rest.conftest import SETTINGS
from tests.rest.entering import ENTERING, LINKS, be_mailed, entered, late
from tests.rest.forbidden import forbidden, gone
from tests.rest.good_bodies import good_bodies
from tests.rest.grouping import filled
from tests.rest.phones import a_profile
from tests.rest.pictures import drawn, encoded, form
from tests.rest.redeeming import ABOUT_REWARDS, SCANS, already_redeemed, over
from tests.rest.server import PASSWORD, Answer, RestServer, new_person, path_of, serving
from tests.rest.signed_addresses import address, completed
from tests.rest.three_servers import Three, three_servers
from tests.stores.grouping import a_code, ways_to_groups
from tests.stores.mentoring import a_mentor, slot, ways_to_mentors
from tests.stores.places import a_check_in, a_place, a_review
from tests.stores.posting import picture, ways_to_posts
from tests.stores.rewarding import a_scan, ways_to_rewards

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

    def __init__(self, servers: Three, signed_in: Any, others: list[str]) -> None:
        self.rest, self.servers, self.signed_in = servers.usual, servers, signed_in
        self._others, self._numbers = itertools.cycle(others), itertools.count(8)
        self.other = others[-1]
        self.redis, self.folder = servers.usual.redis, servers.folder
        self.token = "made up"
        self.pictures: Iterator[str] = iter(())  # for posts
        self.place = new_id()
        self.scans: Iterator[Any] = iter(())  # of rewards
        self.mentor_id = ""  # for sessions

    def body(self, endpoint: Endpoint) -> Any:
        """One that is accepted."""
        bodies = good_bodies(
            self.signed_in, self.other, self.token, next(self._others), self._numbers, self.place
        )
        if endpoint.upload:
            forms = {"upload_media", "send_upload"}
            assert endpoint.name in forms, f"Put a good form for `{endpoint.name}` here"
            return encoded(drawn(next(self._numbers)))
        if endpoint.name == "add_post":
            return {"media_ids": [next(self.pictures)]}
        if endpoint.name in SCANS:
            return next(self.scans)
        if endpoint.name == "book_session":
            return slot(self.mentor_id, next(self._numbers))
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
        world, owner = self.rest.world, of or self.user_id
        place, review = lambda: a_place(world.pool), lambda: a_review(world.pool, owner)
        make: dict[str, Callable[[], Awaitable[str]]] = {
            "unban": lambda: world.ban(next(self._others)),
            "decide_media": world.photo,
            **dict.fromkeys(("location", "change_location", "reviews", "review"), place),
            **dict.fromkeys(("place_code", "visits"), place),
            **ways_to_posts(world, owner),
            **ways_to_mentors(world, owner),
            **dict.fromkeys(("change_review", "delete_review"), review),
            "flag_check_in": lambda: a_check_in(world.pool, owner),
            **ways_to_rewards(world, self.user_id),
            **ways_to_groups(world, self.user_id),
        }
        return filled(endpoint, await make[endpoint.name]()) if endpoint.name in make else None

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
        longest = {"partner_stats": "zone", **dict.fromkeys(SIGNED, "signature")}
        field = longest.get(endpoint.name, "cursor")
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
        "add_post": {"media_ids": [new_id()]},
        "create_group": {"name": "Runners", "photo": new_id()},
        "book_session": slot(new_id(), 1),
    }
    if endpoint.name in SCANS:
        nobody[endpoint.name] = {**someone.body(endpoint), "location_id": new_id()}
    what: dict[str, Any] = {"json": nobody[endpoint.name]} if endpoint.name in nobody else {}
    if endpoint.name == "search_room":
        what["query"] = "?q=hello"
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


async def already_decided(someone: Someone, endpoint: Endpoint) -> Answer:
    path = await someone.own_path(endpoint)
    assert path
    token, decide = someone.signed_in["access_token"], path.replace("/claim", "/decide")
    bodies = {"decide_media": {"action": "pass"}, "decide_appeal": {"grant": True}}
    body = bodies.get(endpoint.name, {"action": "dismiss"})
    assert (await someone.rest.ask("POST", decide, token=token, json=body)).status == 200
    return await someone.ask(endpoint, path=path)


async def expired(someone: Someone, endpoint: Endpoint) -> Answer:
    return await (over if endpoint.name in ABOUT_REWARDS else late)(someone, endpoint)


async def rate_limited(someone: Someone, endpoint: Endpoint) -> Answer:
    """The second within a minute, where one is allowed."""
    at, path = someone.servers.strict, await someone.own_path(endpoint)
    here: dict[str, Any] = {"at": at, "path": path}
    from_there = {"X-Forwarded-For": str(next(someone.servers.addresses))}
    if endpoint.auth or endpoint.may_be_known:
        token = someone.signed_in["access_token"]
        assert (await at.ask("GET", "/v1/me", token=token, headers=from_there)).status == 200
    else:
        assert (await someone.ask(endpoint, headers=from_there, **here)).status == endpoint.status
    answer = await someone.ask(endpoint, headers=from_there, **here)
    assert 0 < answer.body["retry_after_ms"] <= 60_000
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    return answer


async def unavailable(someone: Someone, endpoint: Endpoint) -> Answer:
    """PostgreSQL cannot be reached."""
    path = await someone.own_path(endpoint)
    return await someone.ask(endpoint, at=someone.servers.without_postgres, path=path)


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
        already_redeemed,
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


@pytest.fixture(scope="module")
async def three(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Three]:
    async with three_servers(database_url, redis_url, str(tmp_path_factory.mktemp("media"))) as three:
        yield three


@pytest.fixture
async def someone(request: pytest.FixtureRequest, three: Three) -> Someone:
    rest = three.usual
    rest.clock.ahead_ms = 0
    others = [await rest.world.person(name) for name in ("Ben", "Cem")]
    signed_in = await rest.sign_up()
    await rest.world.set_role(signed_in["user"]["id"], "admin")
    made = Someone(three, signed_in, others)
    if any(name in request.node.name for name in SCANS):
        made.scans = iter([await a_scan(rest.world, made.user_id) for _ in range(2)])
    if "add_post" in request.node.name:
        made.pictures = iter([await picture(rest.world, made.user_id) for _ in range(2)])
    if "check_in" in request.node.name and "not_found" not in request.node.name:
        made.place = await a_place(rest.world.pool)
    joins = any(name in request.node.name for name in ("join_group", "preview_group"))
    if joins and "not_found" not in request.node.name:
        made.token = await a_code(rest.world, rest.keyring.keys("invitation")[0])
    if "book_session" in request.node.name:
        made.mentor_id = await a_mentor(rest.world.pool, await rest.world.person("Mia"))
    return made


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
