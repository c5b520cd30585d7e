"""The browser as people have it: it remembers devices by name, and lets a page that films play sounds."""

from collections.abc import AsyncIterator

import pytest

from tests.browser.chromium import Chromium
from tests.browser.conftest import WINDOWED, launched


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Chromium]:
    """In place of that of the other modules."""
    async with launched(*WINDOWED) as browser:
        yield browser
