"""The one Chromium of a worker, and another when it no longer answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psutil
from playwright.async_api import Browser, BrowserContext, Page

_ANSWER_S = 60
_CLOSING_S = 15

Launch = Callable[[], Awaitable[Browser]]


class Chromium:
    """Now and then, on a busy machine, Chromium closes pages and never says so, and what it is asked then may
    have no answer either. Nobody waits for it: who is in it leaves, and who comes next gets another.
    """

    def __init__(self, launch: Launch, program: str) -> None:
        """`program`: the name of its processes. Another of this worker may go by another name."""
        self._launch, self._program = launch, program
        self._browser: Browser | None = None
        self._answers = True

    async def open(self, **how: Any) -> Page:
        """An empty page, in a context of its own: storage, permissions, camera."""
        try:
            return await self._open(**how)
        except TimeoutError:
            self._answers = False
            return await self._open(**how)

    async def _open(self, **how: Any) -> Page:
        async with asyncio.timeout(_ANSWER_S):
            if not self._answers:
                self._kill_all()
                self._browser, self._answers = None, True
            if self._browser is None:
                self._browser = await self._launch()
            context = await self._browser.new_context(
                permissions=["camera", "microphone"], **{"service_workers": "block", **how}
            )
            return await context.new_page()

    async def close(self, context: BrowserContext) -> None:
        """Close all pages of somebody."""
        await self._closed(context)

    async def end(self) -> None:
        """Close all, and be sure of it."""
        if self._browser is not None:
            await self._closed(self._browser)
        self._kill_all()

    async def _closed(self, what: Browser | BrowserContext) -> None:
        try:
            async with asyncio.timeout(_CLOSING_S):
                await what.close()
        except TimeoutError:
            self._answers = False

    def _kill_all(self) -> None:
        """Of this worker: they are children of its Playwright."""
        for process in psutil.Process().children(recursive=True):
            if process.name() == self._program:
                process.kill()
