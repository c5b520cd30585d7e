"""Background tasks end, also where something on the way swallows a cancellation."""

import asyncio

from core import tasks


async def test_a_swallowed_cancellation_is_said_again(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(tasks, "AGAIN_S", 0.01)
    swallowed = 0

    async def deaf() -> None:
        nonlocal swallowed
        while swallowed < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.Event().wait()

    async def failing() -> None:
        raise ValueError

    started = [asyncio.create_task(deaf()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    await tasks.end(started)
    assert swallowed == 2
    assert started[0].cancelled()
    await tasks.end([])
