"""Stores that stand still: every command is answered, and when they go on, so does all else."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.faults import embedded
from tests.integration.person import ClientDevice, Person, Refused
from tests.machines.room import frozen
from tests.scenarios.conftest import accepted
from tests.scenarios.test_outages import until
from tests.served import Served

NEEDS: dict[str, tuple[str, dict[str, Any]]] = {
    "redis-server": ("presence:set", {"status": "online"}),
    "postgres": ("queue:join", {"mode": "voice"}),
}


async def answer(device: ClientDevice, command: str, **payload: Any) -> str:
    """The code of the refusal, or `ok`."""
    try:
        await device.ask(command, **payload)
    except Refused as refused:
        return refused.code
    return "ok"


@pytest.mark.parametrize("server", NEEDS)
async def test_every_command_is_answered_while_a_store_stands_still(
    tmp_path: Path, web: aiohttp.ClientSession, server: str
) -> None:
    """Also those that wait behind others of one connection; the log says when it began, and when it ended."""
    command, payload = NEEDS[server]
    node = Served(DATA_DIR=str(tmp_path), DATABASE_URL="", REDIS_URL="", LOG_LEVEL="WARNING", ANSWER_S="10")
    await node.start()
    try:
        people = [await Person.sign_up(node.address, web) for _ in range(4)]
        devices = [await person.connect() for person in people]
        with frozen(embedded(node, server)):
            asked = [answer(device, command, **payload) for device in devices for _ in range(4)]
            assert set(await asyncio.gather(*asked)) == {"unavailable"}
            if server == "postgres":
                status, problem = await people[0].rest("GET", "/v1/me")
                assert (status, problem["code"]) == (503, "unavailable")

        async def all_served() -> bool:
            return {await answer(device, command, **payload) for device in devices} == {"ok"}

        await until(all_served, "commands were taken again")
        what = {"redis-server": "Redis does not answer", "postgres": "PostgreSQL does not answer"}[server]

        async def over() -> bool:
            await all_served()
            return f"{what}: over" in node.log

        await until(over, "the log said that it was over")
        assert node.log.count(f"{what}: begun") == node.log.count(f"{what}: over") == 1
        assert "Traceback" not in node.log
        assert node.log.count("\n") < 20, node.log
    finally:
        await node.stop()


async def test_a_place_in_the_queue_outlives_a_redis_that_stood_still(
    tmp_path: Path, web: aiohttp.ClientSession
) -> None:
    """Nobody could renew anything meanwhile, so nobody is taken for gone."""
    node = Served(
        DATA_DIR=str(tmp_path),
        DATABASE_URL="",
        REDIS_URL="",
        LOG_LEVEL="WARNING",
        ANSWER_S="10",
        QUEUE_LEASE_S="5",
        CONNECTION_LEASE_S="5",
        QUEUE_UPDATE_S="1",
    )
    await node.start()
    try:
        people = [await Person.sign_up(node.address, web) for _ in range(4)]
        waiting = [await person.connect() for person in people]
        for device in waiting:
            await device.ask("queue:join", mode="video", preferences={"genders": ["male"]})
        with frozen(embedded(node, "redis-server")):
            # For longer than a lease.
            assert await answer(waiting[0], "presence:set", status="online") == "unavailable"
        before = [device.has_heard("queue:updated") for device in waiting]

        async def swept() -> bool:
            told = [device.has_heard("queue:updated") for device in waiting]
            left = any(device.has_heard("queue:left") for device in waiting)
            return left or all(now >= then + 3 for now, then in zip(told, before, strict=True))

        await until(swept, "those who wait were told how it goes")
        assert not any(device.has_heard("queue:left") for device in waiting)
    finally:
        await node.stop()


async def test_a_call_that_ends_while_postgres_stands_still_is_put_on_record_later(
    tmp_path: Path, web: aiohttp.ClientSession
) -> None:
    """Both hear of it then; until it works it is an outage, not a fault of ours at each attempt."""
    node = Served(DATA_DIR=str(tmp_path), DATABASE_URL="", REDIS_URL="", LOG_LEVEL="WARNING", ANSWER_S="10")
    await node.start()
    try:
        she, he = [await Person.sign_up(node.address, web, gender=g) for g in ("female", "male")]
        ana, ben = await she.connect(), await he.connect()
        call_id = await accepted(ana, ben, "voice")
        for device in (ana, ben):
            await device.next("call:started")
        with frozen(embedded(node, "postgres")):
            await answer(ana, "call:end", call_id=call_id)
            assert await answer(ben, "queue:join", mode="voice") == "unavailable"
        for device in (ana, ben):
            await device.next("call:ended", call_id=call_id)
        assert "PostgreSQL does not answer: begun" in node.log
        assert "Traceback" not in node.log, node.log
    finally:
        await node.stop()
