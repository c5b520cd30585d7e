"""The control of what holds all scripts to one slot, where tests run on a cluster."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ResponseError

from db.redis.multiplexed import RedisClient, Script, load_script, open_redis_client, script_words
from tests.machines.one_slot import held_to_one_slot
from tests.machines.redis_cluster import redis_cluster
from tests.machines.redis_server import redis_7

NAMES_ONE = "redis.call('SET', KEYS[1], 1) return {redis.call('SET', 'made up', 1)}"
KEEPS_TO_ONE = "redis.call('SET', KEYS[1], 1) return {redis.call('SET', 'made up {' .. KEYS[1] .. '}', 1)}"
SAYS_ELSEWHERE = "redis.call('SET', KEYS[1], 1) return {redis.call('SPUBLISH', 'user{ana}', 1)}"
HIDES_IT = "return {redis.pcall('SET', KEYS[1], 1), redis.pcall('SET', 'made up', 1)}"

WAYS: dict[str, Callable[[RedisClient, Script], Awaitable[Any]]] = {
    "alone": lambda client, script: client.run(script, ["one"]),
    "gathered": lambda client, script: client.gather(script, ["one"], (), repeatable=False),
    "shared": lambda client, script: client.share(script, ["one"]),
    "in a transaction": lambda client, script: client.transaction([script_words(script, ["one"])]),
}


async def test_held_to_one_slot_a_script_that_uses_two_is_refused(tmp_path: Path) -> None:
    """However it is run, though one server has both. Not held, it would do until a slot is moved."""

    def made(text: str) -> Script:
        (tmp_path / "made.lua").write_text(text)
        return load_script(tmp_path / "made.lua", repeatable=False)

    async with redis_cluster(1, replicas=False, binary=redis_7()) as cluster:
        async with open_redis_client(cluster.url) as client:
            for text in (NAMES_ONE, KEEPS_TO_ONE, SAYS_ELSEWHERE, HIDES_IT):
                assert await client.run(made(text), ["one"])
        with held_to_one_slot() as held:
            async with open_redis_client(cluster.url) as client:
                await client.command("PING")
                for way in WAYS.values():
                    assert await way(client, made(KEEPS_TO_ONE))
                assert not held.refused
                for text in (NAMES_ONE, SAYS_ELSEWHERE):
                    for way in WAYS.values():
                        with pytest.raises(ResponseError, match="same slot"):
                            await way(client, made(text))
                held.refused.clear()
                assert await client.run(made(HIDES_IT), ["one"])
                assert held.refused  # though nobody was told
            assert held.ran == {NAMES_ONE, KEEPS_TO_ONE, SAYS_ELSEWHERE, HIDES_IT}
