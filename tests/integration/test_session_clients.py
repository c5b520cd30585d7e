"""The app of each session, as its owner reads it in the list."""

import asyncio
from typing import Any

from tests.integration.conftest import SignUp
from tests.integration.person import Person
from tests.patience import PATIENCE_S

APP = {"name": "Meet", "version": "2.1.0", "platform": "ios"}


async def shown(person: Person, client: dict[str, Any]) -> None:
    """It comes to be in the list."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            _, listed = await person.rest("GET", "/v1/auth/sessions")
            [session] = listed["items"]
            if session.get("client") == client:
                return
            await asyncio.sleep(0.02)


async def test_a_session_shows_the_app_that_last_connected(sign_up: SignUp, elsewhere: str) -> None:
    """Whichever node it came to; without a word of itself, nothing is shown and nothing forgotten."""
    ana = await sign_up()
    await (await ana.connect("bare")).leave()
    _, listed = await ana.rest("GET", "/v1/auth/sessions")
    assert "client" not in listed["items"][0]
    await ana.connect(client=APP)
    await shown(ana, APP)
    await ana.connect("tablet", address=elsewhere, client={**APP, "version": "2.2\x00", "more": 1})
    await shown(ana, {"name": "Meet", "platform": "ios"})
    await ana.connect("another", client={"name": "Desk"})
    await shown(ana, {"name": "Desk"})
