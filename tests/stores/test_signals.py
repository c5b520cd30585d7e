"""Signals in Redis: they pass by the user's line, and no other way, whatever a node does too late."""

import asyncio
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from core.ids import new_id
from core.wire.message import Empty
from db.redis.event_log import channel, read_announcements
from db.redis.multiplexed import RedisClient, open_redis_client
from db.redis.signals import TRUSTED_MS, Allowed, RedisSignals, Request, Sender, Signal
from realtime.calls.signal_lanes import SignalLanes
from tests.patience import PATIENCE_S

HER, HIS = "her phone", "his phone"
NOW = 1_800_000_000_000  # it stands: what may be said counts for seconds


def store(client: RedisClient, candidates: int = 40, descriptions: int = 20) -> RedisSignals:
    return RedisSignals(client, keep=1001, keep_s=300, candidates=candidates, descriptions=descriptions)


def candidate(text: str) -> Signal:
    return Signal("candidate", text.encode())


async def opened(
    client: RedisClient, candidates: int = 40, descriptions: int = 20
) -> tuple[RedisSignals, Sender]:
    """He was told of a call with her, who may signal."""
    signals, sender = store(client, candidates, descriptions), Sender(new_id(), 1, "her", HER, new_id())
    await signals.open(sender.to, sender.call_id, 1, device=HIS, from_device=HER, now=NOW)
    return signals, sender


async def told(client: RedisClient, user_id: str) -> list[bytes]:
    entries = await client.command("XRANGE", f"events:{{{user_id}}}", "-", "+")
    return [dict(zip(fields[::2], fields[1::2], strict=True))[b"data"] for _, fields in entries]


async def test_signals_pass_together_in_their_order(redis_client: RedisClient) -> None:
    signals, sender = await opened(redis_client)
    assert await signals.pass_on(sender, [candidate("a"), candidate("b")], now=NOW) == b"+11"
    assert await signals.pass_on(sender, [candidate(""), candidate("c")], now=NOW) == b"+11"
    assert await told(redis_client, sender.to) == [b"a", b"b", b"c"]


async def test_each_kind_is_counted_by_itself_and_anew_in_each_epoch(redis_client: RedisClient) -> None:
    signals, sender = await opened(redis_client, candidates=2, descriptions=1)
    two = [candidate("c"), candidate("c"), Signal("description", b"d"), candidate("c")]
    assert await signals.pass_on(sender, two, now=NOW) == b"+1110"
    assert await signals.pass_on(sender, [Signal("description", b"d")], now=NOW) == b"+0"
    await signals.open(sender.to, sender.call_id, 2, device=HIS, from_device=HER, now=NOW)
    again = Sender(sender.call_id, 2, sender.user_id, HER, sender.to)
    assert await signals.pass_on(again, two, now=NOW) == b"+1110"


async def test_of_many_who_signal_at_once_each_has_an_answer_of_their_own(redis_client: RedisClient) -> None:
    signals, sender = await opened(redis_client, candidates=1)
    strangers = [Sender(new_id(), 1, "her", HER, new_id()) for _ in range(300)]
    hers: Request = (sender, [candidate("a"), candidate("b")])
    asked = [*((stranger, [candidate("c")]) for stranger in strangers), hers]
    answers = [(some, await answered) for some, answered in signals.pass_on_all(asked, now=NOW)]
    assert [each for some, _ in answers for each in some] == asked
    assert [answer for _, theirs in answers for answer in theirs] == [b"-"] * 300 + [b"+10"]
    assert await told(redis_client, sender.to) == [b"a"]


async def test_what_keeps_one_from_signalling_keeps_no_other(redis_client: RedisClient) -> None:
    """They go by one script, and where one fails the others are told, and answered."""
    signals, sender = await opened(redis_client)
    broken = Sender(new_id(), 1, "her", HER, new_id())
    await signals.open(broken.to, broken.call_id, 1, device=HIS, from_device=HER, now=NOW)
    await redis_client.command("SET", f"events:{{{broken.to}}}", "no stream")
    lanes = SignalLanes(signals, _asks_nobody, lambda: NOW, retry_ms=1)
    failed, passed = lanes.pass_on(broken, candidate("a")), lanes.pass_on(sender, candidate("b"))
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await failed
    assert await passed == Empty()
    assert await told(redis_client, sender.to) == [b"b"]


async def _asks_nobody(_: Sender) -> str:
    raise AssertionError("The line lets them in.")


async def test_what_is_sent_again_after_a_reconnect_happens_once(redis_client: RedisClient) -> None:
    """Nobody knew whether it was performed: it is answered alike, and neither counted nor told twice."""
    signals, sender = await opened(redis_client, candidates=1)
    signals._names = repeat(7)  # type: ignore[assignment]
    for _ in range(3):
        assert await signals.pass_on(sender, [candidate("a")], now=NOW) == b"+1"
    assert await told(redis_client, sender.to) == [b"a"]


