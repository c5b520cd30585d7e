"""Socket.IO v5: what ours does and stock python-socketio does not. See `test_behaviour` for what both do."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio

from core.later import Later
from realtime.transport import Limits, OutputPolicy, SocketServer, reasons
from tests.transport.speaker import EngineHarness, serving, until


class Talk:
    """A server with a few handlers that remembers who came and went."""

    def __init__(self, **options: Any) -> None:
        self.server = SocketServer(async_mode="aiohttp", cors_allowed_origins="*", **options)
        self.came: list[str] = []
        self.gone: list[tuple[str, str]] = []
        self.release = asyncio.Event()
        for handler in (self.connect, self.disconnect, self.echo, self.wait):
            self.server.on(handler.__name__, handler)

    async def connect(self, sid: str, _environ: Any, auth: Any) -> None:
        self.came.append(sid)
        if auth == {"wait": True}:
            await self.release.wait()

    async def disconnect(self, sid: str, reason: str) -> None:
        self.gone.append((sid, reason))

    async def echo(self, _sid: str, *values: Any) -> Any:
        return values

    async def wait(self, _sid: str, value: Any) -> Any:
        await self.release.wait()
        return value


@pytest.fixture
def talk() -> Talk:
    """A server with the timers of production."""
    return Talk()


@pytest.fixture
async def harness(talk: Talk) -> AsyncIterator[EngineHarness]:
    """The server, served."""
    async with serving(talk.server) as harness:
        yield harness


async def test_what_a_connect_handler_sends_comes_after_connect(harness: EngineHarness, talk: Talk) -> None:
    """To the client itself, and to a room it was put into."""

    async def connect(sid: str, _environ: Any) -> None:
        await talk.server.enter_room(sid, "hall")
        await talk.server.emit("welcome", to=sid)
        await talk.server.emit("news", 1, room="hall")

    talk.server.on("connect", connect)
    async with harness.connected() as speaker:
        assert [await speaker.hear(), await speaker.hear()] == ['42["welcome"]', '42["news",1]']


async def test_connect_can_be_answered_with_more(harness: EngineHarness, talk: Talk) -> None:
    """`pid`, by which the official client recovers."""
    talk.server.on("connect", lambda sid, _environ: talk.server.answer_connect(sid, {"pid": "p1"}))
    async with harness.connected() as speaker:
        assert speaker.answer == {"sid": speaker.sid, "pid": "p1"}


async def test_an_encoded_event_is_sent_as_it_is(harness: EngineHarness, talk: Talk) -> None:
    """Its offset last; to one and to several; unknown ones are not counted."""
    async with harness.connected() as ana, harness.connected() as ben:
        assert talk.server.emit_encoded("chat:message", b'{"a":1.0}', ana.sid, offset="17-0") == 1
        assert (
            talk.server.emit_encoded("chat:typing", b"{}", [ana.sid, ben.sid, "nobody"], volatile=True) == 2
        )
        assert await ana.hear() == '42["chat:message",{"a":1.0},"17-0"]'
        assert await ana.hear() == await ben.hear() == '42["chat:typing",{}]'


async def test_a_client_can_be_pinged_at_any_time(harness: EngineHarness, talk: Talk) -> None:
    """Once until it answers; whatever it says counts as heard, once."""
    async with harness.connected() as ana:
        ana.deaf = True
        talk.server.heard(ana.sid)
        for _ in range(3):
            talk.server.ping(ana.sid)
        assert await ana.hear() == "2"
        assert not talk.server.heard(ana.sid)
        await ana.say("3", '421["echo",1]')
        assert await ana.hear() == "431[1]"
        assert talk.server.heard(ana.sid)
        assert not talk.server.heard(ana.sid)
        talk.server.ping(ana.sid)
        assert await ana.hear() == "2"
    talk.server.ping("nobody")
    assert not talk.server.heard("nobody")


async def test_a_ping_that_was_asked_for_ends_the_connection_like_any() -> None:
    """Long before the next one would have been due."""
    talk = Talk(ping_interval=1_000, ping_timeout=0.1)
    async with serving(talk.server) as harness, harness.connected() as ana:
        ana.deaf = True
        talk.server.ping(ana.sid)
        await until(lambda: talk.gone == [(ana.sid, reasons.PING_TIMEOUT)], "no disconnect")


async def test_an_unknown_namespace_is_refused_by_name(harness: EngineHarness) -> None:
    """And the session goes on."""
    async with harness.connected() as speaker:
        await speaker.say("40/nowhere,")
        assert await speaker.hear() == '44/nowhere,{"message":"Invalid namespace"}'
        await speaker.say('421["echo",1]')
        assert await speaker.hear() == "431[1]"


@pytest.mark.parametrize(
    "packets",
    [
        ["4abc"], ["42{}"], ['42abc["echo"]'], ['42["connect",{},{}]'], ['42["disconnect","x"]'],
        ["46"], ["44{}"],
        ['451-["echo",{"_placeholder":true,"num":0}]', '42["echo"]'], [b"unasked"], ["43[1]"],
        ['451-["echo",{"_placeholder":true,"num":5}]', b"x"], ["45999-[1]"],
    ],
)  # fmt: skip
async def test_a_bad_packet_ends_the_session(harness: EngineHarness, talk: Talk, packets: list[Any]) -> None:
    """With the reason `parse error`, told once."""
    async with harness.connected() as speaker:
        await speaker.say(*packets)
        assert await speaker.ended() == 1002
        await until(lambda: talk.gone == [(speaker.sid, reasons.PARSE_ERROR)], "no disconnect")
    assert not talk.server.eio.sockets
    assert not talk.server.manager.spaces


async def test_packets_before_connect_end_the_session(harness: EngineHarness) -> None:
    """Whatever they are."""
    for packet in ('42["echo"]', "41", "431[]"):
        async with harness.websocket() as speaker:
            await speaker.expect("0")
            await speaker.say(packet)
            await speaker.ended()


async def test_attachments_have_a_sum() -> None:
    """That of `max_http_buffer_size`, whatever each of them is."""
    talk = Talk(max_http_buffer_size=1000)
    async with serving(talk.server) as harness, harness.connected() as speaker:
        head = '452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'
        await speaker.say(head, b"x" * 600, b"y" * 600)
        await speaker.ended()


async def test_packets_wait_for_the_connect_handler(harness: EngineHarness, talk: Talk) -> None:
    """They are handled in order when it has decided."""
    async with harness.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say('40{"wait":true}', '421["echo",1]', '422["echo",2]')
        await until(lambda: talk.came, "the handler did not run")
        talk.release.set()
        assert [(await speaker.expect("4"))[:3] for _ in range(3)] == ['40{', "431", "432"]  # fmt: skip


async def test_events_wait_for_each_other_if_asked() -> None:
    """`async_handlers=False`."""
    talk = Talk(async_handlers=False)
    async with serving(talk.server) as harness, harness.connected() as speaker:
        await speaker.say('421["wait",1]', '422["echo",2]')
        await asyncio.sleep(0)
        talk.release.set()
        assert [await speaker.hear(), await speaker.hear()] == ["431[1]", "432[2]"]


async def test_a_client_with_too_much_under_way_is_not_read_from() -> None:
    """Nothing is lost: it is read again when half is done."""
    talk = Talk(limits=Limits(max_running=4))
    async with serving(talk.server) as harness, harness.connected() as speaker:
        await speaker.say(*(f'42{i}["wait",{i}]' for i in range(40)))
        session = next(iter(talk.server.eio.sockets.values()))
        await until(lambda: session._reading is not None, "it is read from")
        talk.release.set()
        assert {await speaker.hear() for _ in range(40)} == {f"43{i}[{i}]" for i in range(40)}


async def test_a_session_that_vanishes_while_connecting_is_told_once(
    harness: EngineHarness, talk: Talk
) -> None:
    """Connect runs to its end, then disconnect."""
    async with harness.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say('40{"wait":true}')
        await until(lambda: talk.came, "the handler did not run")
    talk.release.set()
    await until(lambda: talk.gone, "no disconnect")
    assert [sid for sid, _ in talk.gone] == talk.came
    await until(lambda: not talk.server.eio.sockets, "the session leaked")


async def test_who_joins_nothing_is_closed() -> None:
    """After the connect time-out, also when every CONNECT was refused."""
    talk = Talk(connect_timeout=0.05)
    async with serving(talk.server) as harness, harness.websocket() as speaker:
        await speaker.say("40/nowhere,")
        assert await speaker.ended() == 1008
        await until(lambda: not talk.server.eio.sockets, "the session leaked")


async def test_disconnect_closes_tcp_if_the_client_does_not() -> None:
    """DISCONNECT first, then a little while."""
    talk = Talk(close_timeout=0.05)
    async with serving(talk.server) as harness, harness.connected() as speaker:
        await talk.server.disconnect(speaker.sid)
        assert await speaker.hear() == "41"
        await speaker.ended()
        assert talk.gone == [(speaker.sid, reasons.SERVER_DISCONNECT)]


async def test_close_sends_no_disconnect(harness: EngineHarness, talk: Talk) -> None:
    """So that an official client comes back, also C++, by code. Handlers hear the reason."""
    async with harness.connected() as speaker:
        talk.server.close(speaker.sid, "drained")
        with pytest.raises(ConnectionError):
            await speaker.hear()
        assert speaker.socket.close_code == reasons.GOING_AWAY
        await until(lambda: talk.gone == [(speaker.sid, "drained")], "no disconnect")


async def test_a_disconnect_handler_that_raises_runs_once(harness: EngineHarness, talk: Talk) -> None:
    """A TypeError of its own is no sign that it takes fewer arguments."""
    runs: list[str] = []

    async def disconnect(sid: str, _reason: str) -> None:
        runs.append(sid)
        raise TypeError

    talk.server.on("disconnect", disconnect)
    async with harness.connected():
        pass
    await until(lambda: not talk.server.eio.sockets, "the session leaked")
    assert len(runs) == 1


@pytest.fixture
def within_one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten seconds, in which so many lines of a kind are enough, however long a busy machine takes."""
    monkeypatch.setattr("realtime.transport.log_throttle._WINDOW_S", 3600.0)


