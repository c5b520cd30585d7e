"""What a room has forgotten and somebody has reported stays with its evidence, and is seen by nobody."""

import asyncio

import pytest

from core.clock import now_ms
from core.errors import NotFound
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.stores.posting import picture
from tests.stores.talking import OLD, YOUNG, Talk
from tests.stores.test_search import found
from tests.stores.world import World


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One on which no running product looks at the outbox."""
    return await new_database()


@pytest.fixture
async def talk(world: World) -> Talk:
    return await Talk.begun(world)


async def test_what_was_reported_stays_as_long_as_its_evidence_and_is_read_by_nobody(talk: Talk) -> None:
    """With what it shows; nor is it found, the last message of its room, or reported once more."""
    media = await picture(talk.world, talk.ana, purpose="chat")
    [_, said] = await talk.say(OLD, OLD, content="Peculiar", type="image", media_id=media)
    await talk.report(said.id, talk.ben)
    await talk.forget()
    assert await talk.stored() == [2]
    assert await talk.read(talk.ana) == await talk.read(talk.ben) == []
    assert await found(talk.world, talk.ben, "peculiar") == []
    assert await talk.rooms.found_in(talk.room_id, talk.ben, "peculiar", before_seq=None, limit=9) == []
    assert await talk.media.find(media, now_ms() + 1) is not None
    assert not await talk.media.shown_in_a_room(media, talk.ben)
    with pytest.raises(NotFound):
        await talk.world.say(talk.room_id, talk.ben, reply_to=said.id)
    assert await talk.forget() == [0]
    await talk.decide()
    assert await talk.stored() == []
    assert await talk.media.find(media, now_ms() + 1) is None


async def test_a_reply_to_what_stays_as_evidence_shows_nothing_of_it(talk: Talk) -> None:
    """Not when it is told once more, either."""
    [said] = await talk.say(OLD)
    [answer] = await talk.say(YOUNG, who=talk.ben, reply_to=said.id)
    await talk.report(said.id, talk.ben)
    await talk.forget()
    assert await talk.stored() == [said.seq, answer.seq]
    [left], *_ = await talk.rooms.history(talk.room_id, talk.ana, before_seq=None, after_seq=0, limit=9)
    [told] = (await talk.rooms.to_announce([answer.id], now_ms())).values()
    assert (left.reply, told.message.reply) == (None, None)


async def test_whoever_said_it_is_not_told_that_it_stays_as_evidence(talk: Talk) -> None:
    """By the copy of their data they would know that somebody has reported them, and often who."""
    media = await picture(talk.world, talk.ana, purpose="chat")
    [said] = await talk.say(OLD, content="Peculiar", type="image", media_id=media)
    await talk.say(YOUNG, content="Young")
    await talk.report(said.id, talk.ben)
    assert await talk.copied() == (["Peculiar", "Young"], [media], [media])
    assert await talk.media.shown_file(media, now_ms()) is not None
    await talk.forget()
    assert await talk.copied() == (["Young"], [], [])
    assert await talk.media.shown_file(media, now_ms()) is None
    await talk.erase()
    assert await talk.contents() == [None, None]


async def test_evidence_that_goes_first_leaves_a_message_that_is_still_kept(talk: Talk) -> None:
    """It is forgotten in its time, as any other."""
    [said] = await talk.say(OLD)
    await talk.report(said.id, talk.ben)
    await talk.decide()
    assert await talk.read(talk.ben) == [1]
    await talk.forget()
    assert await talk.stored() == []


async def test_a_report_that_is_being_filed_is_not_waited_for(talk: Talk) -> None:
    """What it is about stays, with all that follows, until it has been."""
    said = await talk.say(OLD, OLD, OLD)
    async with talk.world.pool.acquire() as filing, filing.transaction():
        await filing.execute("SELECT FROM communication.messages WHERE id = $1 FOR KEY SHARE", said[1].id)
        async with asyncio.timeout(PATIENCE_S):
            assert await talk.forget() == [1]
    assert await talk.read(talk.ben) == [2, 3]
    assert await talk.forget() == [2]
