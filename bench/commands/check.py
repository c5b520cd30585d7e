"""Whether a server keeps its promises: the same dialogues with both, before anything of theirs is measured.

Order and loss on two nodes, in groups too, a client id that comes twice, a node that is killed, also while it
makes an offer, connections that are reset, a client that comes back, one with two devices, one who was
blocked, one who is no member, an epoch that is over, and what those see who watch others.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count, pairwise
from typing import Any

import aiohttp

from bench.commands.people import Person, come, leave, meet
from bench.commands.rows import CANDIDATE, Friends
from bench.commands.stacks import Flavour, Node, Stores

PAIRS = 7
_EACH = 1000
_EACH_TO_MANY = 200
_UNDER_WAY = 20
_PATIENCE_S = 60.0
_RETRY_S = 0.1
_CALLS: dict[Flavour, str] = {"ours": "interaction.calls", "node": "node.calls"}
_IS_WAITED_FOR = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_keys = count()


class CheckedPairs:
    """Pairs with rooms at two nodes of a server, the first of each at the first node."""

    def __init__(self, flavour: Flavour, stores: Stores, nodes: list[Node], group: str) -> None:
        self.flavour, self.stores, self.nodes = flavour, stores, nodes
        self.group = group  # a room of them all
        self.friends: list[Friends] = []

    async def come(self, accounts: Sequence[dict[str, str]], room_ids: Sequence[str]) -> None:
        people = await come([node.port for node in self.nodes], accounts)
        self.friends = [
            Friends(one, other, room_id)
            for one, other, room_id in zip(people[::2], people[1::2], room_ids, strict=True)
        ]

    async def leave(self) -> None:
        await leave([person for two in self.friends for person in (two.one, two.other)])


async def _write(person: Person, room_id: str, client_ids: Sequence[str]) -> dict[str, int]:
    """Say something under each of these ids, some at a time; what was acknowledged, with its `seq`."""
    acknowledged: dict[str, int] = {}
    left = iter(client_ids)

    async def write() -> None:
        for client_id in left:
            while (answer := await _say(person, room_id, client_id)) is not None and not answer["ok"]:
                assert answer["error"]["code"] == "unavailable", answer
                await asyncio.sleep(_RETRY_S)
            if answer is not None:
                acknowledged[client_id] = answer["data"]["message"]["seq"]

    await asyncio.gather(*(write() for _ in range(_UNDER_WAY)))
    return acknowledged


async def _say(person: Person, room_id: str, client_id: str) -> Any:
    """The answer; None if the connection was lost before."""
    if person.gone.done():
        return None
    said = person.answer("chat:send", room_id=room_id, client_id=client_id, content=client_id)
    answering = asyncio.create_task(said)
    await asyncio.wait([answering, person.gone], return_when=asyncio.FIRST_COMPLETED)
    if answering.done():
        return answering.result()
    answering.cancel()
    return None


async def _read(person: Person, until: set[str], seen: dict[str, int]) -> dict[str, int]:
    """Hear messages until all of these have come; each with its `seq`, in the order in which they came."""
    async with asyncio.timeout(_PATIENCE_S):
        while not until <= seen.keys():
            message = (await person.hear("chat:message"))["message"]
            seen.setdefault(message["client_id"], message["seq"])
    return seen


def _ids(number: int) -> list[str]:
    return [f"check-{next(_keys)}" for _ in range(number)]


async def order(pairs: CheckedPairs) -> None:
    """Two who write at once on two nodes are seen in the order of `seq`, without a gap, by both."""
    two = pairs.friends[0]
    one_says, other_says = _ids(_EACH), _ids(_EACH)
    reading = [
        asyncio.create_task(_read(person, {*one_says, *other_says}, {})) for person in (two.one, two.other)
    ]
    await asyncio.gather(_write(two.one, two.room_id, one_says), _write(two.other, two.room_id, other_says))
    for seen in await asyncio.gather(*reading):
        _check_order(seen, 2 * _EACH)


async def order_in_a_group(pairs: CheckedPairs) -> None:
    """The same of all members of a group."""
    two, everybody = pairs.friends[0], [person for two in pairs.friends for person in (two.one, two.other)]
    one_says, other_says = _ids(_EACH_TO_MANY), _ids(_EACH_TO_MANY)
    said = {*one_says, *other_says}
    reading = [asyncio.create_task(_read(person, said, {})) for person in everybody]
    await asyncio.gather(_write(two.one, pairs.group, one_says), _write(two.other, pairs.group, other_says))
    for seen in await asyncio.gather(*reading):
        _check_order(seen, len(said))


async def again(pairs: CheckedPairs) -> None:
    """A client id that comes twice, also at once and on another node, is one message."""
    two, (client_id,) = pairs.friends[1], _ids(1)
    said = {"room_id": two.room_id, "client_id": client_id, "content": "Hello?"}
    first, second = await asyncio.gather(two.one.ask("chat:send", **said), two.one.ask("chat:send", **said))
    third = await two.one.ask("chat:send", **said)
    assert first["message"]["id"] == second["message"]["id"] == third["message"]["id"]
    (next_id,) = _ids(1)
    after = await two.one.ask("chat:send", room_id=two.room_id, client_id=next_id, content="Next")
    assert after["message"]["seq"] == first["message"]["seq"] + 1, "the repeat took a number"


async def return_by_offset(pairs: CheckedPairs) -> None:
    """Who was away is sent what was said meanwhile, in order, at another node."""
    two = pairs.friends[2]
    (before,), meanwhile = _ids(1), _ids(30)
    await _write(two.one, two.room_id, [before])
    await _read(two.other, {before}, {})
    await leave([two.other])
    await _write(two.one, two.room_id, meanwhile)
    two.other = await Person.come(pairs.nodes[0].port, two.other.account, **two.other.back_with)
    assert two.other.welcome["recovered"], "nothing was recovered"
    seen = await _read(two.other, set(meanwhile), {})
    assert list(seen.values()) == sorted(seen.values())


async def resets(pairs: CheckedPairs) -> None:
    """Connections to Redis that are reset lose nothing, and leave all in order, for both."""
    two, wanted = pairs.friends[5], _ids(_EACH)
    reading = [asyncio.create_task(_read(person, set(wanted), {})) for person in (two.one, two.other)]
    writing = asyncio.create_task(_write(two.one, two.room_id, wanted))
    for kind in ("pubsub", "normal", "pubsub"):
        await asyncio.sleep(_RETRY_S)
        await pairs.stores.redis.execute_command("CLIENT", "KILL", "TYPE", kind)  # type: ignore[no-untyped-call]
    said = await writing
    for seen in await asyncio.gather(*reading):
        _check_order(seen, len(wanted))
        assert all(seen[key] == seq for key, seq in said.items())


def _check_order(seen: dict[str, int], count: int) -> None:
    seqs = list(seen.values())
    inversions = sum(later < earlier for earlier, later in pairwise(seqs))
    assert not inversions, f"{inversions} of {len(seqs)} came before an earlier one"
    assert seqs == list(range(seqs[0], seqs[0] + count)), "seq has a gap"


async def kill(pairs: CheckedPairs) -> None:
    """A node that is killed loses nothing that was acknowledged; what was not can be sent again."""
    two, wanted = pairs.friends[3], _ids(400)
    doomed = await Node.start(pairs.flavour, pairs.stores)
    writer = await Person.come(doomed.port, two.one.account)
    writing = asyncio.create_task(_write(writer, two.room_id, wanted))
    seen: dict[str, int] = {}
    await _read(two.other, {wanted[100]}, seen)
    await doomed.kill()
    acknowledged = await writing
    assert len(acknowledged) < len(wanted), "it was killed too late"
    seen = await _read(two.other, set(acknowledged), seen)
    back = await Person.come(pairs.nodes[0].port, two.one.account)
    sent_again = await _write(back, two.room_id, wanted)
    seen = await _read(two.other, set(wanted), seen)
    await leave([back])
    assert all(sent_again[key] == seq for key, seq in acknowledged.items()), "stored twice"
    assert all(seen[key] == seq for key, seq in sent_again.items())
    _check_order(seen, len(wanted))


async def refusals(pairs: CheckedPairs) -> None:
    """Who is no member, who was blocked, and whose epoch is over, is refused."""
    two, others = pairs.friends[4], pairs.friends[1]
    (client_id,) = _ids(1)
    said: dict[str, Any] = {"room_id": two.room_id, "client_id": client_id, "content": "Hello"}
    stranger = await others.one.answer("chat:send", **said)
    assert stranger["error"]["code"] == "not_found", stranger
    meeting = await meet(two.one, two.other)
    asked = {"call_id": meeting.call_id, "candidate": {"candidate": CANDIDATE, "sdpMid": "0"}}
    stale = await meeting.offerer.answer("call:signal", epoch=meeting.epoch + 1, **asked)
    assert stale["error"]["code"] == "stale_epoch", stale
    foreign = await others.one.answer("call:signal", epoch=meeting.epoch, **asked)
    assert foreign["error"]["code"] == "not_found", foreign
    await meeting.offerer.ask("call:signal", epoch=meeting.epoch, **asked)
    assert (await meeting.answerer.hear("call:signal"))["candidate"]["candidate"] == CANDIDATE
    await _block(pairs, two)
    await two.one.hear("call:ended")
    for person in (two.one, two.other):
        answer = await person.answer("chat:send", **said)
        assert answer["error"]["code"] in {"gone", "not_found"}, answer


async def presence(pairs: CheckedPairs) -> None:
    """Who watches hears which status is chosen, and of a call; and nothing more after a block."""
    two = pairs.friends[6]
    said = await two.one.ask("presence:watch", user_ids=[two.other.id])
    assert [each["status"] for each in said["presences"]] == ["online"], said
    for status in ("away", "online", "invisible", "online"):
        await two.other.ask("presence:set", status=status)
        await _seen(two, "offline" if status == "invisible" else status)
    meeting = await meet(two.one, two.other)
    await _seen(two, "in_call")
    await two.other.ask("presence:set", status="away")
    await meeting.offerer.ask("call:end", call_id=meeting.call_id)
    await _seen(two, "away")
    await _block(pairs, two)
    await _seen(two, "offline")
    await two.other.ask("presence:set", status="online")
    assert (await two.one.ask("presence:watch", user_ids=[two.other.id]))["presences"] == []
    assert not two.one.has_heard("presence:changed"), "told of one who has blocked them"


async def _seen(two: Friends, status: str) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while (await two.one.hear("presence:changed"))["status"] != status:
            pass


async def _block(pairs: CheckedPairs, two: Friends) -> None:
    if pairs.flavour == "node":
        await two.one.ask("block", user_id=two.other.id)
        return
    headers = {"Authorization": f"Bearer {two.one.account['token']}"}
    url = f"{pairs.nodes[0].address}/v1/blocks"
    body = {"user_id": two.other.id}
    async with aiohttp.ClientSession(headers=headers) as web, web.post(url, json=body) as response:
        assert response.status == 201, await response.text()


async def claims(pairs: CheckedPairs) -> None:
    """What a node was just offering to two when it was killed, another one offers them, once."""
    two, database = pairs.friends[5], pairs.stores.database
    doomed = await Node.start(pairs.flavour, pairs.stores)
    seeker = await Person.come(doomed.port, two.one.account)
    await two.other.ask("queue:join", mode="voice")
    async with database.transaction():
        await database.execute(f"LOCK TABLE {_CALLS[pairs.flavour]} IN SHARE ROW EXCLUSIVE MODE")
        await seeker.ask("queue:join", mode="voice")
        async with asyncio.timeout(_PATIENCE_S):
            while not await database.fetchval(_IS_WAITED_FOR):  # noqa: ASYNC110 - PostgreSQL does not say when
                await asyncio.sleep(_RETRY_S)
        await doomed.kill()
    offers = [await person.hear("call:offered") for person in (two.one, two.other)]
    call_id = offers[0]["call_id"]
    assert call_id == offers[1]["call_id"]
    for person in (two.one, two.other):
        await person.ask("call:accept", call_id=call_id)
    for person in (two.one, two.other):
        assert (await person.hear("call:started"))["call_id"] == call_id
    await two.one.ask("call:end", call_id=call_id)
    assert not any(person.has_heard("call:offered") for person in (two.one, two.other)), "offered twice"


async def devices(pairs: CheckedPairs) -> None:
    """A match is offered on all devices of a user, and belongs to the one that accepts it first."""
    two = pairs.friends[0]
    second = await Person.come(pairs.nodes[1].port, two.one.account)
    for person in (two.one, two.other):
        await person.ask("queue:join", mode="voice")
    offers = [await person.hear("call:offered") for person in (two.one, second, two.other)]
    call_id = offers[0]["call_id"]
    assert {offer["call_id"] for offer in offers} == {call_id}
    assert (await second.hear("queue:left"))["reason"] == "matched"
    for person in (second, two.other):
        await person.ask("call:accept", call_id=call_id)
    assert (await two.one.hear("call:ended"))["reason"] == "other_device"
    for person in (second, two.other):
        assert (await person.hear("call:started"))["call_id"] == call_id
        assert (await person.hear("call:state"))["state"] == "connecting"
    await second.ask("call:end", call_id=call_id)
    assert (await two.other.hear("call:ended"))["reason"] == "hung_up"
    await leave([second])


Promise = Callable[[CheckedPairs], Awaitable[None]]
PROMISES: tuple[Promise, ...] = (
    order_in_a_group,  # before anybody is blocked
    order,
    again,
    return_by_offset,
    resets,
    kill,
    refusals,
    presence,
    devices,
    claims,
)


async def check(
    flavour: Flavour,
    stores: Stores,
    accounts: Sequence[dict[str, str]],
    room_ids: Sequence[str],
    group: str,
) -> list[str]:
    """What this server does not keep, in a sentence each. `group` is a room of all of them."""
    nodes: list[Node] = []
    broken: list[str] = []
    try:
        nodes += [await Node.start(flavour, stores), await Node.start(flavour, stores)]
        pairs = CheckedPairs(flavour, stores, nodes, group)
        await pairs.come(accounts, room_ids)
        for promise in PROMISES:
            begun = time.monotonic()
            try:
                await promise(pairs)
            except (AssertionError, KeyError, TimeoutError) as error:
                broken.append(f"{flavour}, {promise.__name__}: {error!r}")
            print(f"  {promise.__name__}: {time.monotonic() - begun:.1f} s", file=sys.stderr)
        await pairs.leave()
    finally:
        for node in nodes:
            await node.stop()
    return broken
