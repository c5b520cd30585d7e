"""What a client sends comes back to it, as it was."""

import asyncio
import contextlib

from tests.echo.caller import Caller
from tests.echo.conftest import Call, NewEcho
from tests.patience import PATIENCE_S


async def test_a_client_hears_itself(new_echo: NewEcho, call: Call) -> None:
    echo = new_echo()
    caller = await call(echo, "voice")
    await caller.hears_itself()
    assert echo.connected.is_set()


async def test_a_client_hears_and_sees_itself(new_echo: NewEcho, call: Call) -> None:
    """A tone, and pictures by their numbers."""
    caller = await call(new_echo(), "video")
    await caller.sees_itself()
    await caller.hears_itself()


async def test_an_offer_that_begins_anew_is_left_alone(new_echo: NewEcho, call: Call) -> None:
    """For that there is `call:restart`; what goes on is not broken by it."""
    echo = new_echo()
    caller = await call(echo)
    await caller.hears_itself()
    other = Caller("voice")
    answers: list[str | None] = []

    async def answer(sdp: str) -> str | None:
        answers.append(await echo.answer(sdp))
        return None

    with contextlib.suppress(AssertionError):
        await other.call(answer)
    assert answers == [None]
    caller.forget()
    await caller.hears_itself()
    await other.close()


async def test_too_much_is_dropped(new_echo: NewEcho, call: Call) -> None:
    """As by a slow network; what is within the bandwidth goes on."""
    echo = new_echo(kbps=40)
    caller = await call(echo, "video")
    async with asyncio.timeout(PATIENCE_S):
        await echo.connected.wait()
        while not echo.media._dtls._dropped:
            await asyncio.sleep(0.05)
    assert echo.media._dtls.state == "connected"
    await caller.close()
