"""Ports that tests take: nobody else's, and given back."""

import socket

import pytest

from tests.ports import Ports, _held


def test_a_port_is_kept_from_others_until_its_taker_is_done() -> None:
    """Though nobody listens there yet; and the system gives it to nobody who asks for any."""
    with Ports() as ports:
        own = ports.take(among_them=10_000)
        for taken in (own, own + 10_000, ports.take()):
            with socket.socket() as program:
                program.bind(("127.0.0.1", taken))
            with pytest.raises(OSError, match="in use"):
                _held(taken)
        with socket.socket() as anybody:
            anybody.bind(("127.0.0.1", 0))
            assert anybody.getsockname()[1] > own + 10_000
    _held(own).close()
