"""The reasons for which a connection ends, and the WebSocket close code of each. Pure; every close has one.

The first five are Engine.IO's own words, which python-socketio hands to `disconnect` handlers too.
"""

from typing import Final

SERVER_DISCONNECT: Final = "server disconnect"
CLIENT_DISCONNECT: Final = "client disconnect"
PING_TIMEOUT: Final = "ping timeout"
TRANSPORT_CLOSE: Final = "transport close"
TRANSPORT_ERROR: Final = "transport error"
PARSE_ERROR: Final = "parse error"
SLOW_CONSUMER: Final = "slow consumer"
CONNECT_TIMEOUT: Final = "connect timeout"
CONNECT_REFUSED: Final = "connect refused"
SERVER_SHUTDOWN: Final = "server shutdown"

NORMAL: Final = 1000
GOING_AWAY: Final = 1001
PROTOCOL_ERROR: Final = 1002
POLICY_VIOLATION: Final = 1008
TOO_BIG: Final = 1009
TRY_AGAIN_LATER: Final = 1013

ALL: Final = (
    SERVER_DISCONNECT, CLIENT_DISCONNECT, PING_TIMEOUT, TRANSPORT_CLOSE, TRANSPORT_ERROR, PARSE_ERROR,
    SLOW_CONSUMER, CONNECT_TIMEOUT, CONNECT_REFUSED, SERVER_SHUTDOWN,
)  # fmt: skip
"""Those of this package; an application that closes a session may have others."""

_EXPECTED_BACK: Final = frozenset({PING_TIMEOUT, SLOW_CONSUMER, SERVER_SHUTDOWN})

_CODES: Final = {
    PARSE_ERROR: PROTOCOL_ERROR,
    TRANSPORT_ERROR: PROTOCOL_ERROR,
    SLOW_CONSUMER: TRY_AGAIN_LATER,
    CONNECT_TIMEOUT: POLICY_VIOLATION,
    CONNECT_REFUSED: POLICY_VIOLATION,
}


def expects_back(reason: str) -> bool:
    """Whether the client is to come back by itself: also for every reason of the caller's own.

    There are official clients that do so only when they are not told that this was the end: the one for
    Python by the packet CLOSE, the one for C++ by a normal closure.
    """
    return reason in _EXPECTED_BACK or reason not in ALL


def close_code(reason: str) -> int:
    """The RFC 6455 close code for a reason."""
    return _CODES.get(reason, GOING_AWAY if expects_back(reason) else NORMAL)
