"""An operator makes an admin: `python -m realtime admin`, on a given PostgreSQL or an embedded one."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from core.ids import new_id
from db.embedded import EmbeddedServers
from db.postgres.audit import AuditLog
from db.postgres.pool import open_pool
from tests.rest.server import new_person
from tests.served import START_S, Served
from tests.stores.world import world_at

ROOT = Path(__file__).parents[2]
ROLE = "SELECT role FROM identity.users WHERE username = $1"


async def admin(*arguments: str, **settings: str) -> tuple[int | None, str]:
    """`admin`: its exit code, and what it said."""
    return await operate("admin", *arguments, **settings)


async def operate(*arguments: str, within: Sequence[str] = (), **settings: str) -> tuple[int | None, str]:
    """The command: its exit code, and what it said. `within`: words that run it elsewhere."""
    process = await asyncio.create_subprocess_exec(
        *within,
        sys.executable,
        "-m",
        "realtime",
        *arguments,
        cwd=ROOT,
        env={**os.environ, "LOG_LEVEL": "WARNING", **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(START_S):
        said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_an_operator_makes_an_admin_and_takes_it_back(database_url: str) -> None:
    """By username or address, whatever the case of its letters; somebody who is not there is told of."""
    async with world_at(database_url) as world:
        user_id = await world.person()
        for login, more, role in (
            (user_id, (), "admin"),
            (f"{user_id.upper()}@example.org", ("--role", "user"), "user"),
        ):
            code, said = await admin(login, *more, DATABASE_URL=database_url)
            assert (code, said) == (0, f"The role of {login} is now: {role}.\n")
            assert await world.pool.fetchval(ROLE, user_id) == role
        log = await AuditLog(world.pool).entries(user_id=user_id, before=None, limit=9)
        assert [(e.actor, e.action, e.details) for e in log] == [
            (None, "role_changed", {"from": "admin", "to": "user"}),
            (None, "role_changed", {"from": "user", "to": "admin"}),
        ]
        code, said = await admin(new_id(), DATABASE_URL=database_url)
        assert code == 1
        assert "Nobody signs in as" in said


async def test_an_admin_is_made_while_a_server_runs_on_its_own_postgres(tmp_path: Path) -> None:
    """And when it does not run: the data folder is all that is asked for."""
    given = {"DATABASE_URL": "", "REDIS_URL": "", "DATA_DIR": str(tmp_path / "data")}
    person, served = new_person(), Served(**given)
    await served.start()
    try:
        async with aiohttp.ClientSession() as web:
            async with web.post(f"{served.address}/v1/auth/register", json=person) as answer:
                token = (await answer.json())["access_token"]
            assert (await admin(person["username"], **given))[0] == 0
            path, headers = f"/v1/admin/calls/{new_id()}/match", {"Authorization": f"Bearer {token}"}
            async with web.get(f"{served.address}/v1/me", headers=headers) as me:
                assert (await me.json())["role"] == "admin"
            async with web.get(f"{served.address}{path}", headers=headers) as answer:
                assert answer.status == 404
    finally:
        await served.stop()
    assert (await operate("role", person["email"], "moderator", **given))[0] == 0
    code, said = await operate("ban", person["username"], "--days", "2", **given)
    assert code == 0
    assert "is banned until" in said
    async with EmbeddedServers.database(tmp_path / "data", lambda _: None) as url:
        pool = await open_pool(url, size=1)
        assert await pool.fetchval(ROLE, person["username"]) == "moderator"
        await pool.close()


async def test_an_operator_turns_one_time_codes_off(database_url: str) -> None:
    """Of somebody who has lost their phone; it says whether they were on."""
    async with world_at(database_url) as world:
        user_id = await world.person()
        await world.pool.execute(
            "INSERT INTO identity.totp (user_id, secret, key_id, asked_at, on_since)"
            " VALUES ($1, 'sealed', 'key', now(), now())",
            user_id,
        )
        for words in ("are off now", "were not on"):
            code, said = await operate("totp-off", user_id, DATABASE_URL=database_url)
            assert (code, said) == (0, f"One-time codes of {user_id} {words}.\n")
    code, said = await operate("totp-off", "nobody", DATABASE_URL=database_url)
    assert code == 1
    assert "Nobody signs in as" in said
