"""Whether a program may open as many files as it needs: looked at before there is a loop, which needs some.

Each raises OSError, in a sentence that names a setting.
"""

from core.settings import Settings
from rest.http.descriptors import demand, own

_AN_ECHO_CALL = 8  # a socket for each address of the machine, and as many while it is restarted
_OF_A_COMMAND = 32  # no more than one connection to a store, and perhaps embedded servers


def for_a_server(settings: Settings) -> None:
    """With one client at least."""
    demand(own(settings) + 1, "MAX_CONNECTIONS")


def for_a_worker(settings: Settings) -> None:
    """Without any."""
    demand(own(settings), "DATABASE_POOL")


def for_an_echo(settings: Settings) -> None:
    """With all calls that it is given: it says how many, and no fewer are given to it."""
    demand(own(settings) + settings.echo_calls * _AN_ECHO_CALL, "ECHO_CALLS")


def for_a_command() -> None:
    """One that does something once."""
    demand(_OF_A_COMMAND, "DATA_DIR")
