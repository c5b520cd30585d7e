"""A refresh token whose answer was lost is shown again: what that gives, and when it ends the family."""

import asyncio
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from msgspec import Struct

from composition.accounts import Identity
from composition.foundation import Foundation
from composition.returns import sightings
from composition.stores import Stores
from core.contract.accounts import Refresh, Register, SignedIn
from core.errors import Unauthenticated
from db.redis.bus import Bus
from db.redis.multiplexed import RedisClient
from services.accounts import RequestOrigin
from services.jobs import JobQueue
from services.sessions import SessionService
from services.token_families import Shown, Verdict, judge
from tests.rest.conftest import SETTINGS
from tests.rest.server import RestServer, new_person
from tests.stores.world import World

NOW = 1_800_000_000_000
LATER = NOW + 1_000_000


@pytest.mark.parametrize(
    ("token", "at", "verdict"),
    [
        (Shown(expires_at=LATER), NOW, Verdict.SPEND),
        (Shown(expires_at=NOW), NOW, Verdict.LATE),
        (Shown(expires_at=LATER, used_at=NOW, got=False), NOW + 60_000, Verdict.REPLACE),
        (Shown(expires_at=NOW, used_at=NOW, got=False), NOW, Verdict.REPLACE),
        (Shown(expires_at=LATER, used_at=NOW, got=False), NOW + 60_001, Verdict.END),
        (Shown(expires_at=LATER, used_at=NOW, got=False, again=2), NOW, Verdict.REPLACE),
        (Shown(expires_at=LATER, used_at=NOW, got=False, again=3), NOW, Verdict.END),
        (Shown(expires_at=LATER, used_at=NOW), NOW, Verdict.END),
        (Shown(expires_at=LATER, void=True), NOW, Verdict.END),
    ],
)
def test_what_becomes_of_a_token(token: Shown, at: int, verdict: Verdict) -> None:
    assert judge(token, at) is verdict


async def test_a_lost_answer_signs_nobody_out(rest: RestServer) -> None:
    """The same token again, three times; the last answer serves, those before it do not."""
    first = await rest.sign_up()
    lost = [(await rest.refresh(first["refresh_token"])).body for _ in range(3)]
    last = (await rest.refresh(first["refresh_token"])).body
    for answer in lost:
        refused = await rest.ask("GET", "/v1/me", token=answer["access_token"])
        assert (refused.status, refused.code) == (401, "unauthenticated")
    assert (await rest.ask("GET", "/v1/me", token=last["access_token"])).status == 200
    assert (await rest.refresh(last["refresh_token"])).status == 200


async def over(rest: RestServer, access_token: str) -> bool:
    """Whether the session of this token, which has served before, is over."""
    answer = await rest.ask("GET", "/v1/me", token=access_token)
    return answer.status == 401 and answer.code == "unauthenticated"


@pytest.mark.parametrize("how", ["a fourth time", "after a minute", "after its successor has served", "void"])
async def test_any_other_second_use_ends_the_family(rest: RestServer, how: str) -> None:
    """And live connections are told."""
    first = await rest.sign_up()
    assert (await rest.ask("GET", "/v1/me", token=first["access_token"])).status == 200
    second = (await rest.refresh(first["refresh_token"])).body
    shown = first["refresh_token"]
    if how == "a fourth time":
        assert [(await rest.refresh(shown)).status for _ in range(3)] == [200] * 3
    elif how == "after a minute":
        rest.clock.advance(s=61)
    elif how == "after its successor has served":
        assert (await rest.ask("GET", "/v1/me", token=second["access_token"])).status == 200
    else:
        assert (await rest.refresh(shown)).status == 200
        shown = second["refresh_token"]
    async with rest.listening(first["user"]["id"]) as heard:
        assert (await rest.refresh(shown)).code == "unauthenticated"
        assert (await heard())[::2] == ["revoked", "signed_out"]
    assert await over(rest, first["access_token"])


async def test_of_many_refreshes_at_once_the_last_answer_serves(rest: RestServer) -> None:
    """One is the first use and three are shown again, however they fall; one more is too many."""
    for _ in range(5):
        first = await rest.sign_up()
        answers = await asyncio.gather(*(rest.refresh(first["refresh_token"]) for _ in range(4)))
        assert [answer.status for answer in answers] == [200] * 4
        used = [await rest.ask("GET", "/v1/me", token=a.body["access_token"]) for a in answers]
        assert sorted(answer.status for answer in used) == [200, 401, 401, 401]
        newest = answers[[answer.status for answer in used].index(200)].body
        assert (await rest.refresh(newest["refresh_token"])).status == 200
        assert (await rest.refresh(first["refresh_token"])).code == "unauthenticated"
        assert await over(rest, newest["access_token"])


