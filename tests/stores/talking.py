"""Two who talk in a room that forgets."""

from typing import Any

from msgspec import json

from core.clock import now_ms
from core.contract.chat import Message
from core.ids import new_id
from core.personal_data import TABLES
from db.postgres.exports import ExportStore
from db.postgres.forgotten_messages import ForgottenMessages
from db.postgres.media import MediaStore
from db.postgres.personal_data import PersonalData
from db.postgres.reports import NewReport
from tests.stores.world import DAY_MS, TODAY, World

_MESSAGES, _MEDIA = [
    table for name in ("communication.messages", "social.media") for table in TABLES if table.name == name
]
OLD, YOUNG = 0, 2 * DAY_MS  # how long after now somebody said something


class Talk:
    """Two in their room, which forgets what is not young."""

    def __init__(self, world: World, users: tuple[str, str], room_id: str) -> None:
        self.world, self.rooms, self.room_id = world, world.rooms, room_id
        self.ana, self.ben = users
        self.store, self.media = ForgottenMessages(world.pool), MediaStore(world.pool)

    @classmethod
    async def begun(cls, world: World) -> "Talk":
        """Two new people, connected: nothing was said yet."""
        users = await world.pair()
        return cls(world, users, (await world.connected(users)).room_id)

    async def say(self, *ages: int, who: str | None = None, **changes: Any) -> list[Message]:
        """One after the other, each so long after now; told to all."""
        said = [
            (
                await self.world.say(self.room_id, who or self.ana, created_at=now_ms() + age, **changes)
            ).message
            for age in ages
        ]
        await self.tell()
        return said

    async def tell(self) -> None:
        await self.world.pool.execute("DELETE FROM communication.outbox WHERE lane = $1", self.room_id)

    async def forget(self, *, limit: int = 1000, by: ForgottenMessages | None = None) -> list[int]:
        """Slice by slice: of how many rows each was."""
        now, slices = now_ms(), list[int]()
        while not slices or slices[-1] >= limit:
            gone = await (by or self.store).forget(self.room_id, now + DAY_MS, now, limit=limit)
            slices.append(gone)
        return slices

    async def read(self, who: str) -> list[int]:
        """The numbers of what they read, over each road the same."""
        after, more, oldest = await self.rooms.history(
            self.room_id, who, before_seq=None, after_seq=0, limit=100
        )
        latest, *_ = await self.rooms.history(self.room_id, who, before_seq=None, after_seq=None, limit=100)
        page = await self.rooms.page(self.room_id, who, before_seq=None, limit=100)
        view = await self.rooms.room(self.room_id, who, TODAY)
        assert after == latest == page[::-1]
        assert not more
        assert view.oldest_seq == oldest
        assert (await self.world.unread(who)).get(self.room_id, 0) == view.unread
        assert (view.last_message and view.last_message.seq) == (after[-1].seq if after else None)
        return [message.seq for message in after]

    async def stored(self) -> list[int]:
        """The numbers of what there is, whoever may read it."""
        query = "SELECT seq FROM communication.messages WHERE room_id = $1 ORDER BY seq"
        return [row["seq"] for row in await self.world.pool.fetch(query, self.room_id)]

    async def contents(self) -> list[str | None]:
        """What it says."""
        query = "SELECT content FROM communication.messages WHERE room_id = $1 ORDER BY seq"
        return [row["content"] for row in await self.world.pool.fetch(query, self.room_id)]

    async def copied(self) -> tuple[list[str], list[str], list[str]]:
        """What the copy of Ana's data has of it: what she said, which media, and which files."""
        data, now = PersonalData(self.world.pool), now_ms()
        exports = ExportStore(self.world.pool, self.world.jobs, self.world.notifications.notify)
        said, media = [
            [json.decode(row) async for page in data.rows(table, self.ana, now, since=0) for row in page]
            for table in (_MESSAGES, _MEDIA)
        ]
        files = [file.id async for page in exports.files(self.ana, now) for file in page]
        return sorted(one["content"] for one in said), [one["id"] for one in media], files

    async def erase(self) -> None:
        assert await PersonalData(self.world.pool).erase(_MESSAGES, self.ana, now_ms())

    async def report(self, message_id: str, who: str) -> str:
        report = NewReport(
            id=new_id(),
            subject_type="message",
            subject_id=message_id,
            reporter=who,
            reason="nudity",
            note=None,
            block=False,
            at=now_ms(),
        )
        return (await self.world.reports.file(report)).id

    async def decide(self) -> None:
        """All cases about Ana, so long ago that their evidence is kept no longer; and it is forgotten."""
        await self.world.pool.execute(
            "UPDATE safety.cases SET state = 'decided', action = 'dismiss', decided_by = user_id,"
            " decided_at = now() - interval '400 days' WHERE user_id = $1",
            self.ana,
        )
        await self.world.evidence.forget(now_ms() - 365 * DAY_MS, limit=1000)
