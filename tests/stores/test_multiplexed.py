"""Many callers on one connection: each gets its own answer, and none waits for ever."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from redis.exceptions import ResponseError

from db.outage import OUTAGES, WritesRefusedError
from db.redis.multiplexed import RedisClient, Script, load_script, open_redis_client, script_words
from db.redis.multiplexed.words import Words, is_repeatable
from tests.certificate import certificate
from tests.faults import FaultyWire, redis_wire
from tests.machines.redis_server import redis_server
from tests.patience import PATIENCE_S


@pytest.fixture
def echo(tmp_path: Path) -> Script:
    """Gives back its key and its argument."""
    (tmp_path / "echo.lua").write_text("return {KEYS[1], ARGV[1]}")
    return load_script(tmp_path / "echo.lua", repeatable=True)


async def until_answered(client: RedisClient) -> None:
    """A client of little patience: a busy machine does not answer so soon."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(*OUTAGES):
                await client.command("PING")
                return


SAFE_TWICE: list[Words] = [("GET", "key"), ("set", "key", 1, "PX", 10), ("PEXPIRE", "key", 10), ("TIME",)]
NOT_TWICE: list[Words] = [
    ("INCR", "key"),
    ("SET", "key", 1, "NX"),
    ("SET", "key", 1, "get"),
    ("HDEL", "key", 1),
]


def test_what_may_be_sent_again_does_and_answers_the_same_twice() -> None:
    assert [words for words in (*SAFE_TWICE, *NOT_TWICE) if is_repeatable(words)] == SAFE_TWICE


async def test_each_gets_its_own_answer(redis_client: RedisClient, echo: Script) -> None:
    asked = [redis_client.run(echo, [f"key {n}"], [n]) for n in range(1_000)]
    assert await asyncio.gather(*asked) == [[b"key %d" % n, b"%d" % n] for n in range(1_000)]


async def test_a_script_that_redis_has_forgotten_is_sent_with_its_text(echo: Script) -> None:
    """By a server of its own: all databases of one have the same scripts."""
    async with redis_server() as server, open_redis_client(server.url, patience_s=PATIENCE_S) as client:
        for _ in range(2):
            asked = [client.run(echo, ["key"], [n]) for n in range(3)]
            assert [said[1] for said in await asyncio.gather(*asked)] == [b"0", b"1", b"2"]
            await client.command("SCRIPT", "FLUSH")


@pytest.fixture
def each(tmp_path: Path) -> Script:
    """Appends to the list of each what is given for it, and says how long that is then; counts its runs."""
    (tmp_path / "each.lua").write_text(
        "redis.call('INCR', 'runs') local found = {} for i, key in ipairs(KEYS) do"
        " local said = redis.pcall('RPUSH', key, ARGV[1] .. ARGV[i + 1])"
        " found[i] = said end return found"
    )
    return load_script(tmp_path / "each.lua", repeatable=False)


async def test_a_script_is_run_once_for_all_who_ask_in_one_turn(
    redis_client: RedisClient, each: Script
) -> None:
    """Behind all else of the turn, and each gets their own answer, or their own error."""

    async def runs() -> int:
        return int(await redis_client.command("GET", "runs"))

    await redis_client.run(each, ["warm"], ["", 0])
    before = await runs()
    asked = [
        redis_client.gather(each, [key], [number], head=["n"], repeatable=False, last=True)
        for number, key in enumerate(["one", "no list", "two", "one"])
    ]
    redis_client.command("SET", "no list", 1)
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert (found[0], found[2], found[3]) == (1, 1, 2)
    assert isinstance(found[1], ResponseError)
    assert await redis_client.command("LRANGE", "one", 0, -1) == [b"n0", b"n3"]
    assert await runs() == before + 1


