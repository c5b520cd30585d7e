"""What python-socketio promises, held against its own server and ours: one suite, both must pass.

Where stock is wrong (see `test_socket` and `test_engine`) it is not asked.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import socketio
from socketio.exceptions import ConnectionRefusedError as Refusal
from socketio.exceptions import TimeoutError as NoAnswer

from realtime.transport import SocketServer
from realtime.transport.fallback import StockServer
from tests.patience import PATIENCE_S
from tests.transport.speaker import EngineHarness, serving, until

Make = Callable[..., Any]


@pytest.fixture(params=[SocketServer, StockServer], ids=["ours", "stock"])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes a server of either kind."""
    return lambda **options: request.param(async_mode="aiohttp", cors_allowed_origins="*", **options)


@pytest.fixture
def server(make: Make) -> Any:
    """A server with an `echo` that answers its arguments."""
    server = make()

    async def echo(_sid: str, *values: Any) -> Any:
        return values

    server.on("echo", echo)
    return server


@pytest.fixture
async def harness(server: Any) -> AsyncIterator[EngineHarness]:
    """The server, served."""
    async with serving(server) as harness:
        yield harness


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ('421["echo"]', "431[]"),
        ('421["echo",1,"2",{"3":[true]}]', '431[1,"2",{"3":[true]}]'),
        ('421["echo",null]', "431[null]"),
        ('421["echo","ä☃"]', '431["ä☃"]'),
    ],
)
async def test_arguments_and_answers(harness: EngineHarness, said: str, answer: str) -> None:
    """A tuple is several values."""
    async with harness.connected() as speaker:
        await speaker.say(said)
        heard = str(await speaker.hear())
        assert json.loads(heard[3:]) == json.loads(answer[3:])


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (None, "430[]"),
        (1, "430[1]"),
        ([1, 2], "430[[1,2]]"),
        ((1, 2), "430[1,2]"),
        ((), "430[]"),
        ({}, "430[{}]"),
    ],
)
async def test_what_a_handler_returns(harness: EngineHarness, server: Any, value: Any, answer: str) -> None:
    """None is no value, a list is one; a plain function may return it too."""
    server.on("plain", lambda _sid: value)
    async with harness.connected() as speaker:
        await speaker.say('420["plain"]')
        assert await speaker.hear() == answer


async def test_binary_both_ways(harness: EngineHarness) -> None:
    """Attachments in place of placeholders."""
    async with harness.connected() as speaker:
        await speaker.say(
            '452-7["echo",{"_placeholder":true,"num":0},{"a":[{"_placeholder":true,"num":1}]}]', b"x", b"y"
        )
        assert (
            await speaker.hear()
            == '462-7[{"_placeholder":true,"num":0},{"a":[{"_placeholder":true,"num":1}]}]'
        )
        assert [await speaker.hear(), await speaker.hear()] == [b"x", b"y"]


async def test_binary_over_polling(harness: EngineHarness) -> None:
    """In base64."""
    poller = await harness.polling()
    await poller.post("40")
    await poller.get()
    await poller.post('451-0["echo",{"_placeholder":true,"num":0}]\x1ebeHl6')
    heard = ""
    while "beHl6" not in heard:
        heard += (await poller.get())[1]
    assert heard.replace("\x1e", "") == '461-0[{"_placeholder":true,"num":0}]beHl6'


async def test_rooms(harness: EngineHarness, server: Any) -> None:
    """Members of one room, of several, of none; skipping; closing."""
    async with harness.connected() as ana, harness.connected() as ben, harness.connected() as cleo:
        await server.enter_room(ana.sid, "a")
        await server.enter_room(ben.sid, "b")
        await server.enter_room(cleo.sid, "a")
        assert set(server.rooms(ana.sid)) == {ana.sid, "a"}
        await server.emit("1", to="a")
        await server.emit("2", to=["a", "b"])
        await server.emit("3", skip_sid=[ana.sid, cleo.sid])
        await server.emit("4", to="a", skip_sid=ana.sid)
        await server.leave_room(cleo.sid, "a")
        await server.emit("5", to="a")
        await server.close_room("a")
        await server.emit("6", to="a")
        await server.emit("7")
        assert [await ana.hear() for _ in range(4)] == ['42["1"]', '42["2"]', '42["5"]', '42["7"]']
        assert [await ben.hear() for _ in range(3)] == ['42["2"]', '42["3"]', '42["7"]']
        assert [await cleo.hear() for _ in range(4)] == ['42["1"]', '42["2"]', '42["4"]', '42["7"]']
        with pytest.raises(ValueError, match="sid room"):
            await server.enter_room(ana.sid, ben.sid)


