"""What Prometheus is told of sockets moves with what happens to them, and a stranger makes no new labels."""

import asyncio

from prometheus_client import CollectorRegistry

from realtime.transport import Limits, OutputPolicy, SocketServer, reasons
from realtime.transport.metrics import SocketMetrics
from tests.transport.speaker import serving, until, upgrade_request
from tests.transport.test_frames import masked

_FRAME = "x" * 16_000


class Told:
    """A server with metrics, and what they say now."""

    def __init__(self, *, frames: int = 100) -> None:
        limits = Limits(output=OutputPolicy(max_bytes=frames * len(_FRAME)))
        self.server = SocketServer(async_mode="aiohttp", limits=limits, close_timeout=0.2)
        self.server.on("connect", lambda _sid, _environ: None)
        self.registry = CollectorRegistry()
        self.registry.register(SocketMetrics(self.server, {"news", "tick"}))

    def of(self, name: str, **labels: str) -> float:
        value = self.registry.get_sample_value(f"realtime_{name}", labels)
        assert value is not None, f"{name} {labels} is not told"
        return value


async def test_sockets_are_told_by_what_carries_them_and_why_they_ended() -> None:
    told = Told()
    assert told.of("sockets_ended_total", reason=reasons.SLOW_CONSUMER) == 0, "each is there from the start"
    async with serving(told.server) as harness:
        await (await harness.polling()).join()
        async with harness.connected() as speaker:
            assert (told.of("sockets", transport="websocket"), told.of("sockets", transport="polling")) == (
                1,
                1,
            )
            await speaker.say("0 no packet")
            await speaker.ended()
        await until(lambda: told.of("sockets", transport="websocket") == 0, "it did not end")
        assert told.of("sockets_ended_total", reason=reasons.PARSE_ERROR) == 1
        assert told.of("sockets_opened_total") == 2


async def test_what_strangers_ask_for_makes_no_new_labels() -> None:
    told = Told()
    admits = True
    told.server.eio.gate = lambda: admits
    async with serving(told.server) as harness:
        for query in ("transport=carrier_pigeon", "transport=polling&EIO=4&sid=nobody", "transport=polling"):
            assert (await harness.request("GET", query))[0] == 400
        admits = False
        assert (await harness.request("GET", "transport=polling&EIO=4"))[0] == 503
        refused = {
            sample.labels["reason"]: sample.value
            for family in told.registry.collect()
            for sample in family.samples
            if sample.name == "realtime_socket_requests_refused_total"
        }
    moved = {"Transport unknown", "Session ID unknown", "Unsupported protocol version"}
    assert {reason for reason, count in refused.items() if count} == moved | {"Not accepting connections"}
    assert sum(refused.values()) == 4


async def test_events_are_told_by_name_once_for_each_socket() -> None:
    told = Told()
    async with serving(told.server) as harness, harness.connected() as ana, harness.connected() as ben:
        told.server.emit_encoded("news", b"1", [ana.sid, ben.sid, "nobody"])
        told.server.emit_encoded("said by a newer version", b"1", ana.sid)
        assert [told.of("events_total", event=event) for event in ("news", "tick", "other")] == [2, 0, 1]


async def test_what_waits_for_who_does_not_read_is_told_and_what_was_dropped_stays_told() -> None:
    """Also once the reader has caught up."""
    told = Told()
    async with serving(told.server) as harness:
        stream, writer = await asyncio.open_connection("127.0.0.1", harness.port, limit=1024)
        writer.write(upgrade_request("socket.io") + masked(1, b"40"))
        await stream.readuntil(b'40{"sid"')
        [sid] = told.server.manager.spaces["/"].members
        while not told.of("volatile_dropped_total"):
            for _ in range(50):
                told.server.emit_encoded("news", b'"%b"' % _FRAME.encode(), sid, volatile=True)
            await asyncio.sleep(0)
        dropped = told.of("volatile_dropped_total")
        assert told.of("backlog_sockets") == 1
        assert told.of("backlog_messages") > 50
        assert told.of("backlog_bytes") > 50 * len(_FRAME)

        async def read() -> None:
            while await stream.read(1_000_000):
                pass

        reading = asyncio.create_task(read())
        await until(lambda: not told.of("backlog_sockets"), "it did not catch up")
        assert told.of("volatile_dropped_total") == dropped
        assert (told.of("backlog_messages"), told.of("backlog_bytes")) == (0, 0)
        reading.cancel()
        writer.transport.abort()
