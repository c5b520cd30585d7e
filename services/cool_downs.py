"""Cool-downs: how long a user through whom matches fail has to wait, longer each time within a window. Pure.

The fault is decided where a call ends (`signaling/ending.py`) and is on record with the call, so nothing is
counted twice and nothing is lost. The queue asks when a user joins.
"""

from collections.abc import Sequence

from msgspec import Struct

from core.settings import Settings


class CoolDowns(Struct, frozen=True):
    """The waits in ms after the first, second and further faults within the window; the last one stays."""

    steps_ms: tuple[int, ...] = (0, 30_000, 300_000)
    window_ms: int = 3_600_000

    @classmethod
    def of(cls, settings: Settings) -> "CoolDowns":
        """As the operator has set them; none if rate limits are off, because a cool-down is told as one."""
        if settings.rate_limits == "off":
            return cls((0,))
        steps = tuple(seconds * 1000 for seconds in settings.cool_downs)
        return cls(steps, settings.cool_down_window_s * 1000)

    def counted(self, faults: Sequence[int], now: int) -> list[int]:
        """Those of these faults (ms since the epoch) that still count."""
        return [at for at in faults if at > now - self.window_ms]

    def left_ms(self, faults: Sequence[int], now: int) -> int:
        """How long a user with these faults still has to wait; 0: they may queue."""
        counted = self.counted(faults, now)
        if not counted:
            return 0
        step = self.steps_ms[min(len(counted), len(self.steps_ms)) - 1]
        # Never longer than the step: the fault may be noted by a node whose clock is ahead.
        return max(0, min(step, max(counted) + step - now))