@pytest.mark.usefixtures("within_one_window")
async def test_a_handler_that_raises_is_logged_and_not_acknowledged(
    harness: EngineHarness, talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    """The boundary above answers; five tracebacks in ten seconds are enough."""

    async def fail(_sid: str) -> None:
        raise LookupError("oops")

    talk.server.on("fail", fail)
    async with harness.connected() as speaker:
        await speaker.say(*['421["fail"]'] * 50, '422["echo"]')
        assert await speaker.hear() == "432[]"
    assert len([record for record in caplog.records if record.exc_info]) == 5


async def test_a_handler_may_answer_later(harness: EngineHarness, talk: Talk) -> None:
    """Whatever it knows at once, or never, in its own time."""
    given: dict[str, Later[str]] = {}

    def later(_sid: str, name: str) -> Later[str]:
        given[name] = Later()
        if name == "0":
            given[name].settle("at once")
        return given[name]

    talk.server.on("later", later)
    async with harness.connected() as speaker:
        await speaker.say(*(f'42{i}["later","{i}"]' for i in range(4)))
        await until(lambda: len(given) == 4, "the handler did not run")
        given["3"].settle("first")
        given["2"].settle("second")
        heard = [await speaker.hear() for _ in range(3)]
        assert heard == ['430["at once"]', '433["first"]', '432["second"]']


async def test_a_slow_consumer_loses_volatile_events_first() -> None:
    """Then its connection, without a DISCONNECT."""
    talk = Talk(limits=Limits(output=OutputPolicy(max_bytes=200_000)))
    async with serving(talk.server) as harness:
        poller = await harness.polling()
        sid = (await poller.join())["sid"]
        for number in range(100):
            await talk.server.emit("v", "x" * 5000, to=sid, volatile=True)
            if number < 30:
                await talk.server.emit("d", "y" * 5000, to=sid)
        body = "".join([(await poller.get())[1] for _ in range(2)])
        assert body.count('"d"') == 30
        assert body.count('"v"') < 15
        for _ in range(50):
            await talk.server.emit("d", "y" * 5000, to=sid)
        await until(lambda: talk.gone == [(sid, reasons.SLOW_CONSUMER)], "it was not thrown out")
        assert talk.server.eio.dropped_volatile > 80


async def test_answers_to_nothing_are_dropped(harness: EngineHarness, talk: Talk) -> None:
    """Without a line in the log for each."""
    async with harness.connected() as speaker:
        await speaker.say("4312345[1]", "430[]", '421["echo"]')
        assert await speaker.hear() == "431[]"


async def test_questions_never_answered_do_not_gather() -> None:
    """The oldest are given up."""
    talk = Talk(limits=Limits(max_unanswered=10))
    async with serving(talk.server) as harness, harness.connected() as speaker:
        for _ in range(50):
            await talk.server.emit("q", to=speaker.sid, callback=lambda: None)
        assert len(talk.server.manager.callbacks[speaker.sid]) == 11  # and the counter


async def test_the_environ_outlives_the_request(harness: EngineHarness, talk: Talk) -> None:
    """As python-socketio's, without the request and most of its headers, which would keep their memory."""
    async with harness.http.ws_connect(
        f"{harness.url}?EIO=4&transport=websocket&x=1", headers={"X-A": "b", "User-Agent": "c" * 1000}
    ) as socket:
        await socket.receive_str()
        await socket.send_str("40")
        sid = json.loads((await socket.receive_str())[2:])["sid"]
        environ = talk.server.get_environ(sid)
        assert environ is not None
        assert (environ["HTTP_USER_AGENT"], environ["REMOTE_ADDR"]) == ("c" * 512, "127.0.0.1")
        assert "HTTP_X_A" not in environ
        assert environ["QUERY_STRING"].endswith("x=1")
        assert "aiohttp.request" not in environ


async def test_a_namespace_limit() -> None:
    """One client cannot fill the tables."""
    talk = Talk(namespaces="*", limits=Limits(max_namespaces=3))
    async with serving(talk.server) as harness, harness.connected() as speaker:
        for name in ("/a", "/b"):
            await speaker.say(f"40{name},")
            await speaker.expect(f"40{name},")
        await speaker.say("40/c,")
        assert await speaker.hear() == '44/c,{"message":"Too many namespaces"}'


def test_other_serializers_are_refused() -> None:
    """At construction, where `make_server` is not used."""
    with pytest.raises(ValueError, match="serializer"):
        SocketServer(async_mode="aiohttp", serializer="msgpack")


def test_it_is_an_async_server() -> None:
    """What takes python-socketio's server takes ours."""
    assert isinstance(SocketServer(), socketio.AsyncServer)


@pytest.mark.usefixtures("within_one_window")
async def test_what_clients_do_wrong_is_told_to_the_given_logger(caplog: pytest.LogCaptureFixture) -> None:
    """In one line each, a few of them."""
    talk = Talk(logger=logging.getLogger("told.here"))
    async with serving(talk.server) as harness:
        for _ in range(8):
            async with harness.connected() as speaker:
                await speaker.say("4x")
                await speaker.ended()
    told = [
        record for record in caplog.records if record.name == "told.here" and record.levelname == "WARNING"
    ]
    assert [record.getMessage().partition(":")[0] for record in told] == ["bad packet"] * 5