@pytest.mark.parametrize(
    ("data", "packet"),
    [
        (None, '42["e"]'), ("x", '42["e","x"]'), ([1], '42["e",[1]]'), ((1, "x"), '42["e",1,"x"]'),
        ((), '42["e"]'), ({"a": None}, '42["e",{"a":null}]'), (0, '42["e",0]'),
        (2**70, '42["e",1180591620717411303424]'),
    ],
)  # fmt: skip
async def test_what_is_emitted(harness: EngineHarness, server: Any, data: Any, packet: str) -> None:
    """A tuple is several arguments, None is none."""
    async with harness.connected() as speaker:
        await server.emit("e", data, to=speaker.sid)
        assert await speaker.hear() == packet


async def test_questions_to_a_client(harness: EngineHarness, server: Any) -> None:
    """`call` waits for the answer; a callback is called with it; nobody answers for ever."""
    async with harness.connected() as speaker:
        asked = asyncio.create_task(server.call("q", 1, to=speaker.sid))
        packet = await speaker.expect("42")
        number = packet[2:].split("[")[0]
        await speaker.say(f"43{number}[7]")
        assert await asked == 7
        answers: list[Any] = []
        await server.emit("q", to=speaker.sid, callback=lambda *values: answers.append(values))
        number = (await speaker.expect("42"))[2:].split("[")[0]
        await speaker.say(f'43{number}["a","b"]')
        await until(lambda: answers == [("a", "b")], "the callback was not called")
        with pytest.raises(NoAnswer):
            await server.call("q", to=speaker.sid, timeout=0.01)


async def test_refusals(harness: EngineHarness, server: Any) -> None:
    """CONNECT_ERROR says why, with data."""
    reasons = [False, Refusal("no"), Refusal("no", {"code": "banned"}), ValueError("a bug")]

    async def connect(_sid: str, _environ: Any, auth: Any) -> Any:
        reason = reasons[auth["try"]]
        if isinstance(reason, Exception):
            raise reason
        return reason

    server.on("connect", connect)
    for number, said in enumerate(
        (
            '{"message":"Connection rejected by server"}',
            '{"message":"no"}',
            '{"message":"no","data":{"code":"banned"}}',
        )
    ):
        async with harness.websocket() as speaker:
            await speaker.expect("0")
            await speaker.say(f'40{{"try":{number}}}')
            assert await speaker.hear() == f"44{said}"


async def test_the_connect_handler_may_leave_out_auth(harness: EngineHarness, server: Any) -> None:
    """The older signature."""
    met: list[Any] = []

    async def connect(sid: str, environ: Any) -> None:
        met.append((sid, environ["PATH_INFO"], environ["QUERY_STRING"]))

    server.on("connect", connect)
    async with harness.connected() as speaker:
        assert met == [(speaker.sid, "/socket.io/", "EIO=4&transport=websocket")]


async def test_disconnecting(harness: EngineHarness, server: Any) -> None:
    """By the client, by the server, by a closed connection: the reason, once."""
    gone: list[Any] = []
    server.on("disconnect", lambda sid, reason: gone.append((sid, reason)))
    async with harness.connected() as ana, harness.connected() as ben, harness.connected() as cleo:
        await ana.say("41")
        await until(lambda: len(gone) == 1, "no disconnect")
        await server.disconnect(ben.sid)
        assert await ben.hear() == "41"
        await cleo.socket.close()
        await until(lambda: len(gone) == 3, "no disconnect")
    assert gone == [
        (ana.sid, "client disconnect"), (ben.sid, "server disconnect"), (cleo.sid, "transport close"),
    ]  # fmt: skip


async def test_a_disconnect_handler_may_leave_out_the_reason(harness: EngineHarness, server: Any) -> None:
    """The older signature."""
    gone: list[str] = []

    async def disconnect(sid: str) -> None:
        gone.append(sid)

    server.on("disconnect", disconnect)
    async with harness.connected() as speaker:
        pass
    await until(lambda: gone == [speaker.sid], "no disconnect")


async def test_sessions(harness: EngineHarness, server: Any) -> None:
    """Saved, changed in place, there in the disconnect handler, apart for each namespace."""
    last: list[Any] = []

    async def disconnect(sid: str, _reason: str) -> None:
        last.append(await server.get_session(sid))

    server.on("disconnect", disconnect)
    async with harness.connected() as speaker:
        assert await server.get_session(speaker.sid) == {}
        await server.save_session(speaker.sid, {"name": "ana"})
        async with server.session(speaker.sid) as session:
            session["age"] = 30
    await until(lambda: last, "no disconnect")
    assert last == [{"name": "ana", "age": 30}]


