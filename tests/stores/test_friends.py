"""Friends on the real Postgres: requests, friendships, their room, and what happens at once."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from core.clock import now_ms
from core.errors import AppError, Conflict, Gone, NotFound
from core.ids import new_id
from tests.patience import PATIENCE_S
from tests.stores.world import World

ROUNDS = 8


async def at_once(*acts: Awaitable[Any]) -> list[Any]:
    """What each gives, or the error that it is answered; anything else is a fault."""
    async with asyncio.timeout(PATIENCE_S):
        answers = await asyncio.gather(*acts, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, AppError):
            raise answer
    return answers


async def friends(world: World, who: str) -> dict[str, str]:
    """Their friends, each with the room."""
    found = await world.friends.friends(who, before=None, limit=100, now=now_ms())
    return {friend.user.user_id: friend.room_id for _, friend in found}


async def boxes(world: World, who: str) -> tuple[list[str], list[str]]:
    """From whom they have got requests that wait, and to whom they have sent some."""
    got = await world.friends.requests(who, "in", before=None, limit=100, now=now_ms())
    sent = await world.friends.requests(who, "out", before=None, limit=100, now=now_ms())
    return [request.user.user_id for request in got], [request.user.user_id for request in sent]


async def rooms(world: World, pair: tuple[str, str]) -> int:
    """How many rooms the two have had."""
    query = (
        "SELECT count(*) FROM communication.members a JOIN communication.members b USING (room_id)"
        " WHERE a.user_id = $1 AND b.user_id = $2"
    )
    count: int = await world.pool.fetchval(query, *pair)
    return count


async def test_a_request_waits_and_makes_friends(world: World) -> None:
    """Both see it; again it is the same; a yes gives both a friend and a room, and again the same."""
    ana, ben = pair = await world.pair()
    request_id = await world.asked(*pair)
    assert await world.asked(*pair) == request_id
    assert (await boxes(world, ana), await boxes(world, ben)) == (([], [ben]), ([ana], []))
    with pytest.raises(NotFound):
        await world.friends.accept(request_id, ana, now_ms())
    friendship = await world.friends.accept(request_id, ben, now_ms())
    assert await world.friends.accept(request_id, ben, now_ms()) == friendship
    room_id = friendship.room_id
    assert (await friends(world, ana), await friends(world, ben)) == ({ben: room_id}, {ana: room_id})
    assert await boxes(world, ben) == ([], [])
    assert set((await world.say(room_id, ana)).members) == {ana, ben}
    view = await world.rooms.room(room_id, ben, now_ms())
    assert (view.kind, view.peer and view.peer.user_id, view.connection_id) == ("direct", ana, None)
    answer, _ = await world.friends.ask(ana, ben, None, now_ms())
    assert (answer.room_id, answer.id) == (room_id, None)


async def test_requests_that_cross_are_one_friendship(world: World) -> None:
    """However they cross, each on a connection of its own, as on two nodes: one friendship and one room."""
    for _ in range(ROUNDS):
        ana, ben = pair = await world.pair()
        await at_once(
            *(world.friends.ask(who, other, None, now_ms()) for who, other in (pair, pair[::-1]) * 3)
        )
        assert list(await friends(world, ana)) == [ben]
        assert await rooms(world, pair) == 1
        assert (await boxes(world, ana), await boxes(world, ben)) == (([], []), ([], []))


async def test_a_yes_and_a_withdrawal_at_once(world: World) -> None:
    """One of them counts, and the other is told so."""
    for _ in range(ROUNDS):
        ana, ben = pair = await world.pair()
        request_id = await world.asked(*pair)
        yes, back = await at_once(
            world.friends.accept(request_id, ben, now_ms()), world.friends.refuse(request_id, ana, now_ms())
        )
        if await friends(world, ana):
            assert (yes.room_id, type(back)) == ((await friends(world, ben))[ana], Conflict)
        else:
            assert (type(yes), back.id) == (NotFound, request_id)
            assert await rooms(world, pair) == 0
        assert await boxes(world, ben) == ([], [])


async def test_a_yes_and_a_block_at_once(world: World) -> None:
    """Whichever comes first: in the end they are no friends, and nothing can be said."""
    for _ in range(ROUNDS):
        ana, ben = pair = await world.pair()
        request_id = await world.asked(*pair)
        yes, (_, pending) = await at_once(
            world.friends.accept(request_id, ben, now_ms()), world.blocks.block(ana, ben, None, now_ms())
        )
        assert (await friends(world, ana), await friends(world, ben)) == ({}, {})
        if isinstance(yes, NotFound):
            assert (pending.request_id, pending.friendship_id) == (request_id, None)
        else:
            assert (pending.request_id, pending.friendship_id) == (None, yes.id)
            with pytest.raises(Gone):
                await world.say(yes.room_id, ben)
        with pytest.raises(NotFound):
            await world.friends.ask(ben, ana, None, now_ms())


async def test_the_end_and_messages_at_once(world: World) -> None:
    """What was acknowledged is there, in order; after the end nothing is said."""
    ana, ben = pair = await world.pair()
    friendship = await world.befriended(pair)
    *said, ended = await at_once(
        *(world.say(friendship.room_id, who) for _ in range(10) for who in pair),
        world.friends.unfriend(ben, ana, now_ms()),
    )
    assert ended == friendship
    stored = [each for each in said if not isinstance(each, Gone)]
    history, *_ = await world.rooms.history(
        friendship.room_id, ana, before_seq=None, after_seq=None, limit=100
    )
    assert [message.seq for message in history] == list(range(1, len(stored) + 1))
    with pytest.raises(Gone):
        await world.say(friendship.room_id, ana)
    assert not (await world.rooms.room(friendship.room_id, ana, now_ms())).active


async def test_friends_who_connect_keep_their_room(world: World) -> None:
    """It is open for as long as they are one or the other, and has no gap; both ends at once end it."""
    ana, ben = pair = await world.pair()
    room_id = (await world.befriended(pair)).room_id
    first = await world.connected(pair)
    assert first.room_id == room_id
    found = await world.friends.friend(ana, ben, now_ms())
    assert found is not None
    assert (found.connection_id, found.room_id) == (first.id, room_id)
    assert (await world.rooms.room(room_id, ana, now_ms())).connection_id == first.id
    await world.connections.end(first.id, ana, now_ms())
    assert (await world.say(room_id, ana)).message.seq == 1
    assert (await world.rooms.room(room_id, ana, now_ms())).connection_id is None
    second = await world.connected(pair)
    assert (second.room_id, await rooms(world, pair)) == (room_id, 1)
    views = await world.connections.page(ana, before=None, limit=10, now=now_ms())
    assert {(view.id, view.room_id, view.active) for view in views} == {
        (first.id, room_id, False),
        (second.id, room_id, True),
    }
    await at_once(world.connections.end(second.id, ben, now_ms()), world.friends.unfriend(ana, ben, now_ms()))
    with pytest.raises(Gone):
        await world.say(room_id, ana)


async def test_those_who_are_connected_become_friends_in_their_room(world: World) -> None:
    """Also while the connection ends: then in a new one, if it ended first. In both cases it is open."""
    for _ in range(ROUNDS):
        ana, ben = pair = await world.pair()
        connection = await world.connected(pair)
        request_id = await world.asked(*pair)
        friendship, _ = await at_once(
            world.friends.accept(request_id, ben, now_ms()),
            world.connections.end(connection.id, ana, now_ms()),
        )
        assert await rooms(world, pair) == (1 if friendship.room_id == connection.room_id else 2)
        assert (await world.say(friendship.room_id, ana)).message.seq == 1


async def test_refusals_are_kept_and_end_the_asking(world: World) -> None:
    """Who was refused three times asks no more; the other may still ask them."""
    ana, ben = pair = await world.pair()
    for _ in range(3):
        request_id = await world.asked(*pair)
        assert await world.friends.refuse(request_id, ben, now_ms())
        assert await world.friends.refuse(request_id, ben, now_ms()) is None
        assert (await boxes(world, ana), await boxes(world, ben)) == (([], []), ([], []))
    with pytest.raises(Conflict):
        await world.asked(*pair)
    with pytest.raises(NotFound):
        await world.friends.refuse(request_id, await world.person("Cleo"), now_ms())
    await world.befriended((ben, ana))
    assert list(await friends(world, ana)) == [ben]
    later = now_ms() + 1
    assert await world.friends.forget(later, limit=100) >= 4
    assert await world.friends.unfriend(ana, ben, now_ms())
    await world.asked(*pair)


@pytest.mark.parametrize("how", ["banned", "erased"])
async def test_who_is_out_is_nobodys_friend(world: World, how: str) -> None:
    """A ban hides them, also what they have asked, for as long as it holds; erasure ends it."""
    ana, ben = pair = await world.pair()
    room_id = (await world.befriended(pair)).room_id
    cleo = await world.person("Cleo")
    await world.asked(ben, cleo)
    await (world.ban(ben) if how == "banned" else world.erase(ben))
    assert (await friends(world, ana), await boxes(world, cleo)) == ({}, ([], []))
    with pytest.raises(NotFound):
        await world.asked(ana, ben)
    if how == "erased":
        with pytest.raises(Gone):
            await world.say(room_id, ana)
        return
    await world.unban(ben)
    assert (await friends(world, ana), await boxes(world, cleo)) == ({ben: room_id}, ([ben], []))


async def test_the_end_of_what_never_was(world: World) -> None:
    """There is nothing of the kind; what has ended has ended."""
    ana, ben = pair = await world.pair()
    with pytest.raises(NotFound):
        await world.friends.unfriend(ana, ben, now_ms())
    with pytest.raises(NotFound):
        await world.friends.accept(new_id(), ana, now_ms())
    friendship = await world.befriended(pair)
    assert await world.friends.unfriend(ana, ben, now_ms()) == friendship
    assert await world.friends.unfriend(ben, ana, now_ms()) == friendship
    again = await world.befriended(pair)
    assert again.room_id != friendship.room_id
    assert list(await friends(world, ana)) == [ben]
