"""How long somebody has to wait who lets offers fail: longer each time, until it is long ago. Pure.

Whose fault it was is decided where a call ends (`signaling/transitions.py`) and is on record with the call,
so nothing is counted twice and nothing is forgotten. The queue asks when somebody joins.
"""

from collections.abc import Sequence

from msgspec import Struct

from core.settings import Settings


class CoolDowns(Struct, frozen=True):
    """The waits in ms after the first fault within the window (ms), the second and so on; the last stays."""

    steps_ms: tuple[int, ...] = (0, 30_000, 300_000)
    window_ms: int = 3_600_000

    @classmethod
    def of(cls, settings: Settings) -> "CoolDowns":
        """As the operator has set them; none where rate limits are off, for they are told as one."""
        if settings.rate_limits == "off":
            return cls((0,))
        steps = tuple(seconds * 1000 for seconds in settings.cool_downs)
        return cls(steps, settings.cool_down_window_s * 1000)

    def counted(self, faults: Sequence[int], now: int) -> list[int]:
        """Those of these faults (ms since the epoch) that still count."""
        return [at for at in faults if at > now - self.window_ms]

    def left_ms(self, faults: Sequence[int], now: int) -> int:
        """How long somebody with these faults may not queue yet; 0: they may."""
        counted = self.counted(faults, now)
        if not counted:
            return 0
        step = self.steps_ms[min(len(counted), len(self.steps_ms)) - 1]
        # Never longer than the step: the fault may be noted by a node whose clock is ahead.
        return max(0, min(step, max(counted) + step - now))
