"""A world of people for each test; tests share a database and never each other's people."""

from collections.abc import AsyncIterator

import pytest

from tests.stores.world import World, world_at


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with world_at(database_url) as world:
        yield world
