"""The sender of a command, as established when the connection was made."""

from msgspec import Struct


class Caller(Struct, frozen=True):
    """`device` is the client's own id for it, or the connection's `pid`; `sid` is the connection.

    `device_kind` is what `device_kind` says of it.
    """

    user_id: str
    session_id: str
    device: str
    sid: str
    device_kind: str = ""
