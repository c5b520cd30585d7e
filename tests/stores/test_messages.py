"""Messages with media and replies in PostgreSQL, and what becomes of them when they are edited or deleted."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from core.clock import now_ms
from core.contract.chat import Message, RepliedTo
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.keys import Keyring
from core.vocabulary import MediaType
from db.postgres.cards import Cards
from db.postgres.media import MediaStore
from db.postgres.media_views import MediaViews
from db.postgres.reports import NewReport
from db.postgres.rooms import Rooms
from services.media_addresses import FileAddresses
from tests.patience import PATIENCE_S
from tests.stores.grouping import Party
from tests.stores.posting import picture
from tests.stores.saying import Said
from tests.stores.world import DAY_MS, TODAY, World


@pytest.fixture
def rooms(world: World) -> Rooms:
    """As a product has them: media have addresses, the same whenever one looks."""
    files = FileAddresses(Keyring("a secret").keys("address of a file"), base="", valid_ms=60_000)
    return Rooms(world.pool, Cards(MediaViews(files, lambda: TODAY)))


class Talk:
    """Two in their room."""

    def __init__(self, world: World, rooms: Rooms, users: tuple[str, str], room_id: str) -> None:
        self.world, self.rooms, self.room_id = world, rooms, room_id
        self.ana, self.ben = users
        self.media = MediaStore(world.pool)

    async def show(self, media_id: str, who: str | None = None, **changes: Any) -> Said:
        """Send a picture."""
        said: dict[str, Any] = {"content": None, "type": "image", "media_id": media_id, **changes}
        return await self.world.say(self.room_id, who or self.ana, by=self.rooms, **said)

    async def picture(self, kind: MediaType = "image", **more: Any) -> str:
        """One of Ana's, to be sent."""
        made = await picture(self.world, more.pop("owner", self.ana), purpose="chat", **more)
        await self.world.pool.execute("UPDATE social.media SET type = $2 WHERE id = $1", made, kind)
        return made

    async def read(self, who: str) -> list[Message]:
        """Over each road the same."""
        found, *_ = await self.rooms.history(self.room_id, who, before_seq=None, after_seq=0, limit=50)
        latest, *_ = await self.rooms.history(self.room_id, who, before_seq=None, after_seq=None, limit=50)
        page = await self.rooms.page(self.room_id, who, before_seq=None, limit=50)
        assert found == latest == page[::-1]
        return found

    async def kept(self, media_id: str) -> bool:
        return await self.media.find(media_id, now_ms()) is not None

    async def report(self, message_id: str) -> None:
        """Ben reports it."""
        report = NewReport(
            id=new_id(),
            subject_type="message",
            subject_id=message_id,
            reporter=self.ben,
            reason="nudity",
            note=None,
            block=False,
            at=now_ms(),
        )
        await self.world.reports.file(report)


@pytest.fixture
async def talk(world: World, rooms: Rooms) -> Talk:
    users = await world.pair()
    return Talk(world, rooms, users, (await world.connected(users)).room_id)


async def test_a_picture_is_shown_wherever_its_message_is_read(talk: Talk) -> None:
    """And stays, although what is not used is deleted after a day; the text beside it is what it says."""
    media = await talk.picture()
    said = (await talk.show(media, content="Look")).message
    assert said.media is not None
    assert (said.type, said.content, said.media.id, said.media.state) == ("image", "Look", media, "ready")
    assert [said] == await talk.read(talk.ana) == await talk.read(talk.ben)
    assert (await talk.rooms.room(talk.room_id, talk.ben, TODAY)).last_message == said
    [told] = (await talk.rooms.to_announce([said.id], now_ms())).values()
    assert (told.message, set(told.members)) == (said, {talk.ana, talk.ben})
    found = await talk.media.find(media, now_ms() + 2 * DAY_MS)
    assert found is not None
    assert found.used


async def test_the_same_client_id_is_the_same_picture(talk: Talk) -> None:
    """Also when another one, or one that is not there, comes with the repeat."""
    said = await talk.show(await talk.picture(), client_id="1")
    for again in (await talk.picture(), new_id()):
        repeat = await talk.show(again, client_id="1")
        assert (repeat.message, repeat.number) == (said.message, None)
    assert len(await talk.read(talk.ana)) == 1


@pytest.mark.parametrize(
    ("media", "said", "error"),
    [
        ({"owner": "ben"}, {}, NotFound),
        ({"state": "processing"}, {}, Conflict),
        ({"state": "refused"}, {}, Conflict),
        ({"kind": "audio"}, {}, Conflict),
        ({"kind": "image"}, {"type": "voice"}, Conflict),
    ],
)
async def test_only_ones_own_that_is_ready_and_of_the_kind_is_sent(
    talk: Talk, media: dict[str, Any], said: dict[str, Any], error: type[Exception]
) -> None:
    """Otherwise nothing is stored, alone or among others, and no number is lost."""
    given = media | {"owner": talk.ben} if "owner" in media else media
    media_id = await talk.picture(**given)
    with pytest.raises(error):
        await talk.show(media_id, **said)
    async with asyncio.timeout(PATIENCE_S):
        refused, text = await asyncio.gather(
            talk.show(media_id, **said), talk.show(await talk.picture()), return_exceptions=True
        )
    assert isinstance(refused, error)
    assert isinstance(text, Said)
    assert text.message.seq == 1


