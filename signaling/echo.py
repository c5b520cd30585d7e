"""The echo call: its second party is the server itself, which sends back what it gets. Pure.

It is a call as any other, in the same table. The server's side has accepted before the user is told, is
nobody whom one could meet, report or decide about, and has an id that no account has: those of accounts are
UUIDs of version 7, and this is the call's own id as one of version 8.
"""

import re

from core.contract.calls import SessionDescription
from core.stored import StoredCard
from core.vocabulary import Mode
from signaling.call import Call, Party, Rules

_VERSION = 14  # where a UUID says which one it is
_PORT = re.compile(r"(?<=^m=)(\w+) [1-9]\d*")
_OF_ADDRESSES = ("a=candidate:", "a=remote-candidates:", "a=end-of-candidates", "a=rtcp:")


def echo_id(call_id: str) -> str:
    """Whom the call with this id is with."""
    return f"{call_id[:_VERSION]}8{call_id[_VERSION + 1 :]}"


def is_echo(user_id: str) -> bool:
    """Whether this is the server's side of an echo call."""
    return user_id[_VERSION] == "8"


def echo_call(
    call_id: str,
    user_id: str,
    *,
    device: str,
    process: str,
    mode: Mode,
    region: str,
    now: int,
    rules: Rules,
    relay_only: bool = False,
) -> Call:
    """The call that this device asked for, with the echo of this `process`."""
    return Call(
        id=call_id,
        origin="echo",
        mode=mode,
        region=region,
        parties=(Party(card=_nobody(user_id), asked=device), echo_party(call_id, process)),
        offered_at=now,
        deadline=now + rules.offer_s * 1000,
        max_call_s=rules.echo_call_s,
        policy="relay" if relay_only else rules.begins_on("echo", region),
        relays_only=rules.relays_only,
    )


def echo_party(call_id: str, process: str | None = None) -> Party:
    """The server's side; without a `process` as it stands on record."""
    return Party(card=_nobody(echo_id(call_id)), device=process)


def _nobody(user_id: str) -> StoredCard:
    """Neither of the two is shown to the other."""
    return StoredCard(
        user_id=user_id, display_name="", age=18, gender="other", intent="friends", languages=()
    )


def without_addresses(description: SessionDescription) -> SessionDescription:
    """What the server's side is told of a description that was checked: nothing to send packets to."""
    lines = [
        _without_address(line)
        for line in description.sdp.split("\r\n")[:-1]
        if not line.startswith(_OF_ADDRESSES)
    ]
    return SessionDescription(type=description.type, sdp="".join(f"{line}\r\n" for line in lines))


def _without_address(line: str) -> str:
    if line.startswith("c="):
        return "c=IN IP4 0.0.0.0"
    if line.startswith("o="):
        return f"{line.rpartition(' IN IP')[0]} IN IP4 127.0.0.1"
    return _PORT.sub(r"\1 9", line) if line.startswith("m=") else line
