"""What a node tells Prometheus moves with what people do, and by no word that they make up."""

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.contract.calls import MediaPath
from core.settings import Settings
from realtime.calls.metrics import path_of
from tests.conftest import NewDatabase, NewRedis
from tests.integration.conftest import Meet, Meeting, SignUp
from tests.integration.person import ClientDevice, Refused

_SAMPLE = re.compile(r"^realtime_(\w+?)(?:_total)?(?:\{(.*)\})? (\S+)$", re.MULTILINE)


class Counts:
    """The samples of a node since the test began."""

    def __init__(self, address: str, web: aiohttp.ClientSession) -> None:
        self._address, self._web = address, web
        self._before: dict[str, float] = {}

    async def all(self) -> dict[str, float]:
        async with self._web.get(f"{self._address}/metrics") as answer:
            found = _SAMPLE.findall(await answer.text())
        return {f"{name}{{{labels}}}": float(value) for name, labels, value in found}

    async def begin(self) -> "Counts":
        self._before = await self.all()
        return self

    async def since(self, *beginnings: str) -> dict[str, float]:
        """What has moved of the metrics whose names begin so."""
        now = await self.all()
        moved = {key: value - self._before.get(key, 0) for key, value in now.items()}
        return {key: by for key, by in moved.items() if by and key.startswith(beginnings)}


@pytest.fixture(scope="module")
async def address(settings: Settings, new_database: NewDatabase, new_redis: NewRedis) -> AsyncIterator[str]:
    """A product of its own: what other tests have left to theirs, as an open offer, ends meanwhile."""
    stores = {"database_url": await new_database(), "redis_url": await new_redis()}
    async with running(replace(settings, **stores)) as address:
        yield address


@pytest.fixture
async def counts(address: str, web: aiohttp.ClientSession) -> Counts:
    return await Counts(address, web).begin()


async def test_a_command_counts_under_its_name_and_one_that_does_not_exist_under_none_of_its_own(
    sign_up: SignUp, counts: Counts
) -> None:
    device = await (await sign_up()).connect()
    before = set(await counts.all())
    assert await device.refused("queue:explain") == "not_queued"
    for made_up in ("take:all", 'x"} 1\nrealtime_forged 1', "connect "):
        assert await device.refused(made_up) == "invalid_request"
    assert await counts.since("command_seconds_count", "refusals") == {
        'command_seconds_count{command="queue:explain"}': 1,
        'command_seconds_count{command="unknown"}': 3,
        'refusals{code="not_queued",of="command"}': 1,
        'refusals{code="invalid_request",of="command"}': 3,
    }
    assert set(await counts.all()) == before, "nobody makes a series"


async def test_who_is_let_in_and_who_is_not(sign_up: SignUp, counts: Counts) -> None:
    ana = await sign_up()
    device = await ana.connect()
    offset = device.offset
    await device.drop()
    with pytest.raises(Refused):
        await ClientDevice(ana.address, "phone").connect(token="of nobody")
    assert await counts.since("handshakes", "refusals") == {
        'handshakes{outcome="new"}': 1,
        'handshakes{outcome="refused"}': 1,
        'refusals{code="unauthenticated",of="handshake"}': 1,
    }
    await ana.connect(offset=offset)
    moved = await counts.since("handshakes", "handshake_seconds_count", 'events{event="session:ready"')
    assert moved['handshakes{outcome="recovered"}'] == 1
    assert moved["handshake_seconds_count{}"] == moved['events{event="session:ready"}'] == 2


async def test_a_call_counts_in_each_state_and_by_its_end(pair: Meeting, counts: Counts) -> None:
    before = set(await counts.all())
    await pair.start()
    paths = (
        {"local": "relay", "remote": "host", "protocol": "UDP"},
        {"local": "my home", "remote": "", "protocol": ""},
    )
    for device, path in zip((pair.ana, pair.ben), paths, strict=True):
        await device.ask("call:connected", call_id=pair.call_id, epoch=1, path=path)
    await pair.ana.ask("call:restart", call_id=pair.call_id, epoch=1)
    await pair.ben.ask("call:end", call_id=pair.call_id)
    await pair.ana.next("call:ended", reason="hung_up")
    await pair.ana.ask("decision:submit", call_id=pair.call_id, connect=True)
    moved = await counts.since("offers_ended", "calls_ended", "call_", "decisions")
    assert {key: by for key, by in moved.items() if "_bucket" not in key and "_sum" not in key} == {
        'offers_ended{outcome="accepted"}': 1,
        'calls_ended{reason="hung_up"}': 1,
        'call_paths{path="relay",protocol="udp"}': 1,
        'call_paths{path="other",protocol="other"}': 1,
        "call_restarts{}": 1,
        "call_connect_seconds_count{}": 1,
        "call_talk_seconds_count{}": 1,
        'decisions{outcome="connected"}': 1,
    }
    entered = await counts.since("calls_entered")
    assert {key: by for key, by in entered.items() if "offered" not in key} == {
        f'calls_entered{{state="{state}"}}': 1
        for state in ("connecting", "live", "reconnecting", "deciding", "closed")
    }
    assert set(await counts.all()) == before


async def test_an_offer_that_is_declined_is_no_call(meet: Meet, counts: Counts) -> None:
    pair = await meet()
    await pair.ben.ask("call:decline", call_id=pair.call_id)
    await pair.ana.next("call:ended", reason="declined")
    moved = await counts.since("offers_ended", "calls_ended", "calls_entered")
    assert moved == {
        'offers_ended{outcome="declined"}': 1,
        'calls_entered{state="offered"}': 1,
        'calls_entered{state="closed"}': 1,
    }


async def test_a_message_counts_once_however_often_it_is_sent(pair: Meeting, counts: Counts) -> None:
    room = (await pair.connect())["room_id"]
    for _ in range(3):
        await pair.ana.ask("chat:send", room_id=room, client_id="one", content="Hello")
    await pair.ben.next("chat:message")
    await pair.ben.ask("chat:read", room_id=room, seq=1)
    assert await counts.since("chat_", 'events{event="chat:message"}', "announced_late") == {
        "chat_messages{}": 1,
        "chat_receipts{}": 1,
        'events{event="chat:message"}': 2,
    }


@pytest.mark.parametrize(
    ("local", "remote", "path"),
    [
        ("host", "host", "host"),
        ("host", "srflx", "srflx"),
        ("prflx", "host", "srflx"),
        ("Relay", "host", "relay"),
        ("srflx", "relay", "relay"),
        ("host", "10.0.0.7", "other"),
        ("", "", "other"),
    ],
)
def test_a_path_is_as_long_as_its_longer_end(local: str, remote: str, path: str) -> None:
    assert path_of(MediaPath(local=local, remote=remote, protocol="TCP")) == (path, "tcp")
