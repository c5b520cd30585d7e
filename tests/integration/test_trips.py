"""How often a connect goes to the stores. Not how long that takes: `bench/reconnect.py` measures."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from db.postgres import pool as postgres
from db.redis import client as redis
from realtime.gateway.gateway import Gateway
from tests.integration.conftest import SignUp
from tests.integration.person import ClientDevice, Person

Trips = dict[str, list[Any]]
_counted: ContextVar[Trips | None] = ContextVar("counted", default=None)


def _counting(method: Callable[..., Any], store: str) -> Callable[..., Any]:
    async def counted(self: Any, asked: Any, *given: Any, **more: Any) -> Any:
        if (trips := _counted.get()) is not None and "SUBSCRIBE" not in str(asked):  # the first device alone
            trips[store].append(asked)
        return await method(self, asked, *given, **more)

    return counted


@pytest.fixture
async def trips(sign_up: SignUp, monkeypatch: pytest.MonkeyPatch) -> Trips:
    """What a connect asks the stores, whichever of its tasks does; nothing of what else goes on."""
    found: Trips = {"postgres": [], "redis": []}
    connect = Gateway.connect

    async def counted(self: Gateway, sid: str, auth: object) -> dict[str, Any]:
        token = _counted.set(found)
        try:
            return await connect(self, sid, auth)
        finally:
            _counted.reset(token)

    await (await sign_up()).connect()  # from then on Redis knows the scripts
    monkeypatch.setattr(Gateway, "connect", counted)
    for owner, name, store in (
        (postgres._Connection, "_execute", "postgres"),
        (redis._Patient, "send_packed_command", "redis"),
    ):
        monkeypatch.setattr(owner, name, _counting(getattr(owner, name), store))
    return found


async def connected(person: Person, trips: Trips, **auth: Any) -> tuple[ClientDevice, dict[str, int]]:
    """Connected and welcomed, and how often that went where."""
    for asked in trips.values():
        asked.clear()
    device = await person.connect("phone", **auth)
    await device.ask("queue:leave")  # its turn comes after the welcome
    return device, {store: len(asked) for store, asked in trips.items()}


async def test_who_comes_anew(sign_up: SignUp, trips: Trips) -> None:
    """The session and the state, in Postgres; the stream, presence, its change and the queue, in Redis."""
    person = await sign_up()
    await person.rest("GET", "/v1/me")  # a token that serves for the first time is noted
    device, count = await connected(person, trips)
    assert count == {"postgres": 2, "redis": 4}, trips
    assert device.ready["recovered"] is False


async def test_who_comes_back(sign_up: SignUp, trips: Trips) -> None:
    """What was missed comes with the end of the stream."""
    person = await sign_up()
    await person.rest("GET", "/v1/me")
    device = await person.connect("phone")
    await device.drop()
    held = {"pid": device.ready["pid"], "offset": device.offset}
    device, count = await connected(person, trips, **held)
    assert count == {"postgres": 2, "redis": 4}, trips
    assert device.ready["recovered"] is True