@pytest.mark.parametrize("purpose", ["photo", "report"])
async def test_what_was_uploaded_for_something_else_is_not_sent(talk: Talk, purpose: Any) -> None:
    media_id = await picture(talk.world, talk.ana, purpose=purpose)
    with pytest.raises(NotFound):
        await talk.show(media_id)
    with pytest.raises(NotFound):
        await talk.show(new_id())


@pytest.mark.parametrize(
    ("media", "kind"), [("audio", "voice"), ("video", "video"), ("file", "file"), ("image", "file")]
)
async def test_each_kind_shows_what_fits(talk: Talk, media: MediaType, kind: str) -> None:
    """Of a voice message also how loud it is."""
    media_id = await talk.picture(kind=media)
    await talk.world.pool.execute(
        "UPDATE social.media SET duration_ms = 900, waveform = '{0,255,7}' WHERE id = $1 AND type = 'audio'",
        media_id,
    )
    said = (await talk.show(media_id, type=kind)).message
    assert said.media is not None
    assert (said.type, said.media.type) == (kind, media)
    assert said.waveform == ([0, 255, 7] if media == "audio" else None)
    assert [said] == await talk.read(talk.ben)


async def test_who_reads_a_message_may_look_at_what_it_shows(talk: Talk) -> None:
    """Nobody else may, and nobody any more once it is deleted."""
    media, cleo = await talk.picture(), await talk.world.person("Cleo")
    assert not await talk.media.shown_in_a_room(media, talk.ben)
    said = await talk.show(media)
    seen = [await talk.media.shown_in_a_room(media, who) for who in (talk.ana, talk.ben, cleo)]
    assert seen == [True, True, False]
    assert await talk.rooms.delete(said.message.id, talk.ana, now_ms())
    assert not await talk.media.shown_in_a_room(media, talk.ben)


async def test_in_a_group_those_see_pictures_who_see_the_message(talk: Talk) -> None:
    """Newcomers none of before, and whom a block parts from the sender none of theirs."""
    party, media = Party(talk.world), await talk.picture()
    cleo, dora = [await talk.world.person(name) for name in ("Cleo", "Dora")]
    group = await party.of(talk.ana, talk.ben, cleo)
    said = (await Talk.show(talk_in(talk, group.room_id), media)).message
    await party.join(await party.invite(group, talk.ana), dora)
    await talk.world.block(talk.ben, talk.ana)
    seen = [await talk.media.shown_in_a_room(media, who) for who in (talk.ana, talk.ben, cleo, dora)]
    assert seen == [True, False, True, False]
    bens = next(m for m in await talk_in(talk, group.room_id).read(talk.ben) if m.seq == said.seq)
    assert (bens.media, bens.content, bens.deleted_at) == (None, None, said.created_at)


def talk_in(talk: Talk, room_id: str) -> Talk:
    return Talk(talk.world, talk.rooms, (talk.ana, talk.ben), room_id)


async def test_a_deleted_message_leaves_its_place_and_nothing_else(talk: Talk) -> None:
    """Its picture is deleted too; a reply to it says that it is gone; unread counts it no more."""
    media = await talk.picture()
    said = (await talk.show(media, content="Look")).message
    answer = (await talk.world.say(talk.room_id, talk.ben, "Nice", by=talk.rooms, reply_to=said.id)).message
    assert answer.reply == RepliedTo(id=said.id, seq=1, sender_id=talk.ana, type="image", content="Look")
    assert await talk.world.unread(talk.ben) == {talk.room_id: 1}
    now = now_ms()
    assert await talk.rooms.delete(said.id, talk.ana, now)
    assert not await talk.rooms.delete(said.id, talk.ana, now)
    assert not await talk.rooms.change(said.id, talk.ana, "Look again", now)
    gone, answered = await talk.read(talk.ben)
    assert gone == replace(said, content=None, media=None, deleted_at=gone.deleted_at)
    assert gone.deleted_at is not None
    assert answered == replace(answer, reply=replace(answer.reply, content=None, deleted_at=gone.deleted_at))
    assert await talk.world.unread(talk.ben) == {}
    assert not await talk.kept(media)


async def test_a_picture_that_another_message_shows_stays(talk: Talk) -> None:
    """It is deleted with the last one."""
    media = await talk.picture()
    first, second = [(await talk.show(media)).message.id for _ in range(2)]
    await talk.rooms.delete(first, talk.ana, now_ms())
    assert await talk.kept(media)
    await talk.rooms.delete(second, talk.ana, now_ms())
    assert not await talk.kept(media)
    with pytest.raises(NotFound):
        await talk.show(media)


