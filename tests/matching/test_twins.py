"""The twin in memory says what Redis says, whatever is asked of both, in whatever order."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from redis.asyncio import Redis

from core.ticket import Claim, Market, Placed, Ticket
from core.vocabulary import LeftReason
from db.redis.multiplexed import RedisClient, open_redis_client
from db.redis.tickets import RedisTickets
from realtime.matchmaking.ports import TicketStore
from tests.matching.machine import run_machine
from tests.matching.memory import MemoryTickets
from tests.matching.people import T0, again, new_id, ticket
from tests.matching.simulation import MODES
from tests.matching.stores import contents, read

CROWD: tuple[dict[str, Any], ...] = (
    {"gender": "female", "genders": ("male", "other")},
    {"gender": "male", "genders": ("female",), "traits": ("client=phone", "habit=stays")},
    {"gender": "male"},
    {"gender": "other", "mode": "voice"},
)
HOUR_MS = 3_600_000
LEASE = 10_000

who, nth = st.integers(0, len(CROWD) - 1), st.integers(0, 5)
times = st.sampled_from((0, 1, 400, 3_000, 9_000, HOUR_MS))
lefts = st.sampled_from(("left", "timed_out", "matched"))


def found(placed: Placed | None) -> tuple[Ticket, int, set[str]] | None:
    """What a join has found; of candidates which, whatever their order."""
    if placed is None:
        return None
    return placed.ticket, placed.waiting, {ticket_id.decode() for ticket_id in placed.seen}


class Both(RuleBasedStateMachine):
    """Each operation is asked of both; `tickets` and `claims` are all that ever were."""

    def __init__(self, loop: asyncio.AbstractEventLoop, redis: Redis, client: RedisClient) -> None:
        super().__init__()
        self.loop, self.redis, self.region, self.now = loop, redis, new_id(), T0
        self.stores: tuple[TicketStore, ...] = (MemoryTickets(), RedisTickets(client, self.region))
        self.tickets: list[Ticket] = []
        self.claims: list[Claim] = []
        self.outs: dict[str, str] = {}  # as they were when somebody's join began

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def both(self, operation: str, *args: Any, **named: Any) -> Any:
        """What both answer."""
        answers = [self.do(ask(getattr(store, operation), *args, **named)) for store in self.stores]
        memory, redis = (list(a) if isinstance(a, tuple | list) else a for a in answers)
        assert memory == redis, f"{operation}{args}"
        return memory

    @initialize()
    def somebody_waits(self) -> None:
        for one in range(len(CROWD)):
            self.join(one, LEASE)

    @rule(nth=nth)
    def look(self, nth: int) -> None:
        """Somebody's join begins."""
        user_id = self.tickets[-1 - nth % len(self.tickets)].user_id
        self.outs[user_id] = self.both("before", user_id).out

    @rule(who=who, lease=st.sampled_from((0, 3_000, 10_000)), looked=st.booleans())
    def join(self, who: int, lease: int, looked: bool = False) -> None:
        before = [one for one in self.tickets if one.device == str(who)]
        if before:
            joining = again(before[0], joined_at=self.now)
        else:
            joining = ticket(joined_at=self.now, device=str(who), **CROWD[who])
        self.tickets.append(joining)
        if looked:
            out = self.outs.get(joining.user_id, "")
            args = (joining, self.now + lease, out, 100)
            memory, redis = (found(self.do(store.join_and_look(*args))) for store in self.stores)
            assert memory == redis
        else:
            self.both("join", joining, self.now + lease)

    @rule(nth=nth, reason=lefts, named=st.booleans(), timed=st.booleans())
    def leave(self, nth: int, reason: LeftReason, named: bool, timed: bool) -> None:
        one = self.tickets[-1 - nth % len(self.tickets)]
        at = self.now if timed else None
        self.both("leave", one.user_id, reason, one.id if named else None, at=at)

    @rule(ones=st.lists(nth, max_size=3), ms=times)
    def renew(self, ones: list[int], ms: int) -> None:
        users = [self.tickets[-1 - one % len(self.tickets)].user_id for one in ones]
        self.both("renew", users, self.now + ms)

    @rule(second=nth, named=st.lists(nth, min_size=1, max_size=4))
    def claim(self, second: int, named: list[int]) -> None:
        seeker = self.tickets[-1 - second % len(self.tickets)]
        asked = [self.tickets[-1 - n % len(self.tickets)] for n in named]
        firsts = [one for one in asked if one.user_id != seeker.user_id and one.mode == seeker.mode]
        if firsts:
            claim = Claim(call_id=new_id(), first=firsts[0], second=seeker, claimed_at=self.now)
            self.claims.append(self.both("claim", claim, firsts[1:]).claim)

    @rule(nth=nth, call=nth, gone=st.booleans(), waited_ms=times)
    def missed(self, nth: int, call: int, gone: bool, waited_ms: int) -> None:
        """Also of those who had no offer, and of one call twice."""
        one = self.tickets[-1 - nth % len(self.tickets)]
        call_id = self.claims[-1 - call % len(self.claims)].call_id if self.claims else new_id()
        self.both("missed", one, call_id, self.now, waited_ms=waited_ms, gone=gone)
        self.both("before", one.user_id)

    @rule(nth=nth)
    def forget(self, nth: int) -> None:
        self.both("forget", self.tickets[-1 - nth % len(self.tickets)].user_id)

    @rule(nth=nth)
    def settle(self, nth: int) -> None:
        """Also of claims that took nobody."""
        if self.claims:
            self.both("settle", self.claims[-1 - nth % len(self.claims)])

    @rule(nth=nth, second=st.booleans(), anew=st.booleans(), reserved=st.booleans())
    def restore(self, nth: int, second: bool, anew: bool, reserved: bool) -> None:
        """The old ticket, or a new one of who skipped."""
        if self.claims:
            claim = self.claims[-1 - nth % len(self.claims)]
            one = claim.second if second else claim.first
            if anew:
                one = again(one, joined_at=self.now)
                self.tickets.append(one)
            own = self.both("reserve", one, claim.call_id, self.now + LEASE)
            if own is not None and not reserved:
                self.both("enter", own)

    @rule(nth=nth)
    def give_up(self, nth: int) -> None:
        """Also a claim that took nobody, or is settled."""
        if self.claims:
            self.both("give_up", self.claims[-1 - nth % len(self.claims)])

    @rule(nth=nth)
    def enter(self, nth: int) -> None:
        self.both("enter", self.tickets[-1 - nth % len(self.tickets)])

    @rule(nth=nth, others=st.sampled_from(((), (0,), (1,), (0, 1))))
    def refuse(self, nth: int, others: tuple[int, ...]) -> None:
        if self.claims:
            claim = self.claims[-1 - nth % len(self.claims)]
            two = (claim.first, claim.second)
            self.both("refuse", claim, [two[n] for n in others], self.now + LEASE)

    @rule(told=st.booleans(), lease_ms=st.sampled_from((None, LEASE)))
    def lapse(self, told: bool, lease_ms: int | None) -> None:
        memory, redis = (self.do(store.lapse(self.now, lease_ms)) for store in self.stores)
        gone = sorted(memory, key=lambda departure: departure.ticket_id)
        assert gone == sorted(redis, key=lambda departure: departure.ticket_id)
        if told:
            self.both("told", gone[::2])

    @rule(ms=times)
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @invariant()
    def agree(self) -> None:
        """On who waits, who may be offered to whom, what is unfinished, and how the market looks."""
        for mode in MODES:
            self.both("everyone", mode)
            self.both("waiting", mode)
            memory, redis = (self.do(store.market(mode)) for store in self.stores)
            assert seen(memory) == seen(redis)
        for one in self.tickets[-len(CROWD) :]:
            self.both("of", one.user_id)
            for most in (3, 64):
                memory, redis = (self.do(store.candidates(one, most)) for store in self.stores)
                assert {t.id for t in memory} == {t.id for t in redis}
        memory, redis = (self.do(store.unfinished(self.now)) for store in self.stores)
        assert {claim.call_id: claim for claim in memory} == {claim.call_id: claim for claim in redis}
        read(self.do(contents(self.redis, f"queue:{{{self.region}}}:")))


def seen(market: Market) -> tuple[Any, ...]:
    """Pools in which nobody waits may be named or not."""
    return market.arrivals, {pool: n for pool, n in market.stock.items() if n}, market.waits


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_the_twins_agree(loop: asyncio.AbstractEventLoop, redis_url: str) -> None:
    """The same random sequence of operations, the same answers."""
    redis, opened = Redis.from_url(redis_url), open_redis_client(redis_url)
    client = loop.run_until_complete(opened.__aenter__())
    try:
        run_machine(
            lambda: Both(loop, redis, client),
            settings(
                max_examples=25,
                stateful_step_count=30,
                deadline=None,
                database=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(opened.__aexit__(None, None, None))
        loop.run_until_complete(redis.aclose())


async def ask(operation: Callable[..., Awaitable[Any]], *args: Any, **named: Any) -> Any:
    """Within the loop, where what is asked at once may be asked."""
    return await operation(*args, **named)