async def test_a_script_can_go_out_behind_all_else_of_its_turn(
    redis_client: RedisClient, tmp_path: Path
) -> None:
    """In the order of those that do."""
    (tmp_path / "append.lua").write_text("return redis.call('APPEND', KEYS[1], ARGV[1])")
    append = load_script(tmp_path / "append.lua", repeatable=False)
    await redis_client.command("PING")
    asked = [redis_client.run(append, ["what came"], [which], last=which > "b") for which in "dacb"]
    await asyncio.gather(*asked)
    assert await redis_client.command("GET", "what came") == b"abdc"


async def test_who_reads_the_same_in_one_turn_shares_the_answer(
    redis_client: RedisClient, tmp_path: Path
) -> None:
    """It is read behind all else of the turn, by each turn anew; who is cancelled keeps nobody from it."""
    (tmp_path / "read.lua").write_text(
        "return {redis.call('INCR', 'reads'), redis.call('GET', KEYS[1]), ARGV[1]}"
    )
    read = load_script(tmp_path / "read.lua", repeatable=True)
    await redis_client.command("PING")  # what waits for a connection is shared with nobody
    asked = [redis_client.share(read, ["what is shared"], [which]) for which in ("a", "a", "b", "a")]
    redis_client.command("SET", "what is shared", "written later")
    asked[0].cancel()
    found = await asyncio.gather(*asked[1:])
    first = found[0][0]
    assert found == [
        [first, b"written later", b"a"],
        [first + 1, b"written later", b"b"],
        [first, b"written later", b"a"],
    ]
    assert (await redis_client.share(read, ["what is shared"], ["a"]))[0] == first + 2
    await redis_client.command("RPUSH", "no text", 1)
    refused = [redis_client.share(read, ["no text"], ["a"]) for _ in range(2)]
    errors = await asyncio.gather(*refused, return_exceptions=True)
    assert all(isinstance(error, ResponseError) for error in errors)
    assert errors[0] is not errors[1]


@pytest.mark.parametrize("repeatable", [True, False])
async def test_what_was_gathered_goes_again_if_all_of_it_may(each: Script, repeatable: bool) -> None:
    """Who has been cancelled hears nothing, and keeps nobody from hearing."""
    async with redis_server() as server:
        wire, database = redis_wire(server.url)
        async with wire.laid(), open_redis_client(f"redis://127.0.0.1:{wire.port}/{database}") as client:
            await client.run(each, ["warm"], ["", 0])
            wire.silence()
            asked = [
                client.gather(each, [key], [1], head=[""], repeatable=key != "two" or repeatable)
                for key in ("one", "two", "three")
            ]
            asked[2].cancel()
            await asyncio.sleep(0)
            wire.cut()
            wire.speak()
            found = await asyncio.gather(*asked[:2], return_exceptions=True)
            if repeatable:
                assert all(isinstance(length, int) for length in found)
            else:
                assert all(isinstance(error, OUTAGES) for error in found)
            assert asked[2].cancelled()


async def test_a_transaction_gives_all_answers(redis_client: RedisClient, echo: Script) -> None:
    commands = [("SET", "own", 1), script_words(echo, ["own"], [2]), ("GET", "own")]
    assert await redis_client.transaction(commands) == [b"OK", [b"own", b"2"], b"1"]


async def test_a_transaction_says_what_is_wrong_with_a_command(redis_client: RedisClient) -> None:
    """Whether Redis notices before it begins or meanwhile; the connection goes on."""
    for wrong in (("GET", "too", "many"), ("LPUSH", "text", 1)):
        with pytest.raises(ResponseError, match=r"wrong number|WRONGTYPE"):
            await redis_client.transaction([("SET", "text", 1), wrong])
    assert await redis_client.command("GET", "text") == b"1"


