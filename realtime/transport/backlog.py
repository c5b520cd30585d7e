"""Frames that wait for a client to take them, bounded in bytes and number. Pure.

At the bound, volatile frames are lost first: all that wait are dropped, and no new one is taken. `push`
refuses a frame only when durable frames alone are too many; `Session.send` then ends the session.
"""

from collections import deque

from .limits import OutputPolicy


class Backlog:
    """A queue of frames under an `OutputPolicy`."""

    __slots__ = ("_frames", "_policy", "_volatile", "dropped", "size")

    def __init__(self, policy: OutputPolicy) -> None:
        self._policy = policy
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
        self._frames.append((frame, volatile))
        self._volatile += volatile
        self.size += len(frame)
        return True

    def pop(self) -> bytes:
        """The oldest frame. Raises IndexError when there is none."""
        frame, volatile = self._frames.popleft()
        self._volatile -= volatile
        self.size -= len(frame)
        return frame

    def put_back(self, frame: bytes) -> None:
        """Put back what is left of the oldest frame; it is taken next."""
        self._frames.appendleft((frame, False))
        self.size += len(frame)

    def _fits(self, frame: bytes) -> bool:
        policy = self._policy
        return self.size + len(frame) <= policy.max_bytes and len(self._frames) < policy.max_messages

    def _shed(self) -> None:
        if not self._volatile:
            return
        kept = [entry for entry in self._frames if not entry[1]]
        self.dropped += len(self._frames) - len(kept)
        self._frames = deque(kept)
        self._volatile = 0
        self.size = sum(len(frame) for frame, _ in kept)
