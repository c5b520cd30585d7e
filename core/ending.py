"""How a process is asked to end: by a supervisor, which gives it time, or by somebody who waits."""

import asyncio
from contextlib import suppress


class Ending:
    """`asked` to end, and perhaps to hurry."""

    def __init__(self, *, hurried: bool = False) -> None:
        self._asked, self._hurried = asyncio.Event(), asyncio.Event()
        if hurried:
            self._hurried.set()

    @property
    def asked(self) -> bool:
        """It is to end: nobody new should be sent here."""
        return self._asked.is_set()

    @property
    def hurried(self) -> bool:
        """Nothing is to be waited for that only makes the end a gentle one."""
        return self._hurried.is_set()

    def ask(self, *, hurry: bool = False) -> None:
        """End now. Whoever hurried it is not taken back."""
        if hurry:
            self._hurried.set()
        self._asked.set()

    async def begun(self) -> None:
        """Until it is asked to end."""
        await self._asked.wait()

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until it is hurried."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurried.wait()