async def test_what_was_reported_is_kept_as_evidence(talk: Talk) -> None:
    """As long as the report has any, whatever its sender edits or deletes meanwhile."""
    media = await talk.picture()
    said = (await talk.show(media, content="Look")).message
    await talk.report(said.id)
    await talk.rooms.change(said.id, talk.ana, "Nothing", now_ms())
    assert await talk.media.shown_file(media, now_ms()) is not None
    await talk.rooms.delete(said.id, talk.ana, now_ms())
    assert await talk.kept(media)
    assert await talk.media.shown_file(media, now_ms()) is None  # whatever address was given for it
    query = "SELECT case_id FROM interaction.reports WHERE subject_id = $1"
    case = await talk.world.pool.fetchval(query, said.id)
    await talk.world.pool.execute(
        "UPDATE safety.cases SET state = 'decided', action = 'dismiss', decided_by = user_id,"
        " decided_at = now() - interval '400 days' WHERE id = $1",
        case,
    )
    await talk.world.evidence.forget(now_ms() - 365 * DAY_MS, limit=1000)
    assert not await talk.kept(media)


async def test_its_owner_deletes_what_a_message_shows_by_deleting_that(talk: Talk) -> None:
    media = await talk.picture()
    await talk.show(media)
    assert await talk.media.let_go(media, talk.ana, now_ms()) is None
    assert await talk.kept(media)


async def test_what_was_edited_is_read_anew(talk: Talk) -> None:
    """By each road, in the reply to it too; its number and time stay."""
    said = (await talk.world.say(talk.room_id, talk.ana, "Helo", by=talk.rooms)).message
    await talk.world.say(talk.room_id, talk.ben, "Hi", by=talk.rooms, reply_to=said.id)
    now = now_ms()
    assert not await talk.rooms.change(said.id, talk.ben, "Mine", now)
    assert await talk.rooms.change(said.id, talk.ana, "Hello", now)
    edited, answer = await talk.read(talk.ben)
    assert edited == replace(said, content="Hello", edited_at=edited.edited_at)
    assert edited.edited_at is not None
    assert answer.reply is not None
    assert answer.reply.content == "Hello"


async def test_nothing_is_edited_in_a_room_that_has_ended(talk: Talk) -> None:
    """But deleted: what one has said stays one's own to take back. Who has left a group does neither."""
    said = (await talk.world.say(talk.room_id, talk.ana)).message
    [connection] = await talk.world.pool.fetch(
        "SELECT id FROM interaction.connections WHERE room_id = $1", talk.room_id
    )
    await talk.world.connections.end(connection["id"], talk.ben, now_ms())
    assert not await talk.rooms.change(said.id, talk.ana, "Hello", now_ms())
    assert await talk.rooms.delete(said.id, talk.ana, now_ms())
    party = Party(talk.world)
    group = await party.of(talk.ben, talk.ana)
    said = (await talk.world.say(group.room_id, talk.ana)).message
    await party.remove(group, talk.ana, talk.ana)
    assert not await talk.rooms.delete(said.id, talk.ana, now_ms())
    with pytest.raises(NotFound):
        await talk.rooms.own(said.id, talk.ana)


async def test_a_reply_shows_what_its_reader_sees(world: World, rooms: Rooms) -> None:
    """Newcomers nothing of before, nor those whom a block parts from who had said it; both see the reply."""
    party = Party(world)
    ana, ben, cleo, dora = [await world.person(f"P{n}") for n in range(4)]
    group = await party.of(ana, ben, cleo)
    said = (await world.say(group.room_id, ben, "x" * 300, by=rooms)).message
    shown = await world.say(group.room_id, ana, by=rooms, reply_to=said.id)
    assert set(shown.members) == {ana, ben, cleo}
    assert shown.message.reply is not None
    assert shown.message.reply.content == "x" * 200
    await party.join(await party.invite(group, ana), dora)
    await world.block(cleo, ben)
    with pytest.raises(NotFound):
        await world.say(group.room_id, dora, by=rooms, reply_to=said.id)
    answer = await world.say(group.room_id, ana, by=rooms, reply_to=said.id)
    assert answer.members == ()  # not all are told the same
    [told] = (await rooms.to_announce([answer.message.id], now_ms())).values()
    assert (set(told.members), set(told.unaware), told.apart) == ({ana, ben}, {cleo, dora}, ())
    assert told.message == answer.message
    for who in (cleo, dora):
        found, *_ = await rooms.history(group.room_id, who, before_seq=None, after_seq=None, limit=1)
        assert found == [replace(answer.message, reply=None)]
    blocked = (await world.say(group.room_id, cleo, by=rooms, reply_to=said.id)).message
    assert blocked.reply is None
