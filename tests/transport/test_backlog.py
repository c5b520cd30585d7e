"""What waits for clients that do not read: each has a bound, and all have one together."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from realtime.transport import Limits, OutputPolicy, SocketServer, reasons
from realtime.transport.backlog import Backlog, Waiting
from tests.transport.speaker import serving, until, upgrade_request
from tests.transport.test_frames import masked

_FRAME = b"x" * 100
_ACTS = st.tuples(st.integers(0, 3), st.sampled_from(["say", "say volatile", "take", "put back", "clear"]))


def _backlogs(count: int, **policy: int) -> tuple[Waiting, list[Backlog]]:
    waiting = Waiting()
    return waiting, [Backlog(OutputPolicy(**policy), waiting) for _ in range(count)]


def _fill(backlog: Backlog) -> int:
    """How many frames it takes."""
    taken = 0
    while backlog.push(_FRAME):
        taken += 1
    return taken


def test_one_alone_has_its_own_bound() -> None:
    waiting, [backlog] = _backlogs(1, max_bytes=500, max_bytes_together=10_000)
    assert _fill(backlog) == 5
    assert (waiting.clients, waiting.size) == (1, 500)


def test_where_many_wait_each_has_an_equal_share() -> None:
    """Who comes last has one too, and who holds more than theirs gets no more."""
    waiting, backlogs = _backlogs(10, max_bytes=500, max_bytes_together=1_000)
    assert [_fill(backlog) for backlog in backlogs] == [5, 5, 3, 2, 2, 1, 1, 1, 1, 1]
    assert waiting.size < 2 * 1_000 + 10 * len(_FRAME)


def test_what_is_taken_or_forgotten_makes_room() -> None:
    waiting, [slow, slower] = _backlogs(2, max_bytes=1_000, max_bytes_together=1_000)
    _fill(slow)
    assert not slow.push(_FRAME)
    assert slow.push(_FRAME, volatile=True), "a volatile frame ends nobody"
    slow.pop()
    assert slow.push(_FRAME)
    slow.clear()
    assert (waiting.clients, waiting.size) == (0, 0)
    assert _fill(slower) == 10


@given(st.lists(_ACTS, max_size=60))
def test_all_together_are_what_each_has(acts: list[tuple[int, str]]) -> None:
    waiting, backlogs = _backlogs(4, max_bytes=500, max_messages=4, max_bytes_together=800)
    for number, act in acts:
        backlog = backlogs[number]
        if act == "clear":
            backlog.clear()
        elif act.startswith("say"):
            backlog.push(_FRAME, volatile=act == "say volatile")
        elif backlog and act == "take":
            backlog.pop()
        elif backlog:
            backlog.put_back(backlog.pop()[1:])
        assert waiting.size == sum(each.size for each in backlogs)
        assert waiting.clients == sum(bool(each) for each in backlogs)


async def test_many_who_do_not_read_are_let_go_before_they_fill_the_memory() -> None:
    """Who reads stays, and what waited for the others is forgotten with them."""
    gone: list[str] = []
    limits = Limits(output=OutputPolicy(max_bytes=400_000, max_bytes_together=800_000))
    server = SocketServer(async_mode="aiohttp", limits=limits, close_timeout=0.2)
    server.on("connect", lambda _sid, _environ: None)
    server.on("disconnect", lambda _sid, reason: gone.append(reason))
    async with serving(server) as harness, harness.connected() as reader:
        writers = []
        for _ in range(20):
            stream, writer = await asyncio.open_connection("127.0.0.1", harness.port, limit=1024)
            writer.write(upgrade_request("socket.io") + masked(1, b"40"))
            await stream.readuntil(b'40{"sid"')
            writers.append(writer)
        slow = [sid for sid in server.manager.spaces["/"].members if sid != reader.sid]
        most = 0
        while len(gone) < len(slow):
            for sid in slow:
                server.emit_encoded("news", b'"%b"' % (b"x" * 16_000), sid)
            most = max(most, server.eio.waiting.size)
            server.emit_encoded("tick", b"1", reader.sid)
            assert await reader.hear() == '42["tick",1]'
        assert set(gone) == {reasons.SLOW_CONSUMER}
        assert most < 2 * 800_000, f"{most} bytes waited"
        await until(lambda: not server.eio.waiting.size, "what waited for them was kept")
        for writer in writers:
            writer.transport.abort()