async def test_catch_all_handlers(harness: EngineHarness, server: Any) -> None:
    """For what has no handler of its own, in this namespace or in any."""
    heard: list[Any] = []
    server.on("*", lambda event, sid, *values: heard.append((event, sid, values)))
    server.on(
        "*", lambda event, namespace, sid, *values: heard.append((event, namespace, values)), namespace="*"
    )
    server.on("connect", lambda *_: None, namespace="/other")
    async with harness.connected() as ana, harness.connected("/other,") as ben:
        await ana.say('421["unknown",1]')
        assert await ana.hear() == "431[]"
        await ben.say('42/other,1["unknown",2]')
        assert await ben.hear() == "43/other,1[]"
        assert heard == [("unknown", ana.sid, (1,)), ("unknown", "/other", (2,))]


async def test_namespace_classes(harness: EngineHarness, server: Any) -> None:
    """Methods for events, own rooms, own trigger."""
    seen: list[Any] = []

    class ChatNamespace(socketio.AsyncNamespace):  # type: ignore[misc]  # without types
        async def on_connect(self, sid: str, _environ: Any) -> None:
            await self.enter_room(sid, "all")

        async def on_say(self, sid: str, text: str) -> str:
            await self.emit("said", text, room="all", skip_sid=sid)
            return text.upper()

        def on_disconnect(self, sid: str) -> None:
            seen.append(sid)

    class Own(socketio.AsyncNamespace):  # type: ignore[misc]  # without types
        async def trigger_event(self, event: str, *arguments: Any) -> Any:
            return event if event not in ("connect", "disconnect") else None

    server.register_namespace(ChatNamespace("/chat"))
    server.register_namespace(Own("/own"))
    async with harness.connected("/chat,") as ana, harness.connected("/chat,") as ben:
        await ana.say('42/chat,1["say","hi"]', '42/chat,2["unsaid"]')
        assert {await ana.hear(), await ana.hear()} == {'43/chat,1["HI"]', "43/chat,2[]"}
        assert await ben.hear() == '42/chat,["said","hi"]'
        await ana.say("41/chat,")
        await until(lambda: seen == [ana.sid], "no disconnect")
    async with harness.connected("/own,") as speaker:
        await speaker.say('42/own,1["anything"]')
        assert await speaker.hear() == '43/own,1["anything"]'


async def test_several_namespaces_on_one_connection(harness: EngineHarness, server: Any) -> None:
    """Each has its own session id; leaving one leaves the other alone."""
    server.on("connect", lambda *_: None, namespace="/other")
    async with harness.connected() as speaker:
        await speaker.say("40/other,")
        await speaker.expect("40/other,")
        await speaker.say("41/other,", '421["echo"]')
        assert await speaker.hear() == "431[]"


async def test_an_unhandled_event_is_not_answered(harness: EngineHarness) -> None:
    """Neither its ack nor an error."""
    async with harness.connected() as speaker:
        await speaker.say('421["nothing"]', '422["echo"]')
        assert await speaker.hear() == "432[]"


async def test_always_connect(make: Make) -> None:
    """The answer comes before the handler; a refusal is a DISCONNECT."""
    server = make(always_connect=True)
    server.on("connect", lambda *_: False)
    async with serving(server) as harness, harness.connected() as speaker:
        assert str(await speaker.hear()).startswith("41")


async def test_an_official_python_client(make: Make) -> None:
    """Over polling with an upgrade, and over WebSocket alone."""
    # Stock leaves the poll of a client that says goodbye without an answer, until both have passed.
    server = make(ping_interval=2, ping_timeout=8)
    server.on("echo", lambda _sid, value: value)
    async with serving(server) as harness:
        for transports in (["polling", "websocket"], ["websocket"], ["polling"]):
            client = socketio.AsyncClient()
            await client.connect(
                f"http://127.0.0.1:{harness.port}", transports=transports, wait_timeout=PATIENCE_S
            )
            assert await client.call("echo", {"a": b"bytes"}) == {"a": b"bytes"}
            assert client.transport() == transports[-1]
            await client.disconnect()


async def test_background_tasks(server: Any) -> None:
    """`start_background_task` and `sleep`."""
    done: list[int] = []

    async def work(value: int) -> None:
        await server.sleep(0)
        done.append(value)

    await server.start_background_task(work, 3)
    assert done == [3]