async def test_five_at_once_are_one_too_many(rest: RestServer) -> None:
    """However many of them look at the same moment."""
    for at_once in (5, 8, 8, 8):
        first = await rest.sign_up()
        answers = await asyncio.gather(*(rest.refresh(first["refresh_token"]) for _ in range(at_once)))
        assert sorted(answer.status for answer in answers) == [200] * 4 + [401] * (at_once - 4)
        assert all([await over(rest, a.body["access_token"]) for a in answers if a.status == 200])


async def test_either_the_successor_serves_or_it_is_replaced(rest: RestServer) -> None:
    """Its first use and the token shown again, at once: never both."""
    seen = set()
    for _ in range(20):
        first = await rest.sign_up()
        second = (await rest.refresh(first["refresh_token"])).body
        used, again = await asyncio.gather(
            rest.ask("GET", "/v1/me", token=second["access_token"]), rest.refresh(first["refresh_token"])
        )
        seen.add((used.status, again.status))
        if again.status == 200:
            assert await over(rest, second["access_token"])
            assert (await rest.ask("GET", "/v1/me", token=again.body["access_token"])).status == 200
    assert seen <= {(200, 401), (401, 200), (401, 401)}, seen


async def test_a_ban_is_told_and_spends_nothing(rest: RestServer) -> None:
    """Also when the token is shown again; once it is lifted the same token serves."""
    first = await rest.sign_up()
    await rest.refresh(first["refresh_token"])
    await rest.world.ban(first["user"]["id"], until=rest.clock() + 30_000)
    assert (await rest.refresh(first["refresh_token"])).code == "banned"
    rest.clock.advance(s=31)
    assert (await rest.refresh(first["refresh_token"])).status == 200


@pytest.fixture
def identity(world: World, redis_client: RedisClient) -> Iterator[Identity]:
    base = Foundation(
        SETTINGS,
        world.pool,
        redis_client,
        Bus(redis_client, "families"),
        node_id="families",
    )
    stores = Stores(base)
    made = Identity(stores, base, sightings(stores, base), JobQueue(stores.jobs, base.bus))
    yield made
    made.close()


class Given(Struct):
    """A pair of tokens that was given, and what the contract says of it since. `parent`: its number."""

    tokens: SignedIn
    parent: int | None = None
    used_at: int | None = None
    again: int = 0
    void: bool = False
    served: bool = False


class Family:
    """The contract's own words, beside the real thing: each step says whether it should succeed."""

    def __init__(self, first: SignedIn) -> None:
        self.given, self.over = [Given(first)], False

    def may_refresh(self, number: int, now: int) -> bool:
        """Whether this refresh token serves now; what does not ends the family."""
        shown = self.given[number]
        self.over = self.over or shown.void or not (shown.used_at is None or self._lost(number, now))
        return not self.over

    def _lost(self, number: int, now: int) -> bool:
        shown, newest = self.given[number], self._newest(number)
        within = shown.used_at is not None and now - shown.used_at <= 60_000 and shown.again < 3
        return within and not newest.served and newest.used_at is None

    def _newest(self, number: int) -> Given:
        return next(g for g in reversed(self.given) if g.parent == number)

    def refreshed(self, number: int, answer: SignedIn, now: int) -> None:
        shown = self.given[number]
        if shown.used_at is None:
            shown.used_at = now
        else:
            shown.again += 1
            self._newest(number).void = True
        self.given.append(Given(answer, parent=number))


STEPS = st.lists(
    st.tuples(st.sampled_from(["show", "show", "show", "use", "wait"]), st.integers(0, 5)), max_size=12
)


@effort(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_whatever_happens_the_contract_holds(identity: Identity, steps: list[tuple[str, int]]) -> None:
    """Tokens shown, used and waited with in any order; the latest is number 0."""
    now, nobody = NOW, RequestOrigin("192.0.2.1")
    body = Register(**new_person(birth_date=date(1990, 1, 1)))
    family = Family(await identity.accounts.register(body, nobody, None, now))
    for step, back in steps:
        number = len(family.given) - 1 - back % len(family.given)
        tokens = family.given[number].tokens
        if step == "wait":
            now += back * 12_500
        elif step == "use":
            expected = not family.over and not family.given[number].void
            assert await serves(identity.sessions, tokens, now) is expected, family.given
            family.given[number].served = family.given[number].served or expected
        else:
            expected = family.may_refresh(number, now)
            answer = await refreshed(identity.sessions, tokens, now)
            assert (answer is not None) is expected, family.given
            if answer is not None:
                family.refreshed(number, answer, now)


async def serves(sessions: SessionService, tokens: SignedIn, now: int) -> bool:
    try:
        await sessions.check(sessions.read(tokens.access_token, now), now)
    except Unauthenticated:
        return False
    return True


async def refreshed(sessions: SessionService, tokens: SignedIn, now: int) -> SignedIn | None:
    try:
        return await sessions.refresh(Refresh(refresh_token=tokens.refresh_token), now)
    except Unauthenticated:
        return None
