"""Cleans the `auth` of a CONNECT, so that nobody is refused without need. Pure.

Unknown fields are removed before it is checked: a newer client may meet an older node.
"""

from typing import Any

from core.contract.session import ClientInfo, ConnectAuth

_LONGEST = 200  # characters of an offset or a pid; ours are shorter
_LONGEST_CLIENT = 100


def legible(auth: dict[str, Any]) -> dict[str, Any]:
    """The known fields of the `auth`, without a description of the client that is malformed.

    An offset or a pid that cannot be ours becomes empty, which is as good as none.
    """
    known = {name: auth[name] for name in ConnectAuth.__struct_fields__ if name in auth}
    for name in known.keys() & {"pid", "offset"}:
        known[name] = known[name] if _may_be_ours(known[name]) else ""
    if "client" in known:
        known["client"] = _client(known["client"])
    return known


def _may_be_ours(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, str) and len(value) <= _LONGEST and value.isascii() and value.isprintable()


def _client(value: object) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    said = {name: value.get(name) for name in ClientInfo.__struct_fields__}
    return {
        name: text
        for name, text in said.items()
        if isinstance(text, str) and len(text) <= _LONGEST_CLIENT and text.isprintable()
    }
