"""Codes and links that are sent: what counts as a try, what serves once, and what many do at once."""

import asyncio
import itertools
from typing import Any

import pytest

from core.clock import now_ms
from core.errors import AppError, Expired, RateLimited
from core.keys import Keyring
from core.settings import Settings
from db.postgres.codes import CodeStore, Purpose, use_within
from db.postgres.pool import Connection
from services.codes import Codes, Issued, Shown, WrongCode, rules
from tests.stores.world import World

_numbers = itertools.count(4915100000000)
OLD, NEW = "an old secret, 32 letters or more", "a new secret, 32 letters or more"


@pytest.fixture
def number() -> str:
    """One that no other test has used."""
    return f"+{next(_numbers)}"


def codes_of(world: World, *secrets: str) -> Codes:
    return Codes(CodeStore(world.pool), Keyring(*(secrets or (NEW,))), rules(Settings()))


async def sent(codes: Codes, purpose: Purpose, subject: str, *, now: int, **more: Any) -> str:
    """Issue one; gives what the mailbox or the phone gets."""
    outbox: list[Issued] = []
    issued = codes.new(purpose, subject, now, **more)

    async def send(_: Connection) -> None:
        outbox.append(issued)

    await codes.issue(issued, now, send)
    return outbox.pop().text


async def used(world: World, shown: Shown, now: int) -> bool:
    async with world.pool.acquire() as connection, connection.transaction():
        return await use_within(connection, shown.id, now)


async def outcome(codes: Codes, number: str, code: str, now: int) -> type[BaseException | Shown]:
    try:
        await codes.typed("phone", number, code, now)
    except AppError as error:
        return type(error)
    return Shown


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_code_is_six_digits_and_nothing_of_it_is_stored(world: World, number: str) -> None:
    """Nor of the number; what is carried is sealed."""
    codes, now = codes_of(world), now_ms()
    code = await sent(codes, "phone", number, now=now, carrying="ana@example.org")
    assert len(code) == 6
    assert code.isdigit()
    shown = await codes.typed("phone", number, f" {code[:3]} {code[3:]} ", now)
    assert shown.carried == "ana@example.org"
    query = "SELECT to_jsonb(c)::text FROM identity.one_time_codes c WHERE id = $1"
    row = await world.pool.fetchval(query, shown.id)
    for secret in (code, number, number.encode().hex(), "ana@", b"ana@".hex()):
        assert secret not in row.replace(" ", ""), "it is readable"


async def test_many_who_show_a_code_at_once_use_it_once(world: World, number: str) -> None:
    """All see that it is right, one has it; then it serves nobody."""
    codes, now = codes_of(world), now_ms()
    code = await sent(codes, "phone", number, now=now)
    shown = await asyncio.gather(*(codes.typed("phone", number, code, now) for _ in range(10)))
    assert sorted(await asyncio.gather(*(used(world, each, now) for each in shown))) == [False] * 9 + [True]
    assert await outcome(codes, number, code, now) is WrongCode


async def test_wrong_codes_at_once_are_all_counted(world: World, number: str) -> None:
    """Four leave the right one good, the fifth does not, however many come at once."""
    codes, now = codes_of(world), now_ms()
    code = await sent(codes, "phone", number, now=now)
    await asyncio.gather(*(outcome(codes, number, wrong(code), now) for _ in range(4)))
    shown = await codes.typed("phone", number, code, now)
    await asyncio.gather(*(outcome(codes, number, wrong(code), now) for _ in range(10)))
    assert await outcome(codes, number, code, now) is WrongCode
    count = "SELECT wrong FROM identity.one_time_codes WHERE id = $1"
    assert await world.pool.fetchval(count, shown.id) == 5


async def test_another_code_takes_its_place(world: World, number: str) -> None:
    """Not at once, and then with tries of its own. Who asks twice at once is sent one."""
    codes, now = codes_of(world), now_ms()
    first = await sent(codes, "phone", number, now=now)
    with pytest.raises(RateLimited) as refused:
        await sent(codes, "phone", number, now=now + 10_000)
    assert refused.value.retry_after_ms == 20_000
    for _ in range(5):
        await outcome(codes, number, wrong(first), now)
    later = now + 30_000
    twice = await asyncio.gather(
        *(sent(codes, "phone", number, now=later) for _ in range(2)), return_exceptions=True
    )
    second = next(code for code in twice if isinstance(code, str))
    assert [type(code) for code in twice if code is not second] == [RateLimited]
    if second != first:
        assert await outcome(codes, number, first, later) is WrongCode
    assert await outcome(codes, number, second, later) is Shown


async def test_a_code_is_for_one_number_and_a_time(world: World, number: str) -> None:
    codes, now = codes_of(world), now_ms()
    code = await sent(codes, "phone", number, now=now)
    await sent(codes, "phone", number[:-1], now=now)
    with pytest.raises(WrongCode):
        await codes.typed("phone", number + "0", code, now)
    assert await outcome(codes, number, code, now + 300_000 - 1) is Shown
    assert await outcome(codes, number, code, now + 300_000) is Expired
    assert await outcome(codes, number, wrong(code), now + 300_000) is WrongCode


async def test_a_link_is_found_by_its_token_alone(world: World) -> None:
    """It knows whose it is and what it carries, and serves once; not for another purpose."""
    codes, now, ana = codes_of(world), now_ms(), await world.person()
    token = await sent(codes, "email", ana, now=now, user_id=ana, carrying="new@example.org")
    with pytest.raises(WrongCode):
        await codes.linked("password", token, now)
    shown = await codes.linked("email", token, now)
    assert (shown.user_id, shown.carried) == (ana, "new@example.org")
    assert await used(world, shown, now)
    with pytest.raises(WrongCode):
        await codes.linked("email", token, now)
    reset = await sent(codes, "password", ana, now=now, user_id=ana)
    with pytest.raises(Expired):
        await codes.linked("password", reset, now + 60 * 60_000)


async def test_a_code_outlives_a_change_of_the_secret(world: World, number: str) -> None:
    """What was sent before it is right with the previous secret, and wrong ones count."""
    now = now_ms()
    code = await sent(codes_of(world, OLD), "phone", number, now=now, carrying="x")
    changed = codes_of(world, NEW, OLD)
    for _ in range(4):
        assert await outcome(changed, number, wrong(code), now) is WrongCode
    assert (await changed.typed("phone", number, code, now)).carried == "x"
    assert await outcome(codes_of(world, NEW), number, code, now) is WrongCode


async def test_codes_are_forgotten(world: World, number: str) -> None:
    codes, now = codes_of(world), now_ms()
    code = await sent(codes, "phone", number, now=now)
    store = CodeStore(world.pool)
    await store.forget(now + 300_000, limit=500)
    assert await outcome(codes, number, code, now) is Shown
    assert await store.forget(now + 300_001, limit=500) >= 1
    assert await outcome(codes, number, code, now) is WrongCode
