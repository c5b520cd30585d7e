"""Health, readiness, metrics and documents."""

import asyncio
from html.parser import HTMLParser

import aiohttp
import msgspec
import pytest
from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from core.contract.index import ENDPOINTS
from core.errors import CATALOGUE
from core.wire.message import Command, Event
from db.redis.multiplexed import RedisClient, open_redis_client
from rest.http.listening import metrics_listening
from tests.ports import Ports
from tests.rest.conftest import SETTINGS
from tests.rest.server import RestServer, serving
from tests.stores.world import World


async def test_ready_when_everything_answers(world: World, redis: Redis, redis_client: RedisClient) -> None:
    checks = {"postgres": world.pool.check_writes, "redis": redis_client.check_writes}
    async with serving(world, redis, redis_client, SETTINGS, checks) as rest:
        assert (await rest.ask("GET", "/readyz")).body == {"status": "ready", "checks": ["postgres", "redis"]}
        assert (await rest.ask("GET", "/healthz")).body == {"status": "ok"}


async def test_not_ready_names_what_does_not_answer(
    world: World, redis: Redis, redis_client: RedisClient
) -> None:
    """Also one that hangs; and the process is still alive."""
    nowhere = Redis.from_url("redis://127.0.0.1:1")

    async def hangs() -> None:
        await asyncio.Event().wait()

    checks = {"postgres": lambda: world.pool.fetchval("SELECT 1"), "redis": nowhere.ping, "event_bus": hangs}
    async with serving(world, redis, redis_client, SETTINGS, checks) as rest:
        answer = await rest.ask("GET", "/readyz")
        assert (answer.status, answer.code) == (503, "unavailable")
        assert answer.body["details"] == {"failed": ["redis", "event_bus"]}
        assert (await rest.ask("GET", "/healthz")).status == 200
    await nowhere.aclose()


async def test_however_many_ask_the_stores_are_asked_once_a_second(
    world: World, redis: Redis, redis_client: RedisClient
) -> None:
    """At once, or one after the other; a second later they are asked anew, also when clocks go back."""
    asked = 0

    async def count() -> None:
        nonlocal asked
        asked += 1
        await world.pool.fetchval("SELECT 1")

    async with serving(world, redis, redis_client, SETTINGS, {"counted": count}) as rest:
        rest.clock.stop()
        answers = await asyncio.gather(*(rest.ask("GET", "/readyz") for _ in range(50)))
        answers += [await rest.ask("GET", "/readyz") for _ in range(10)]
        assert {answer.status for answer in answers} == {200}
        assert asked == 1
        for s in (1, -3600):
            rest.clock.advance(s=s)
            assert (await rest.ask("GET", "/readyz")).status == 200
        assert asked == 3


async def test_rate_limits_without_redis_are_unavailable(world: World) -> None:
    """Nobody guesses passwords unlimited because Redis is away."""
    nowhere = Redis.from_url("redis://127.0.0.1:1")
    async with (
        open_redis_client("redis://127.0.0.1:1") as client,
        serving(world, nowhere, client, msgspec.structs.replace(SETTINGS, rate_limits="on")) as rest,
    ):
        assert (await rest.login("ana@example.org")).code == "unavailable"
    await nowhere.aclose()


async def test_requests_are_counted_by_endpoint(rest: RestServer) -> None:
    """By name, never by path: ids would make a series each."""
    token = (await rest.sign_up())["access_token"]
    await rest.ask("GET", "/v1/profiles/nobody", token=token)
    await rest.ask("GET", "/v1/unknown")
    text = (await rest.ask("GET", "/metrics")).body
    assert 'realtime_http_requests_total{endpoint="register",status="201"} 1.0' in text
    assert 'realtime_http_requests_total{endpoint="profile",status="404"} 1.0' in text
    assert 'realtime_http_request_seconds_count{endpoint="profile"} 1.0' in text
    assert "unknown" not in text


async def test_requests_are_told_as_the_kinds_of_the_library_tell_them(rest: RestServer) -> None:
    """With its buckets: boards and alerts that know those go on as they are."""
    token = (await rest.sign_up())["access_token"]
    for _ in range(3):
        await rest.ask("GET", "/v1/me", token=token)
    text = (await rest.ask("GET", "/metrics")).body
    requests, seconds = (
        next(family for family in text_string_to_metric_families(text) if family.name == name)
        for name in ("realtime_http_requests", "realtime_http_request_seconds")
    )
    assert (requests.type, seconds.type) == ("counter", "histogram")
    told = [sample for sample in seconds.samples if sample.labels["endpoint"] == "me"]
    buckets = {sample.labels["le"]: sample.value for sample in told if sample.name.endswith("_bucket")}
    assert list(map(float, buckets)) == list(Histogram.DEFAULT_BUCKETS)
    assert list(buckets.values()) == sorted(buckets.values())
    rest_of_it = {
        sample.name.rpartition("_")[2]: sample.value for sample in told if "le" not in sample.labels
    }
    assert buckets["+Inf"] == rest_of_it["count"] == 3
    assert rest_of_it["sum"] > 0


async def test_metrics_may_have_a_port_of_their_own(
    world: World, redis: Redis, redis_client: RedisClient, ports: Ports
) -> None:
    """Then they are there, and nothing else is; and the one for everybody has them no more."""
    registry = CollectorRegistry()
    Gauge("is_here", "A metric.", registry=registry)
    settings = msgspec.structs.replace(SETTINGS, host="127.0.0.1", metrics_port=ports.take())
    async with metrics_listening(registry, settings), aiohttp.ClientSession() as web:
        address = f"http://127.0.0.1:{settings.metrics_port}"
        async with web.get(f"{address}/metrics") as answer:
            assert "is_here 0.0" in await answer.text()
        async with web.get(f"{address}/healthz") as answer:
            assert answer.status == 404
        with pytest.raises(OSError, match=r"cannot be listened on \(.+\): set METRICS_PORT\."):
            await metrics_listening(registry, settings).__aenter__()
        async with serving(world, redis, redis_client, settings) as rest:
            assert (await rest.ask("GET", "/metrics")).code == "not_found"


class Page(HTMLParser):
    """Ids, links and what a page loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.add(attributes["href"])
        if "src" in attributes or tag in {"script", "link", "img"}:
            self.loads.append(tag)


async def test_the_docs_show_everything_and_load_nothing(rest: RestServer) -> None:
    """Each endpoint, command, event and error; every link leads somewhere; no script."""
    answer = await rest.ask("GET", "/docs")
    page = Page(answer.body)
    shown = {e.name for e in ENDPOINTS} | {f"command-{c}" for c in Command.registry}
    shown |= {f"event-{e}" for e in Event.registry} | {f"error-{e.code}" for e in CATALOGUE}
    assert shown <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert {link for link in page.links if not link.startswith("#")} == {"/openapi.json", "/asyncapi.json"}
    assert page.loads == []
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "script-src" not in answer.headers["Content-Security-Policy"]


async def test_the_documents_name_the_address_they_came_from(rest: RestServer) -> None:
    """So that a client made of them finds the server."""
    asked = {"Host": "chat.example.org"}
    described = (await rest.ask("GET", "/openapi.json", headers=asked)).body
    assert described["servers"] == [{"url": "http://chat.example.org"}]
    described = (await rest.ask("GET", "/asyncapi.json", headers=asked)).body
    socket = described["servers"]["socket"]
    assert (socket["host"], socket["protocol"]) == ("chat.example.org", "ws")
    assert "io(&quot;http://chat.example.org&quot;" in (await rest.ask("GET", "/docs", headers=asked)).body
