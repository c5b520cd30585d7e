"""The private names of other libraries that the socket path leans on: which one broke."""

import asyncio
import inspect

import aiohttp.web_protocol
import engineio
import pytest
import socketio
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol

from realtime.transport import find_fault, internals, make_server, selftest
from realtime.transport.fallback import StockServer
from realtime.transport.server import SocketServer
from tests.transport.speaker import serving


def test_aiohttps_masking_helper() -> None:
    """Masks in place, from the first byte on."""
    for size in (0, 1, 5, 1000):
        data = bytearray(range(256)) * 4
        data = data[:size]
        masked = bytearray(data)
        internals.unmask(b"\x01\x02\x03\x04", masked)
        assert masked == bytearray(byte ^ (i % 4 + 1) for i, byte in enumerate(data))


@pytest.mark.parametrize("name", ["_message_tail", "_task_handler"])
def test_aiohttps_request_handler_has(name: str) -> None:
    """What a take-over reads and clears."""
    assert name in aiohttp.web_protocol.RequestHandler.__slots__


def test_aiohttps_request_handler_forgets_a_lost_connection() -> None:
    """The transport lies in the attribute that we clear, and everything else is let go of."""
    assert "transport" in BaseProtocol.__slots__
    source = inspect.getsource(aiohttp.web_protocol.RequestHandler.connection_lost)
    for needed in ("_manager", "force_close", "_parser", "_keepalive_handle"):
        assert needed in source


def test_aiohttps_requests_are_told_of_a_lost_connection() -> None:
    """By the method that we replace."""
    assert callable(web.BaseRequest._cancel)
    assert "_current_request._cancel" in inspect.getsource(
        aiohttp.web_protocol.RequestHandler.connection_lost
    )


async def test_asyncio_lets_us_enter_a_task() -> None:
    """And refuses while another one is current."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(asyncio.sleep(0))
    with pytest.raises(RuntimeError):
        internals.enter_task(loop, task)
    seen: list[object] = []

    def enter() -> None:
        internals.enter_task(loop, task)
        seen.append(asyncio.current_task())
        internals.leave_task(loop, task)
        seen.append(asyncio.current_task())

    loop.call_soon(enter)
    await task
    assert seen == [task, None]


@pytest.mark.parametrize("name", ["_get_socket", "_generate_sid_cookie"])
def test_engineios_server_has(name: str) -> None:
    """What we replace or call."""
    assert callable(getattr(engineio.AsyncServer, name))


def test_socketios_server_asks_for_its_engine() -> None:
    """So that it gets ours."""
    assert SocketServer()._engineio_server_class() is not socketio.AsyncServer()._engineio_server_class()


@pytest.mark.parametrize(
    "name",
    [
        "_generate_ack_id", "basic_enter_room", "basic_leave_room", "basic_close_room", "get_participants",
        "sid_from_eio_sid", "eio_sid_from_sid", "is_pre_connected", "trigger_callback", "can_disconnect",
    ],
)  # fmt: skip
def test_socketios_manager_has(name: str) -> None:
    """What our tables take over from it, or call."""
    assert callable(getattr(socketio.AsyncManager, name))


async def test_the_self_test_finds_nothing() -> None:
    """Here, with these versions."""
    assert await find_fault() is None
    chosen = await make_server(async_mode="aiohttp")
    assert isinstance(chosen.server, SocketServer)
    assert chosen.fault is None


async def test_a_fault_falls_back_to_stock(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With the reason, in the log too; and the hooks go on working."""
    monkeypatch.setattr(internals, "take_transport", _gone)
    monkeypatch.setattr(selftest, "_TIMEOUT_S", 1.0)
    gate = [True]
    chosen = await make_server(async_mode="aiohttp", cors_allowed_origins="*", gate=lambda: gate[0])
    server = chosen.server
    assert isinstance(server, StockServer)
    assert chosen.fault is not None
    assert chosen.fault in caplog.text
    async with serving(server) as harness, harness.connected() as speaker:
        server.answer_connect(speaker.sid, {"pid": "p"})
        assert server.emit_encoded("e", b'{"a":1}', speaker.sid, offset="1-0", volatile=True) == 1
        assert await speaker.hear() == '42["e",{"a":1},"1-0"]'
        gate[0] = False
        assert (await harness.request("GET", "EIO=4&transport=polling"))[0] == 503
        server.close(speaker.sid, "drained")
        # Without the packet CLOSE, after which the official client for Python stays away.
        with pytest.raises(ConnectionError):
            await speaker.hear()


def _gone(_request: web.Request) -> None:
    raise AttributeError("'RequestHandler' object has no attribute '_message_tail'")
