"""What a node has just read of somebody is told to nobody who may not see it any more."""

from collections.abc import AsyncIterator

import pytest

from composition.rest import running
from core.settings import Settings
from tests.integration.conftest import Meeting


@pytest.fixture
async def sidecar(settings: Settings) -> AsyncIterator[str]:
    """Where the REST side alone answers."""
    async with running(settings) as address:
        yield address


@pytest.mark.parametrize("how", ["a block", "a block at the sidecar", "a connection that ends"])
async def test_what_was_just_read_does_not_outlive_the_right_to_see_it(
    pair: Meeting, sidecar: str, how: str
) -> None:
    """As soon as it is acknowledged."""
    connection = await pair.connect()
    ana, ben, she = pair.ana, pair.ben, pair.she
    await ben.ask("presence:watch", user_ids=[she.id])
    for status in ("away", "online", "away"):
        await ana.ask("presence:set", status=status)
        await ben.next("presence:changed", user_id=she.id, status=status)
    seen = ben.has_heard("presence:changed", user_id=she.id, status="online")
    if how == "a connection that ends":
        await ana.ask("connection:end", connection_id=connection["id"])
    else:
        she.address = sidecar if how == "a block at the sidecar" else she.address
        code, _ = await she.rest("POST", "/v1/blocks", json={"user_id": pair.he.id})
        assert code == 201
    await ana.ask("presence:set", status="online")
    told = await ben.next("presence:changed", user_id=she.id, status="offline")
    assert told.get("last_seen") is None
    assert (await ben.ask("presence:watch", user_ids=[she.id]))["presences"] == []
    assert ben.has_heard("presence:changed", user_id=she.id, status="online") == seen
