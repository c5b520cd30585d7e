"""Two processes, and two things at once: a block or a ban, and whatever it has to put an end to.

Many small rounds, in which both begin within some milliseconds of each other. However the two cross: what is
stored for somebody after the block was answered is nothing of the other, no call goes on, and nobody is left
in an offer.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from core.clock import now_ms
from tests.conftest import NewDatabase, NewRedis
from tests.integration.parting.pair import Pair, of
from tests.integration.person import ClientDevice, Person
from tests.integration.putting_out import Out, put_out
from tests.patience import PATIENCE_S
from tests.rest.pictures import drawn, encoded, form
from tests.scenarios.conftest import accepted
from tests.scenarios.test_signals import candidate
from tests.served import Served
from tests.stores.world import World, world_at

ROUNDS = 20
_APART_S = 0.008  # the one begins so much before the other at most
_SETTINGS = {
    "REMATCH_H": "0",
    "NO_SHOW_APART_S": "0",
    "OFFER_S": "60",
    "CONNECT_S": "60",
    "STAFF_TOTP": "when_on",
}
_PICTURE = encoded(drawn())


@dataclass
class Town:
    """The nodes and their record; two who meet again and again, and a moderator."""

    here: Served
    there: Served
    web: aiohttp.ClientSession
    world: World
    chance: random.Random = field(default_factory=lambda: random.Random(11))

    async def pair(self) -> Pair:
        """New ones: she is here, he is there."""
        she = await Person.sign_up(self.here.address, self.web, gender="female")
        he = await Person.sign_up(self.there.address, self.web, gender="male")
        return Pair(await she.connect(), await he.connect(), she, he, "")

    async def at_once(self, *work: Coroutine[Any, Any, Any]) -> list[Any]:
        """What each gives, or how it fails. They begin in any order, hardly apart."""

        async def soon(one: Coroutine[Any, Any, Any]) -> Any:
            await asyncio.sleep(self.chance.uniform(0, _APART_S))
            return await one

        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.gather(*map(soon, work), return_exceptions=True)


async def while_connected(device: ClientDevice, work: Coroutine[Any, Any, Any]) -> Any:
    """What it gives; None if the connection is closed before."""
    asking, closing = asyncio.ensure_future(work), asyncio.ensure_future(device.closed.wait())
    await asyncio.wait((asking, closing), return_when=asyncio.FIRST_COMPLETED)
    for one in (asking, closing):
        one.cancel()
    return asking.result() if asking.done() and not asking.cancelled() else None


@pytest.fixture(scope="module")
async def town(new_database: NewDatabase, new_redis: NewRedis) -> AsyncIterator[Town]:
    """Two nodes on stores of their own: nobody else waits there."""
    database_url, redis_url = await new_database(), await new_redis()
    stores = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    nodes = [Served(**stores, **_SETTINGS, LOG_LEVEL="WARNING") for _ in range(2)]
    try:
        await nodes[0].start()
        await nodes[1].start()
        async with aiohttp.ClientSession() as web, world_at(database_url) as world:
            yield Town(nodes[0], nodes[1], web, world)
    finally:
        for node in nodes:
            await node.stop()


@pytest.fixture
async def pair(town: Town) -> AsyncIterator[Pair]:
    """Two for all rounds of a test, who have met: so each may block the other, also when blocked."""
    made = await town.pair()
    await town.world.talked((made.she.id, made.he.id), now=now_ms() - 60_000)
    yield made
    for person in (made.she, made.he):
        await person.leave()


@dataclass
class Blocks:
    """Who has blocked in this round, and when each was answered."""

    pair: Pair
    who: tuple[Person, ...]
    answered: dict[Person, int] = field(default_factory=dict)

    def all(self) -> list[Coroutine[Any, Any, None]]:
        return [self._block(person) for person in self.who]

    async def _block(self, person: Person) -> None:
        order = {"user_id": self.pair.other(person).id}
        status, body = await person.rest("POST", "/v1/blocks", json=order)
        assert status == 201, body
        self.answered[person] = now_ms()

    async def hold(self, world: World) -> None:
        """What no crossing may break. Then the blocks are lifted."""
        assert self.answered.keys() == set(self.who)
        await self.pair.settle()
        last = min(self.answered.values())
        for person in (self.pair.she, self.pair.he):
            device = self.pair.device_of(person)
            late = [event for event in device.heard if _is_late(event, self.pair.other(person), last)]
            assert not late, f"{late} came after the answer of {last}"
            assert _open_offers(device) == []
            assert await world.call_records.active_call(person.id) is None
        for person in self.who:
            await person.rest("DELETE", f"/v1/blocks/{self.pair.other(person).id}")
        for device in (self.pair.ana, self.pair.ben):
            device.forget()


def _is_late(event: tuple[str, Any, str | None], other: Person, last: int) -> bool:
    """Whether it tells of the other and was stored after that; what is not stored has no time."""
    offset = event[2]
    return offset is not None and of(other, event) and int(offset.partition("-")[0]) > last


def _open_offers(device: ClientDevice) -> list[str]:
    """Calls that it was offered, of whose end it has not heard."""
    told = [(name, payload.get("call_id")) for name, payload, _ in device.heard]
    ended = {call_id for name, call_id in told if name == "call:ended"}
    return [str(call_id) for name, call_id in told if name == "call:offered" and call_id not in ended]


def rounds(pair: Pair) -> Iterator[Blocks]:
    """She blocks, he blocks, both do, and again."""
    for number in range(ROUNDS):
        yield Blocks(pair, ((pair.she,), (pair.he,), (pair.she, pair.he))[number % 3])


async def test_a_block_and_a_match(town: Town, pair: Pair) -> None:
    """The offer is refused, or ends: also at the one who had not heard of it yet."""
    for blocks in rounds(pair):
        await pair.ana.ask("queue:join", mode="voice")
        await town.at_once(pair.ben.ask("queue:join", mode="voice"), *blocks.all())
        await blocks.hold(town.world)


async def test_a_block_and_an_accept_of_each(town: Town, pair: Pair) -> None:
    """However far the call has come, it is over; nobody can accept it any more."""
    for blocks in rounds(pair):
        await pair.offered()
        devices = (pair.ana, pair.ben)
        accepts = [device.send_raw("call:accept", {"call_id": pair.call_id}) for device in devices]
        await town.at_once(*accepts, *blocks.all())
        for device in devices:
            assert (await device.next("call:ended", call_id=pair.call_id))["reason"] == "blocked"
            assert await device.refused("call:accept", call_id=pair.call_id) == "gone"
        await blocks.hold(town.world)


async def test_a_block_and_signals_both_ways(town: Town, pair: Pair) -> None:
    """And the end by another: whoever ended the call, nothing is passed on once a block was answered."""
    for number, blocks in enumerate(rounds(pair)):
        pair.call_id = await accepted(pair.ana, pair.ben, "voice")
        signal = {"call_id": pair.call_id, "epoch": 1}
        signals = [
            device.send_raw("call:signal", {**signal, "candidate": candidate(n)})
            for n in range(5)
            for device in (pair.ana, pair.ben)
        ]
        end = [pair.ben.send_raw("call:end", {"call_id": pair.call_id})] if number % 2 else []
        await town.at_once(*signals, *end, *blocks.all())
        for device in (pair.ana, pair.ben):
            await device.next("call:ended", call_id=pair.call_id)
            assert device.has_heard("call:ended", call_id=pair.call_id) == 1
            assert await device.refused("call:signal", **signal, candidate=candidate(9)) == "gone"
        await blocks.hold(town.world)


async def test_a_block_and_messages_both_ways(town: Town, pair: Pair) -> None:
    """What was acknowledged can be read, by both and in one order; it does not come after the answer."""
    users = pair.she.id, pair.he.id
    for number, blocks in enumerate(rounds(pair)):
        room = (await town.world.connected(users)).room_id
        said = [
            device.send_raw("chat:send", {"room_id": room, "client_id": f"{number} {n}", "content": str(n)})
            for n in range(4)
            for device in (pair.ana, pair.ben)
        ]
        read = [device.send_raw("chat:read", {"room_id": room, "seq": 2}) for device in (pair.ana, pair.ben)]
        answers = await town.at_once(*said, *read, *blocks.all())
        messages = [answer["data"]["message"] for answer in answers[: len(said)] if answer["ok"]]
        kept = [await device.ask("chat:history", room_id=room) for device in (pair.ana, pair.ben)]
        assert kept[0] == kept[1]
        assert sorted(messages, key=lambda message: message["seq"]) == kept[0]["messages"]
        await blocks.hold(town.world)


async def test_a_block_and_an_upload(town: Town, pair: Pair) -> None:
    """A block takes nobody's evidence: what was on its way can be reported with."""
    for blocks in rounds(pair):
        uploads = [person.rest("POST", "/v1/media", data=form(_PICTURE)) for person in (pair.she, pair.he)]
        hers, his, *_ = await town.at_once(*uploads, *blocks.all())
        assert (hers[0], his[0]) == (201, 201)
        report = {"subject": {"type": "user", "id": pair.he.id}, "reason": "nudity", "block": True}
        report["evidence_media_id"] = hers[1]["id"]
        status, body = await pair.she.rest("POST", "/v1/reports", json=report)
        assert status == 201, body
        await blocks.hold(town.world)


