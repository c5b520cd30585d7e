"""The drill of `deploy/backup/backup.sh`: a mistake, and the product on what was there just before it."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.conftest import NewRedis
from tests.deploy.files import ROOT
from tests.integration.person import ClientDevice, Person
from tests.machines.postgres_server import PostgresServer, postgres_server
from tests.machines.room import Room, room
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import accepted, crowd, start_node, web  # noqa: F401 - fixtures
from tests.served import Served

Crowd = Callable[..., Awaitable[Person]]
StartNode = Callable[..., Awaitable[Served]]


class Backups:
    """The script and its folder, for the user of the server."""

    def __init__(self, at: Path) -> None:
        self.folder = at
        self._script = at / "backup.sh"
        shutil.copy(ROOT / "deploy" / "backup" / "backup.sh", self._script)
        self._script.chmod(0o755)

    @property
    def archiving(self) -> str:
        """The command of postgresql.conf, as the script says."""
        return f"BACKUP={self.folder} sh {self._script} archive %p %f"

    async def do(self, server: PostgresServer, *what: str) -> None:
        await server.run("sh", str(self._script), *what, BACKUP=str(self.folder))

    def copies(self) -> list[str]:
        return sorted(each.name for each in (self.folder / "base").iterdir())

    def pieces(self) -> list[str]:
        return sorted(each.name for each in (self.folder / "wal").iterdir())


async def archived(server: PostgresServer) -> None:
    """All that was written until now is in the archive."""
    name = await server.tell("SELECT pg_walfile_name(pg_current_wal_lsn())")
    await server.tell("SELECT pg_switch_wal()")
    async with asyncio.timeout(PATIENCE_S):
        while (await server.tell("SELECT last_archived_wal FROM pg_stat_archiver") or "") < name:
            await asyncio.sleep(0.02)


async def until_it_takes_writes(server: PostgresServer) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await server.tell("SELECT pg_is_in_recovery()"):
            await asyncio.sleep(0.02)


async def say(device: ClientDevice, room_id: str, *words: str) -> None:
    for word in words:
        await device.ask("chat:send", room_id=room_id, client_id=word, content=word)


async def said(person: Person, room_id: str) -> list[str]:
    status, page = await person.rest("GET", f"/v1/rooms/{room_id}/messages")
    assert status == 200, page
    return [message["content"] for message in page["items"]][::-1]


async def connected(ana: ClientDevice, ben: ClientDevice) -> Any:
    """They meet, talk, and stay in touch."""
    call_id = await accepted(ana, ben, "voice")
    for device in (ana, ben):
        await device.next("call:started", call_id=call_id)
        await device.ask("call:connected", call_id=call_id, epoch=1)
    await ana.ask("call:end", call_id=call_id)
    await ana.ask("decision:submit", call_id=call_id, connect=True)
    return (await ben.next("decision:result", outcome="connected"))["connection"]


async def test_the_moment_before_a_mistake_is_restored_and_served(
    start_node: StartNode,  # noqa: F811
    crowd: Crowd,  # noqa: F811
    new_redis: NewRedis,
) -> None:
    redis_url = await new_redis()
    async with room() as place:
        backups = Backups(place.place("backup"))
        async with postgres_server(tcp=True, archive_mode="on", archive_command=backups.archiving) as server:
            node = await start_node(DATABASE_URL=server.url, REDIS_URL=redis_url)
            she, he = await crowd(node, gender="female"), await crowd(node, gender="male")
            eve = await crowd(node)
            ana, ben = await she.connect(), await he.connect()
            connection = await connected(ana, ben)
            chat = connection["room_id"]
            await say(ben, chat, "before", "the copy")
            await backups.do(server, "base", server.superuser_url)
            await say(ana, chat, "after", "the copy, too")
            assert (await she.rest("POST", "/v1/blocks", json={"user_id": eve.id}))[0] == 201
            moment = await server.tell("SELECT clock_timestamp()::text")
            await server.tell("DELETE FROM communication.messages", database="realtime")
            assert await said(he, chat) == []
            await archived(server)
            await node.stop()
            await server.kill()

            async with server.beside("restored") as restored:
                await backups.do(restored, "restore", str(restored.folder), moment)
                await restored.start()
                await until_it_takes_writes(restored)
                async with Redis.from_url(redis_url) as redis:
                    await redis.flushdb()
                node = await start_node(DATABASE_URL=restored.url, REDIS_URL=redis_url)
                for person in (she, he):
                    person.address = node.address
                words = ["before", "the copy", "after", "the copy, too"]
                assert await said(he, chat) == words
                ana, ben = await she.connect("tablet"), await he.connect("tablet")
                await say(ben, chat, "Where were we?")
                # What had not been announced by that moment is announced now, perhaps again.
                while (message := (await ana.next("chat:message"))["message"])["content"] in words:
                    pass
                assert (message["content"], message["seq"]) == ("Where were we?", len(words) + 1)
                _, blocked = await she.rest("GET", "/v1/blocks")
                assert [each["user_id"] for each in blocked["items"]] == [eve.id]
                await node.stop()
                assert "Traceback" not in node.log


@pytest.fixture
async def place() -> Any:
    async with room() as place:
        yield place


async def test_copies_are_pruned_but_never_the_last(place: Room) -> None:
    """With the log that they do not need. For a moment before them there is nothing."""
    backups = Backups(place.place("backup"))
    async with postgres_server(tcp=True, archive_mode="on", archive_command=backups.archiving) as server:
        early = await server.tell("SELECT clock_timestamp()::text")
        for _ in range(2):
            await backups.do(server, "base", server.superuser_url)
        _, last = backups.copies()
        before = backups.pieces()
        await backups.do(server, "prune", "0")
        assert backups.copies() == [last]
        assert 0 < len(backups.pieces()) < len(before)
        async with server.beside("restored") as restored:
            with pytest.raises(AssertionError, match=r"no copy in .* was finished before"):
                await backups.do(restored, "restore", str(restored.folder), early)
            await backups.do(restored, "restore", str(restored.folder))
            await restored.start()
            await until_it_takes_writes(restored)