async def test_a_transaction_that_goes_again_says_what_is_wrong_then() -> None:
    """And not that the connection on which it went first was lost."""
    async with redis_server() as server:
        wire, _ = redis_wire(server.url)
        async with wire.laid(), open_redis_client(f"redis://127.0.0.1:{wire.port}") as client:
            await client.command("REPLICAOF", "127.0.0.1", "1")
            wire.silence()
            asked = client.transaction([("SET", "text", 1)], repeatable=True)
            await asyncio.sleep(0)  # it goes out
            wire.cut()
            wire.speak()
            with pytest.raises(WritesRefusedError):
                await asked


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
            await until_answered(client)
            wire.silence()
            for _ in range(2):
                with pytest.raises(OUTAGES):
                    await client.command("PING")
            wire.speak()
            await until_answered(client)


async def test_a_redis_that_does_not_read_is_an_outage_before_memory_is_full() -> None:
    """What it does not take waits, up to a bound; when it goes on, what has waited is answered."""
    async with (
        redis_server() as server,
        open_redis_client(server.url, patience_s=PATIENCE_S) as client,
    ):
        with server.frozen():
            asked = []
            for _ in range(40):
                asked.append(client.command("ECHO", b"x" * 1_000_000))
                await asyncio.sleep(0)
            refused = [future for future in asked if future.done()]
            assert 15 < len(refused) < 30
        for future in refused:
            with pytest.raises(OUTAGES, match="does not read"):
                await future
        kept = [future for future in asked if future not in refused]
        assert {len(answer) for answer in await asyncio.gather(*kept)} == {1_000_000}


class ShortVisits(FaultyWire):
    """Passes on the first answer of a connection and closes it at once."""

    short = True

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            if self.short and data.startswith(b"*14"):  # that to HELLO
                break
        sink.close()


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
async def test_a_redis_that_lets_in_and_hangs_up_is_tried_again(run: Callable[..., None]) -> None:
    """Which may be noticed before anybody has made use of the connection."""

    async def scenario() -> None:
        wire = ShortVisits(str(server.socket))
        async with wire.laid(), open_redis_client(f"redis://127.0.0.1:{wire.port}", patience_s=5) as client:
            for _ in range(3):
                with pytest.raises(OUTAGES, match="lost"):
                    await client.command("PING")
            wire.short = False
            assert await client.command("PING") == b"PONG"

    async with redis_server() as server:
        await asyncio.wait_for(asyncio.to_thread(run, scenario()), PATIENCE_S)


async def test_standing_idle_nothing_ticks(redis_url: str) -> None:
    """Neither before the first command nor once all are answered."""
    async with open_redis_client(redis_url, patience_s=0.2) as client:
        assert client._deadlines._timer is None
        await until_answered(client)
        async with asyncio.timeout(PATIENCE_S):
            while client._deadlines._timer is not None:
                await asyncio.sleep(0.01)


async def test_over_tls(redis_url: str, tmp_path: Path) -> None:
    """To a server whose certificate is known; to no other."""
    context, known = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificate(tmp_path)
    context.load_cert_chain(known)
    wire, database = redis_wire(redis_url)
    async with wire.laid(tls=context):
        url = f"rediss://127.0.0.1:{wire.port}/{database}"
        async with open_redis_client(f"{url}?ssl_ca_certs={known}") as client:
            assert await client.command("ECHO", "x" * 100_000) == b"x" * 100_000
        async with open_redis_client(url) as client:
            with pytest.raises(OUTAGES, match="certificate is not trusted"):
                await client.command("PING")


async def test_a_password_a_name_and_a_database() -> None:
    """In the URL, as redis-py takes them; a wrong one is an outage that names what is wrong."""
    async with redis_server(password="a secret") as server:
        given = f"{server.url.partition('?')[0]}?db=3&client_name=ana"
        async with open_redis_client(given) as client:
            about = await client.command("CLIENT", "INFO")
            assert b"name=ana" in about
            assert b"db=3" in about
        wrong = given.replace("secret", "guess")
        async with open_redis_client(wrong) as client:
            with pytest.raises(OUTAGES, match=r"WRONGPASS|invalid"):
                await client.command("PING")
