"""Ports for programs that cannot be asked to take a free one, or have to come back at the same.

They lie below those that the system gives away by itself, so nobody gets one by chance; and the tests of all
processes of this machine ask each other, by the name of a socket, before they take one.
"""

import random
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

_GIVEN_AWAY = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUALLY, _RANGE = 32_768, 10_000


class Ports(ExitStack):
    """Those that were taken are kept until its end."""

    def take(self, *, among_them: int = 0) -> int:
        """One that nobody has; nor the one that is higher by `among_them`, where two are needed."""
        lowest = _lowest_given_away() - _RANGE - among_them
        while True:
            port = random.randrange(lowest, lowest + _RANGE)
            with suppress(OSError), ExitStack() as held:
                for each in {port, port + among_them}:
                    held.enter_context(_held(each))
                self.push(held.pop_all())
                return port


def _lowest_given_away() -> int:
    with suppress(OSError):
        return int(_GIVEN_AWAY.read_text().split()[0])
    return _USUALLY


def _held(port: int) -> ExitStack:
    """Raises OSError where somebody has it."""
    with ExitStack() as stack:
        if sys.platform == "linux":
            name = stack.enter_context(socket.socket(socket.AF_UNIX))
            name.bind(f"\0realtime-connect-test-port-{port}")
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
        return stack.pop_all()
    raise AssertionError
