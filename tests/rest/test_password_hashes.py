"""Passwords: hashed in a few threads, and no more waiting than there is room for."""

import asyncio
from collections.abc import Iterator

import pytest

from core.errors import Unavailable
from services.password_hashes import PasswordHashes


@pytest.fixture
def passwords() -> Iterator[PasswordHashes]:
    made = PasswordHashes(threads=2, queue=4, memory_kib=8, passes=1)
    yield made
    made.close()


async def test_the_right_password_fits(passwords: PasswordHashes) -> None:
    """And no other; every hash has a salt of its own and says that it is argon2id."""
    first, second = await passwords.hash("correct horse"), await passwords.hash("correct horse")
    assert first.startswith("$argon2id$")
    assert first != second
    assert await passwords.verify(first, "correct horse")
    assert not await passwords.verify(first, "correct horsf")


async def test_a_password_is_the_same_from_every_keyboard(passwords: PasswordHashes) -> None:
    """Composed or not."""
    assert await passwords.verify(await passwords.hash("pass\u00e9word"), "passe\u0301word")


async def test_nobody_has_no_password(passwords: PasswordHashes) -> None:
    """The work is done all the same, and what is no hash fits nothing."""
    assert not await passwords.verify(None, "correct horse")
    assert not await passwords.verify("no hash", "correct horse")


async def test_a_storm_is_sent_away_and_leaves_nothing_behind(passwords: PasswordHashes) -> None:
    """Six have room; the others hear at once that they should come again."""
    known = await passwords.hash("correct horse")
    storm = [passwords.verify(known, "correct horse") for _ in range(50)]
    answers = await asyncio.gather(*storm, return_exceptions=True)
    refused = [a for a in answers if isinstance(a, Unavailable)]
    assert (answers.count(True), len(refused)) == (6, 44)
    assert all(error.retry_after_ms for error in refused)
    assert await passwords.verify(known, "correct horse")


async def test_who_goes_away_gives_up_the_place(passwords: PasswordHashes) -> None:
    known = await passwords.hash("correct horse")
    for _ in range(5):
        waiting = [asyncio.ensure_future(passwords.verify(known, "correct horse")) for _ in range(6)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert await passwords.verify(known, "correct horse")


async def test_the_loop_goes_on_meanwhile() -> None:
    """A hash that takes a while does not stop others."""
    slow = PasswordHashes(threads=1, queue=1, memory_kib=65536, passes=3)
    hashing = asyncio.ensure_future(slow.hash("correct horse"))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100
    slow.close()