async def test_a_ban_while_they_accept_signal_and_upload(town: Town) -> None:
    """From the end of his connection on there is nothing of him, and she is free."""
    moderator = await Person.sign_up(town.here.address, town.web)
    await town.world.set_role(moderator.id, "moderator")
    she = await Person.sign_up(town.here.address, town.web, gender="female")
    ana = await she.connect()
    for number in range(ROUNDS):
        he = await Person.sign_up(town.there.address, town.web, gender="male")
        pair = Pair(ana, await he.connect(), she, he, "")
        await pair.offered()
        call = {"call_id": pair.call_id}
        signal = {**call, "epoch": 1, "candidate": candidate(1)}
        work = [ana.send_raw("call:accept", call)]
        his = ("call:accept", call), ("call:signal", signal)
        work += [while_connected(pair.ben, pair.ben.send_raw(*asked)) for asked in his]
        work += [he.rest("POST", "/v1/media", data=form(_PICTURE))]
        how: Out = "suspended" if number % 2 else "banned"
        *_, uploaded, done = await town.at_once(*work, put_out(how, he, moderator, town.world))
        assert done is None
        assert uploaded[0] == 201 or uploaded[1]["code"] == "banned", uploaded
        assert (await ana.next("call:ended", call_id=pair.call_id))["reason"] == "moderated"
        async with asyncio.timeout(PATIENCE_S):
            await pair.ben.closed.wait()
        ended = now_ms()
        assert (await he.rest("POST", "/v1/media", data=form(_PICTURE)))[1]["code"] == "banned"
        assert await ana.refused("call:accept", **call) == "gone"
        await pair.settle()
        assert not [event for event in ana.heard if _is_late(event, he, ended)]
        assert await town.world.call_records.active_call(he.id) is None
        assert await town.world.call_records.active_call(she.id) is None
    await she.leave()
