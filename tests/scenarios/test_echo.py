"""Echo calls through real nodes: heard and seen again, and what becomes of them when processes die."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import psutil
import pytest

from core.vocabulary import Mode
from tests.conftest import NewRedis
from tests.echo.caller import Caller
from tests.integration.echoing import call_echo
from tests.integration.person import ClientDevice, Person
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode
from tests.served import Served

# On a busy machine a process takes its time to start.
HERE = {"ECHO": "here", "ECHO_ADDRESS": "127.0.0.1", "GRACE_S": "60", "ECHO_CALL_S": "600"}
Call = Callable[..., Awaitable["EchoUser"]]


@pytest.fixture(autouse=True)
def loopback_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves this one address out; a machine may have no other."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: ["127.0.0.1"])


class EchoUser:
    """Somebody in an echo call, with what any client does."""

    def __init__(self, device: ClientDevice, mode: Mode) -> None:
        self.device, self.mode, self.call_id = device, mode, ""
        self.caller: Caller | None = None

    async def begin(self) -> "EchoUser":
        """Asked for, accepted, live."""
        self.call_id = await call_echo(self.device, self.mode)
        await self.device.ask("call:accept", call_id=self.call_id)
        await self.connect(1)
        return self

    async def connect(self, epoch: int) -> None:
        """The media of this epoch, live when this returns."""
        await self.hang_up()
        about = {"call_id": self.call_id, "epoch": epoch}
        await self.device.next("call:started", **about)

        async def answer(sdp: str) -> str:
            await self.device.ask("call:signal", **about, description={"type": "offer", "sdp": sdp})
            said = await self.device.next("call:signal", **about)
            return str(said["description"]["sdp"])

        self.caller = await Caller(self.mode).call(answer)
        await self.device.ask("call:connected", **about)
        await self.device.next("call:state", state="live", call_id=self.call_id)

    async def hears_and_sees(self) -> None:
        assert self.caller is not None
        self.caller.forget()
        await self.caller.hears_itself()
        if self.mode == "video":
            await self.caller.sees_itself()

    async def hang_up(self) -> None:
        if self.caller is not None:
            await self.caller.close()


@pytest.fixture
async def call(crowd: Callable[..., Awaitable[Person]]) -> AsyncIterator[Call]:
    """`await call(node, "video")`: somebody in a live echo call."""
    users: list[EchoUser] = []

    async def make(node: Served, mode: Mode = "voice") -> EchoUser:
        users.append(EchoUser(await (await crowd(node)).connect("phone"), mode))
        return await users[-1].begin()

    yield make
    await asyncio.gather(*(user.hang_up() for user in users))


def echo_of(node: Served) -> list[psutil.Process]:
    """The process of echo calls of this node."""
    return [
        child
        for child in psutil.Process(node.pid).children()
        if child.is_running() and "echo" in child.cmdline()
    ]


async def test_one_hears_and_sees_oneself_whatever_dies(start_node: StartNode, call: Call) -> None:
    """Again after a restart, by a new epoch, and after the death of the echo process: the node starts
    another, which takes the call over and restarts it. The end is that of any call.
    """
    node = await start_node(**HERE)
    user = await call(node, "video")
    await user.hears_and_sees()
    await user.device.ask("call:restart", call_id=user.call_id, epoch=1)
    await user.connect(2)
    await user.hears_and_sees()
    (before,) = echo_of(node)
    before.send_signal(signal.SIGKILL)
    await user.connect(3)
    await user.hears_and_sees()
    (after,) = echo_of(node)
    assert after.pid != before.pid
    await user.device.ask("call:end", call_id=user.call_id)
    await user.device.next("call:ended", reason="hung_up")


async def test_a_node_that_dies_leaves_its_echo_calls_to_others(start_node: StartNode, call: Call) -> None:
    """Its echo process ends with it; that of another node takes the call over."""
    dying, stays = await start_node(**HERE), await start_node(**{**HERE, "ECHO": "apart"})
    user = await call(stays)
    (echo,) = echo_of(dying)
    await start_node(**HERE)
    os.kill(dying.pid, signal.SIGKILL)
    await dying.ended()
    await user.connect(2)
    await user.hears_and_sees()
    async with asyncio.timeout(PATIENCE_S):
        while echo.is_running() and echo.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.05)


async def test_processes_of_their_own(
    start_node: StartNode,
    call: Call,
    crowd: Callable[..., Awaitable[Person]],
    new_redis: NewRedis,
    nodes_database_url: str,
) -> None:
    """`python -m realtime echo` serves nodes that start none. Where there is none, or all are busy, that is
    said at once. Asked to end, its calls are lost.
    """
    stores = {"DATABASE_URL": nodes_database_url, "REDIS_URL": await new_redis()}
    node = await start_node(**stores, ECHO="apart", GRACE_S="2", ECHO_CALLS="1")
    device = await (await crowd(node)).connect("phone")

    async def refused() -> str:
        error = (await device.send_raw("call:echo", {"mode": "voice"}))["error"]
        assert error["retry_after_ms"] > 0
        return str(error["code"])

    assert await refused() == "unavailable"
    await device.ask("queue:join", mode="voice")  # there is no such call
    await device.ask("queue:leave")
    echo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "realtime", "echo", env={**os.environ, **HERE, **stores, "GRACE_S": "2"}
    )
    try:
        user = await call(node)
        await user.hears_and_sees()
        assert await refused() == "rate_limited"
        echo.send_signal(signal.SIGTERM)
        assert await echo.wait() == 0
        await user.device.next("call:state", state="reconnecting")
        await user.device.next("call:ended", reason="connection_lost")
    finally:
        if echo.returncode is None:
            echo.kill()
            await echo.wait()


async def test_ctrl_c_ends_it(nodes_database_url: str, new_redis: NewRedis) -> None:
    """In good order: in a terminal it is the whole program."""
    echo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "realtime", "echo"),
        env={**os.environ, "DATABASE_URL": nodes_database_url, "REDIS_URL": await new_redis()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert echo.stdout is not None
    try:
        async with asyncio.timeout(2 * PATIENCE_S):
            while b"Ctrl-C stops it" not in (line := await echo.stdout.readline()):
                assert line, "it has ended by itself"
            echo.send_signal(signal.SIGINT)
            said = (await echo.stdout.read()).decode()
            assert await echo.wait() == 0
    finally:
        if echo.returncode is None:
            echo.kill()
            await echo.wait()
    assert "Traceback" not in said, said
