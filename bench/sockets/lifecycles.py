"""What connections cost beside their messages: coming, idling, polling, reading slowly, going."""

import asyncio

from bench.sockets.scenarios import SMALL, Window, steady_cost, window
from bench.sockets.target import Target
from bench.sockets.wire import RawPeer, connect, disconnect, frame


async def coming(target: Target, count: int) -> tuple[float, list[RawPeer]]:
    """The cost of a connection up to the answer to its CONNECT, and the connections."""
    await disconnect(await connect(target.port, count // 2))
    async with window(target) as measured:
        peers = await connect(target.port, count)
        measured.units = count
    return measured.cost, peers


async def going(target: Target, peers: list[RawPeer]) -> float:
    """The cost of a connection's end."""
    async with window(target) as measured:
        await disconnect(peers)
        await asyncio.sleep(0.3)
        measured.units = len(peers)
    return measured.cost


async def idle(target: Target, count: int, seconds: float) -> dict[str, float]:
    """Memory of an idle connection in KiB, and the share of a core that all their pings take."""
    await disconnect(await connect(target.port, 100))
    before = target.memory_bytes()
    peers = await connect(target.port, count)
    async with window(target) as measured:
        await asyncio.sleep(seconds)
        measured.units = count
    memory = (target.memory_bytes() - before) / count / 1024
    await disconnect(peers)
    return {"idle KiB a connection": memory, f"idle {count} % of a core": _share(measured)}


def _share(measured: Window) -> float:
    return measured.cpu_us / 1e4 / measured.wall_s


async def _request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, sid: str, body: bytes = b""
) -> bytes:
    query = f"EIO=4&transport=polling{f'&sid={sid}' if sid else ''}"
    head = f"{method} /socket.io/?{query} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    size = next(
        int(line.split(b":")[1])
        for line in answer.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    return await reader.readexactly(size)


async def polling(target: Target, clients: int, seconds: float) -> float:
    """The cost of a POST with an event and the GET that brings its acknowledgement."""
    counted = 0
    running = True

    async def poll() -> None:
        nonlocal counted
        stream = await asyncio.open_connection("127.0.0.1", target.port)
        sid = (await _request(*stream, "GET", "")).split(b'"sid":"')[1].split(b'"')[0].decode()
        await _request(*stream, "POST", sid, b"40")
        await _request(*stream, "GET", sid)
        while running:
            await _request(*stream, "POST", sid, f'421["echo",{SMALL}]'.encode())
            await _request(*stream, "GET", sid)
            counted += 1
        stream[1].close()

    tasks = [asyncio.create_task(poll()) for _ in range(clients)]
    try:
        return await steady_cost(target, seconds, lambda: counted)
    finally:
        running = False
        await asyncio.gather(*tasks)


async def slow_consumers(target: Target, count: int, megabytes: int) -> float:
    """Memory in MiB of each of `count` clients in a room that do not read `megabytes` sent to it."""
    slow = await connect(target.port, count)
    (speaker,) = await connect(target.port, 1)
    for peer in slow:
        peer.write(frame('421["join","slow"]'))
    await asyncio.sleep(0.3)
    for peer in slow:
        peer.transport.pause_reading()
    before = target.memory_bytes()
    message = frame('42["broadcast","slow",{"text":"' + "y" * 16_000 + '"}]')
    worst = before
    for _ in range(megabytes * 64):
        speaker.write(message)
        await asyncio.sleep(0.002)
        worst = max(worst, target.memory_bytes())
    for peer in [*slow, speaker]:
        peer.transport.abort()
    await asyncio.gather(*(peer.gone for peer in [*slow, speaker]))
    return (worst - before) / count / 2**20
