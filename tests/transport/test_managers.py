"""python-socketio's own client managers, on our tables: two servers on one Redis."""

import asyncio

import pytest
import socketio

from realtime.transport import SocketServer
from realtime.transport.rooms import RoomManager, adopt
from tests.patience import PATIENCE_S
from tests.transport.speaker import serving, until


async def test_two_servers_on_one_redis(redis_url: str, worker_id: str) -> None:
    """Emits, rooms, callbacks and disconnects reach a client of the other server."""
    servers = [
        SocketServer(client_manager=socketio.AsyncRedisManager(redis_url, channel=f"bus-{worker_id}"))
        for _ in range(2)
    ]
    here, there = servers
    gone: list[str] = []
    there.on("disconnect", lambda sid, _reason: gone.append(sid))
    async with (
        serving(here) as house_here,
        serving(there) as house_there,
        house_here.connected() as ana,
        house_there.connected() as ben,
    ):
        await until(lambda: all(s.manager.pubsub for s in servers), "no subscription")
        async with asyncio.timeout(PATIENCE_S):
            while True:  # a subscription has no sign that it is there, but that it hears
                await here.emit("hello", to=ben.sid)
                try:
                    async with asyncio.timeout(0.2):
                        assert await ben.hear() == '42["hello"]'
                    break
                except TimeoutError:
                    continue
        await here.enter_room(ben.sid, "hall")
        await here.enter_room(ana.sid, "hall")
        await until(lambda: "hall" in there.rooms(ben.sid), "it is not in the room")
        await there.emit("news", {"n": 1}, room="hall")
        assert await ana.hear() == '42["news",{"n":1}]'
        heard = await ben.hear()
        while heard == '42["hello"]':
            heard = await ben.hear()
        assert heard == '42["news",{"n":1}]'
        asked = asyncio.create_task(here.call("q", to=ben.sid))
        number = (await ben.expect("42"))[2:].split("[")[0]
        await ben.say(f'43{number}["yes"]')
        assert await asked == "yes"
        await here.disconnect(ben.sid)
        assert await ben.hear() == "41"
        await until(lambda: gone == [ben.sid], "no disconnect")
    for server in servers:
        server.manager.thread.cancel()


def test_a_manager_is_adopted_as_it_is() -> None:
    """The same object, with our tables under its own methods."""
    assert type(adopt(None)) is RoomManager
    own = RoomManager()
    assert adopt(own) is own
    plain = socketio.AsyncManager()
    assert adopt(plain) is plain
    assert isinstance(plain, RoomManager)
    redis = socketio.AsyncRedisManager("redis://localhost:1")
    assert adopt(redis) is redis
    assert isinstance(redis, RoomManager)
    assert redis.channel == "socketio"
    with pytest.raises(TypeError):
        adopt(socketio.Manager())
