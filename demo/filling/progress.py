"""What is said while a town is filled: a line a step, with how long it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str], object]


class Progress:
    """Says how far it is. `say` gets whole lines."""

    def __init__(self, say: Say) -> None:
        self._say = say

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Something that takes a while."""
        begun = time.monotonic()
        yield
        self._say(f"  {what}: {time.monotonic() - begun:.1f} s")

    def far(self, done: int, of: int) -> None:
        """So much of a long step is done; not each is worth a line."""
        if of >= 100 and done in {of // 4, of // 2, 3 * of // 4}:
            self._say(f"    {100 * done // of} %")
