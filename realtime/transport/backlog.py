"""Frames that wait for a client to take them, bounded in bytes and number. Pure.

At the bound, volatile frames are lost first: all that wait are dropped, and no new one is taken. `push`
refuses a frame only when durable frames alone are too many; `Session.send` then ends the session. What waits
for all clients of a server is counted in one `Waiting`, so many slow ones have less room each.
"""

from collections import deque

from .limits import OutputPolicy


class Waiting:
    """What waits for all clients together: so many bytes, for so many of them."""

    __slots__ = ("clients", "size")

    def __init__(self) -> None:
        self.clients = self.size = 0


class Backlog:
    """A queue of frames under an `OutputPolicy`. To be cleared where its frames are not taken any more."""

    __slots__ = ("_frames", "_policy", "_volatile", "_waiting", "dropped", "size")

    def __init__(self, policy: OutputPolicy, waiting: Waiting) -> None:
        self._policy = policy
        self._waiting = waiting
        self._frames: deque[tuple[bytes, bool]] = deque()
        self._volatile = 0
        self.size = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, frame: bytes, *, volatile: bool = False) -> bool:
        """Take a frame, or drop it if it is volatile. False: there is no room for a durable one."""
        if not self._fits(frame):
            if volatile:
                self.dropped += 1
                return True
            self._shed()
            if not self._fits(frame):
                return False
        self._waiting.clients += not self._frames
        self._frames.append((frame, volatile))
        self._volatile += volatile
        self._count(len(frame))
        return True

    def pop(self) -> bytes:
        """The oldest frame. Raises IndexError when there is none."""
        frame, volatile = self._frames.popleft()
        self._waiting.clients -= not self._frames
        self._volatile -= volatile
        self._count(-len(frame))
        return frame

    def put_back(self, frame: bytes) -> None:
        """Put back what is left of the oldest frame; it is taken next."""
        self._waiting.clients += not self._frames
        self._frames.appendleft((frame, False))
        self._count(len(frame))

    def clear(self) -> None:
        """Forget what waits: nobody takes it."""
        self._waiting.clients -= bool(self._frames)
        self._count(-self.size)
        self._frames.clear()
        self._volatile = 0

    def _count(self, size: int) -> None:
        self.size += size
        self._waiting.size += size

    def _fits(self, frame: bytes) -> bool:
        policy, waiting = self._policy, self._waiting
        size = self.size + len(frame)
        if size > policy.max_bytes or len(self._frames) >= policy.max_messages:
            return False
        together = policy.max_bytes_together
        return waiting.size + len(frame) <= together or size <= together // max(1, waiting.clients)

    def _shed(self) -> None:
        if not self._volatile:
            return
        kept = [entry for entry in self._frames if not entry[1]]
        self.dropped += len(self._frames) - len(kept)
        self.clear()
        self._frames = deque(kept)
        self._waiting.clients += bool(kept)
        self._count(sum(len(frame) for frame, _ in kept))