@pytest.mark.parametrize(
    "wrong", [{"epoch": 0}, {"epoch": 2}, {"device": "another"}, {"call_id": "another"}, {"to": "nobody"}]
)
async def test_no_other_place_is_let_in(redis_client: RedisClient, wrong: dict[str, Any]) -> None:
    signals, sender = await opened(redis_client)
    other = Sender(*({**{f: getattr(sender, f) for f in sender.__struct_fields__}, **wrong}.values()))
    said = b"" if "to" in wrong else f"{sender.call_id} 1".encode()
    assert await signals.pass_on(other, [candidate("a")], now=NOW) == b"-" + said
    assert await told(redis_client, sender.to) == []


async def test_a_line_counts_for_seconds_and_then_the_record_is_asked(redis_client: RedisClient) -> None:
    """What was counted stays counted."""
    signals, sender = await opened(redis_client, candidates=2)
    assert await signals.pass_on(sender, [candidate("a")], now=NOW) == b"+1"
    later = NOW + TRUSTED_MS + 1
    refused = await signals.pass_on(sender, [candidate("b")], now=later)
    assert refused == f"-{sender.call_id} 1".encode()
    allowed = Allowed(HIS, refused[1:])
    both = [candidate("b"), candidate("c")]
    assert await signals.pass_on(sender, both, now=later, allowed=allowed) == b"+10"
    assert await signals.pass_on(sender, [Signal("description", b"")], now=later) == b"+1"


async def test_a_line_never_goes_back(redis_client: RedisClient) -> None:
    """Not to an older call or epoch, and not from over to open: it is late news that says so."""
    signals, he, (older, newer) = store(redis_client), new_id(), (new_id(1), new_id(2))

    async def opens(call_id: str, epoch: int) -> int:
        return await signals.open(he, call_id, epoch, device=HIS, from_device=HER, now=NOW)

    assert [await opens(older, 1), await opens(newer, 2)] == [1, 1]
    assert [await opens(older, 3), await signals.close(he, older), await opens(newer, 1)] == [0, 0, 0]
    assert [await opens(newer, 3), await signals.close(he, newer)] == [1, 1]
    assert [await opens(newer, 4), await opens(older, 4)] == [0, 0]


async def test_an_announcement_names_the_event_before_it(redis_client: RedisClient, redis_url: str) -> None:
    """So that a node that missed one reads it; also between signals that went together, which are one."""
    signals, sender = await opened(redis_client)
    async with Redis.from_url(redis_url) as redis, redis.pubsub() as heard:
        await heard.subscribe(channel(sender.to))
        assert (await heard.get_message(timeout=PATIENCE_S))["type"] == "subscribe"
        await signals.pass_on(sender, [candidate("a"), candidate("b")], now=NOW)
        await signals.pass_on(sender, [candidate("c")], now=NOW)
        messages = [await heard.get_message(timeout=PATIENCE_S) for _ in range(2)]
    assert [len(read_announcements(message["data"])) for message in messages if message] == [2, 1]
    said = [a for message in messages if message for a in read_announcements(message["data"])]
    assert [a.place_before for a in said] == [b"", said[0].place, said[1].place]
    assert [(a.name, a.device, a.data) for a in said] == [("call:signal", HIS, d) for d in (b"a", b"b", b"c")]


# Whoever performs late what has been performed, and whoever has read the record long ago.

OVER = None
SOME_NODE = -1


class Performer:
    """A node that performs a call's effects, which it has read with the record, one after the other."""

    def __init__(self, call: int, first: int, effects: list[int | None]) -> None:
        self.call, self.next, self.effects = call, first, effects


class Asker:
    """A node that passes a signal on: refused by the line, it reads the record, and then tries again."""

    def __init__(self, sender: Sender, call: int, before: bytes) -> None:
        self.sender, self.call, self.before = sender, call, before
        self.record: int | None = OVER
        self.has_read = False


