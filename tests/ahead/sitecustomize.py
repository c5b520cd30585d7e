"""On PYTHONPATH, a process whose clock is AHEAD_S seconds ahead; its monotonic clock is as all others'."""

import os
import time

_AHEAD_NS = int(float(os.environ.get("AHEAD_S", "0")) * 1e9)
_right = time.time_ns

time.time_ns = lambda: _right() + _AHEAD_NS
time.time = lambda: time.time_ns() / 1e9
