"""Many callers on one connection: each gets its own answer, and none waits for ever."""

import asyncio
from pathlib import Path

import pytest
from redis.exceptions import ResponseError

from db.outage import OUTAGES
from db.redis.multiplexed import RedisClient, Script, load_script, open_redis_client, script_words
from tests.faults import redis_wire
from tests.patience import PATIENCE_S


@pytest.fixture
def echo(tmp_path: Path) -> Script:
    """Gives back its key and its argument."""
    (tmp_path / "echo.lua").write_text("return {KEYS[1], ARGV[1]}")
    return load_script(tmp_path / "echo.lua", repeatable=True)


async def test_each_gets_its_own_answer(redis_client: RedisClient, echo: Script) -> None:
    asked = [redis_client.run(echo, [f"key {n}"], [n]) for n in range(1_000)]
    assert await asyncio.gather(*asked) == [[b"key %d" % n, b"%d" % n] for n in range(1_000)]


async def test_a_script_that_redis_has_forgotten_is_sent_with_its_text(
    redis_client: RedisClient, echo: Script
) -> None:
    for _ in range(2):
        asked = [redis_client.run(echo, ["key"], [n]) for n in range(3)]
        assert [said[1] for said in await asyncio.gather(*asked)] == [b"0", b"1", b"2"]
        await redis_client.command("SCRIPT", "FLUSH")


async def test_a_transaction_gives_all_answers(redis_client: RedisClient, echo: Script) -> None:
    commands = [("SET", "own", 1), script_words(echo, ["own"], [2]), ("GET", "own")]
    assert await redis_client.transaction(commands) == [b"OK", [b"own", b"2"], b"1"]


async def test_a_transaction_says_what_is_wrong_with_a_command(redis_client: RedisClient) -> None:
    """Whether Redis notices before it begins or meanwhile; the connection goes on."""
    for wrong in (("GET", "too", "many"), ("LPUSH", "text", 1)):
        with pytest.raises(ResponseError, match=r"wrong number|WRONGTYPE"):
            await redis_client.transaction([("SET", "text", 1), wrong])
    assert await redis_client.command("GET", "text") == b"1"


async def test_who_gives_up_leaves_no_answer_to_others(redis_client: RedisClient) -> None:
    given_up = [redis_client.command("ECHO", f"mine {n}") for n in range(5)]
    kept = redis_client.command("ECHO", "kept")
    for future in given_up:
        future.cancel()
    assert await kept == b"kept"


async def test_a_black_hole_is_an_outage_and_its_end_is_noticed(redis_url: str) -> None:
    wire, database = redis_wire(redis_url)
    async with wire.laid():
        url = f"redis://127.0.0.1:{wire.port}/{database}"
        async with open_redis_client(url, patience_s=0.3) as client:
            await client.command("PING")
            wire.silence()
            for _ in range(2):
                with pytest.raises(OUTAGES):
                    await client.command("PING")
            wire.speak()
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        await client.command("PING")
                        break
                    except OUTAGES:
                        continue