class Meetings:
    """Her calls with him, one after the other, and the nodes that handle them."""

    def __init__(self, client: RedisClient) -> None:
        self.signals, self.he = store(client, candidates=10**6), new_id()
        self.names = [new_id(n) for n in range(1, 30)]
        self.records: list[int | None] = [1]  # the epoch of each call
        self.effects: list[list[int | None]] = [[1]]  # what it has decided: each epoch, and its end
        self.performed = [0]  # how many of them were
        self.performers: dict[int, Performer] = {}
        self.askers: dict[int, Asker] = {}

    def changes(self, ends: bool) -> None:
        """The call of the moment begins a new epoch, or ends; or there is another one."""
        if (epoch := self.records[-1]) is OVER:
            self.records.append(1)
            self.effects.append([1])
            self.performed.append(0)
            return
        self.records[-1] = OVER if ends else epoch + 1
        self.effects[-1].append(self.records[-1])

    async def performs(self, node: int, back: int) -> None:
        """The node looks at a call, or performs one effect more of it, or is done with it."""
        if (one := self.performers.get(node)) is None:
            self.look(node, back)
        elif one.next == len(one.effects):
            del self.performers[node]
        else:
            await self.perform(one)

    async def finishes(self, back: int) -> None:
        """A node performs all that is left of a call."""
        one = self.look(SOME_NODE, back)
        while one.next < len(one.effects):
            await self.perform(one)

    def look(self, node: int, back: int) -> Performer:
        call = max(0, len(self.records) - 1 - back)
        one = self.performers[node] = Performer(call, self.performed[call], [*self.effects[call]])
        return one

    async def perform(self, one: Performer) -> None:
        record, name = one.effects[-1], self.names[one.call]
        if record is OVER:  # as the executor has it
            await self.signals.close(self.he, name)
        else:
            await self.signals.open(self.he, name, record, device=HIS, from_device=HER, now=NOW)
        one.next += 1
        self.performed[one.call] = max(self.performed[one.call], one.next)

    async def signals_some(self, node: int, back: int, epoch: int) -> None:
        """The next step of passing a signal on."""
        asker = self.askers.pop(node, None)
        if asker is None:
            call = max(0, len(self.records) - 1 - back)
            sender = Sender(self.names[call], epoch, "her", HER, self.he)
            answer = await self.signals.pass_on(sender, [candidate("a")], now=NOW)
            asker = Asker(sender, call, answer[1:])
            if answer.startswith(b"+"):
                self.has_passed(asker)
            else:
                self.askers[node] = asker
        elif not asker.has_read:
            asker.has_read, asker.record = True, self.records[asker.call]
            if asker.record == asker.sender.epoch:
                self.askers[node] = asker
        else:
            allowed = Allowed(HIS, asker.before)
            answer = await self.signals.pass_on(asker.sender, [candidate("a")], now=NOW, allowed=allowed)
            if answer.startswith(b"+"):
                self.has_passed(asker)

    def has_passed(self, asker: Asker) -> None:
        done = self.effects[asker.call][: self.performed[asker.call]]
        assert OVER not in done, "a signal came after the end"
        assert all(epoch is None or epoch <= asker.sender.epoch for epoch in done), "of an epoch before"

    async def settles(self) -> None:
        """Undisturbed, the record decides: what it allows passes, at the latest when it was asked."""
        for call, record in enumerate(self.records):
            for epoch in (1, 2):
                sender = Sender(self.names[call], epoch, "her", HER, self.he)
                answer = await self.signals.pass_on(sender, [candidate("a")], now=NOW)
                if answer.startswith(b"-") and record == epoch:
                    allowed = Allowed(HIS, answer[1:])
                    answer = await self.signals.pass_on(sender, [candidate("a")], now=NOW, allowed=allowed)
                    assert answer == b"+1", "the record allows it"
                if answer.startswith(b"+") and record != epoch:
                    assert self.performed[call] < len(self.effects[call]), "the record forbids it"


NOW = 10**12
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("changes", "performs", "finishes", "signals", "signals")),
        st.integers(0, 1),
        st.sampled_from((0, 0, 1)),
        st.sampled_from((1, 1, 2)),
    ),
    max_size=40,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_nothing_passes_that_the_record_forbids_once_that_was_performed(
    meetings: tuple[asyncio.AbstractEventLoop, RedisClient], steps: list[tuple[str, int, int, int]]
) -> None:
    """And all that it allows does."""
    loop, client = meetings
    loop.run_until_complete(play(Meetings(client), steps))


async def play(world: Meetings, steps: list[tuple[str, int, int, int]]) -> None:
    for what, node, back, epoch in steps:
        if what == "changes":
            world.changes(ends=epoch == 1)
        elif what == "performs":
            await world.performs(node, back)
        elif what == "finishes":
            await world.finishes(back)
        else:
            await world.signals_some(node, back, epoch)
    await world.settles()


@pytest.fixture
def meetings(redis_url: str) -> Iterator[tuple[asyncio.AbstractEventLoop, RedisClient]]:
    """A loop and what Redis is asked through, for all runs."""
    loop = asyncio.new_event_loop()
    opening = open_redis_client(redis_url)
    client = loop.run_until_complete(opening.__aenter__())
    yield loop, client
    loop.run_until_complete(opening.__aexit__(None, None, None))
    loop.close()
