"""The audit log: only ever added to, and read in pages."""

import asyncpg
import pytest

from core.clock import now_ms
from core.ids import new_id
from db.postgres import audit
from db.postgres.audit import AuditLog, Entry
from tests.stores.world import World


async def test_the_log_is_only_added_to(world: World) -> None:
    """Nobody can change it, not even by a change that has no effect."""
    ana = await world.person()
    entry = Entry(id=new_id(), at=now_ms(), actor=ana, action="seen", subject=None, details={"n": 1})
    async with world.pool.acquire() as connection:
        await audit.write(connection, entry)
    for statement in (
        "UPDATE identity.audit_log SET action = action",
        "DELETE FROM identity.audit_log WHERE false",
        "TRUNCATE identity.audit_log",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only ever added to"):
            await world.pool.execute(statement)
    assert await AuditLog(world.pool).entries(user_id=ana, before=None, limit=9) == [entry]


async def test_pages_of_the_log_follow_one_another(world: World) -> None:
    """Newest first, each once: all of it, or what a user did and what was done to them."""
    ana, ben = await world.pair()
    now = now_ms()
    whom = [(ana, ben), (ben, ana), (None, ana), (ana, ana), (None, ben), (ana, None)]
    entries = [
        Entry(id=new_id(now + n), at=now + n, actor=actor, action="done", subject=subject)
        for n, (actor, subject) in enumerate(whom)
    ]
    async with world.pool.acquire() as connection, connection.transaction():
        for entry in entries:
            await audit.write(connection, entry)
    log = AuditLog(world.pool)
    found, before = [], None
    while page := await log.entries(user_id=ana, before=before, limit=2):
        found += page
        before = page[-1].id
    assert found == [e for e in reversed(entries) if ana in (e.actor, e.subject)]
    everything = await log.entries(user_id=None, before=new_id(now + len(whom)), limit=100)
    assert [entry for entry in everything if entry in entries] == entries[::-1], "beside those of others"
