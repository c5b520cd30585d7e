"""Which ICE candidates may pass from one client to the other. Pure; `call:signal` and the SDP check call it.

A candidate makes the peer's browser send packets to the address it names, so it must be an address and
not a name to look up (RFC 8839; `.local` names of draft-ietf-mmusic-mdns-ice-candidates are the exception),
and one that a single host can have. Under the policy `relay` a candidate passes only if it is a relay's,
without the related address, which would be the client's own, and with no other words behind it than those
that are known to tell none, whatever their order: so a client that somebody has changed neither tells an
address nor learns one. A deployment also keeps out what `signaling/addresses.py` names.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Literal

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from core.contract.calls import IceCandidate
from core.errors import InvalidRequest, PayloadTooLarge
from core.vocabulary import IceTransportPolicy
from signaling.addresses import KeepOut, is_local, is_private

_MAX_PORT = 65535
_MAX_PRIORITY = 2**31 - 1
_ACTIVE_TCP_PORT = 9  # RFC 6544: nobody listens there
_M_LINES = 3
_MAX_MID = 32
_MAX_UFRAG = 256

# The parts before the type are foundation, component (1 is RTP, 2 is RTCP), transport, priority,
# address and port; after it come pairs of a name and a value.
_CANDIDATE = re.compile(
    r"candidate:[A-Za-z0-9+/]{1,32} [12] (udp|tcp) (\d{1,10}) (\S{1,255}) (\d{1,5})"
    r" typ (host|srflx|prflx|relay)((?: \S+ \S+)*)",
    re.IGNORECASE | re.ASCII,
)
# What browsers send most, in which nothing is left to check: a candidate for UDP at an IPv4 address or a
# .local name, with the words that they write behind it in their order. All else is looked at in parts.
# Something or nothing, and parts written out, take a quarter less time here than what may be repeated.
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_HOST = rf"(?:22[0-3]|2[01]\d|1\d\d|[1-9]\d?)\.{_OCTET}\.{_OCTET}\.{_OCTET}"
_PORT = r"(?:[1-5]\d{4}|6[0-4]\d{3}|[1-9]\d{0,3})"
USUAL = re.compile(
    r"candidate:[A-Za-z0-9+/]{1,32} [12] (?:udp|UDP) (?:1\d{9}|2(?:0\d|1[0-3])\d{7}|[1-9]\d{0,8}) "
    rf"(?:(?P<address>{_HOST}) {_PORT} typ (?P<kind>host|srflx|prflx|relay)"
    rf"|[A-Za-z0-9][A-Za-z0-9-]{{0,62}}\.local {_PORT} typ host)"
    rf"(?: raddr (?:{_HOST}|0\.0\.0\.0) rport (?:{_PORT}|0)|)"
    r"(?: generation \d{1,5}|)(?: ufrag [A-Za-z0-9+/]{1,256}|)(?: network-id \d{1,5}|)"
    r"(?: network-cost \d{1,5}|)",
    re.ASCII,
)
_IPV4 = re.compile(r"\.".join([r"(0|[1-9]\d{0,2})"] * 4), re.ASCII)
_MDNS_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}\.local", re.ASCII)
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}", re.ASCII)
_MID = re.compile(r"[!#-'*+.0-9A-Z^-~-]{1,32}", re.ASCII)
_RELATED = re.compile(r"( raddr) \S+( rport) \S+", re.IGNORECASE)
_HIDDEN = r"\1 0.0.0.0\2 0"
# What may follow the type where addresses are hidden, and as what it is passed on.
_NOT_TOLD = {"raddr": "0.0.0.0", "rport": "0"}  # noqa: S104 - how browsers hide the address
_HARMLESS = re.compile(
    r"(?:generation|network-id|network-cost) \d{1,5}|ufrag [A-Za-z0-9+/]{1,256}|tcptype [a-z]+",
    re.IGNORECASE | re.ASCII,
)


def check_candidate(
    candidate: IceCandidate | Literal[""] | None,
    *,
    max_bytes: int,
    ice_transport_policy: IceTransportPolicy,
    keep_out: KeepOut = "nothing",
) -> IceCandidate | UnsetType | None:
    """What to pass on: the candidate, None for the end of candidates, UNSET if nothing is to be passed on.

    `max_bytes` bounds the candidate's text. Browsers write the end of candidates as null, as "" and as an
    object with an empty `candidate`. Raises `PayloadTooLarge` or `InvalidRequest`.
    """
    if not isinstance(candidate, IceCandidate):
        return None
    _check_place(candidate)
    if candidate.candidate == "":
        return None
    passed = admit(
        candidate.candidate,
        max_bytes=max_bytes,
        ice_transport_policy=ice_transport_policy,
        keep_out=keep_out,
    )
    if passed is None:
        return UNSET
    return candidate if passed is candidate.candidate else replace(candidate, candidate=passed)


def admit(
    text: str, *, max_bytes: int, ice_transport_policy: IceTransportPolicy, keep_out: KeepOut = "nothing"
) -> str | None:
    """The text `candidate:…` as it may be passed on, or None if the policy or what is kept out forbids that.

    It is also used for the `a=candidate:` lines of an SDP. Raises `PayloadTooLarge` or `InvalidRequest`.
    """
    if len(text) > max_bytes:
        raise PayloadTooLarge(f"A candidate has at most {max_bytes} bytes.")
    if usual := USUAL.fullmatch(text):
        address, kind = usual.groups()
        if not _may_pass(kind, address, ice_transport_policy, keep_out):
            return None
        return _RELATED.sub(_HIDDEN, text) if ice_transport_policy == "relay" else text
    found = _CANDIDATE.fullmatch(text) if text.isascii() and text.isprintable() else None
    if found is None:
        raise InvalidRequest("This is no ICE candidate.")
    transport, priority, address, port, kind, rest = found.groups()
    kind = kind.lower()
    _check_extensions(transport.lower(), int(port), _extensions(rest))
    if not 1 <= int(priority) <= _MAX_PRIORITY:
        raise InvalidRequest("A candidate's priority is between 1 and 2^31 - 1.")
    if is_unicast(address):
        may_pass = _may_pass(kind, address, ice_transport_policy, keep_out)
    elif kind == "host" and _MDNS_NAME.fullmatch(address):
        may_pass = _may_pass(kind, None, ice_transport_policy, keep_out)
    else:
        raise InvalidRequest("A candidate's address is an IP address or a .local name.")
    if not may_pass:
        return None
    return _hidden(text, rest) if ice_transport_policy == "relay" else text


def _may_pass(kind: str | None, address: str | None, policy: IceTransportPolicy, keep_out: KeepOut) -> bool:
    """Whether a well-formed candidate passes. The `address` of a .local name is None."""
    if policy == "relay" and kind != "relay":
        return False
    return keep_out == "nothing" or address is None or not _is_kept_out(address, kind, keep_out)


def _hidden(text: str, rest: str) -> str:
    """The candidate without what may tell an address among the words (`rest`) at its end."""
    words = rest.split()
    kept = []
    for name, value in zip(words[::2], words[1::2], strict=True):
        if (known := _NOT_TOLD.get(name.lower())) is not None:
            kept.append(f" {name} {known}")
        elif _HARMLESS.fullmatch(f"{name} {value}"):
            kept.append(f" {name} {value}")
    return text.removesuffix(rest) + "".join(kept)


def _is_kept_out(address: str, kind: str | None, keep_out: KeepOut) -> bool:
    return is_local(address) or (keep_out == "private" and kind == "relay" and is_private(address))


def is_unicast(address: str) -> bool:
    """Whether this is the literal IP address of one host: no name, no zone, no multicast."""
    if ":" not in address:
        # Most addresses. `ipaddress` is right too, and ten times slower.
        found = _IPV4.fullmatch(address)
        return found is not None and max(map(int, found.groups())) <= 255 and 0 < int(found[1]) < 224
    return _is_unicast_ipv6(address)


@lru_cache(1024)  # of one device most candidates have the same
def _is_unicast_ipv6(address: str) -> bool:
    try:
        ip = IPv6Address(address)
    except (AddressValueError, ValueError):
        return False
    # An IPv4 address in disguise has rules of its own.
    return not ("%" in address or ip.is_multicast or ip.is_unspecified or ip.ipv4_mapped)


def _check_place(candidate: IceCandidate) -> None:
    """Check which media section it belongs to: RTCPeerConnection needs a mid or an index."""
    mid, index, ufrag = candidate.sdpMid, candidate.sdpMLineIndex, candidate.usernameFragment
    if (mid and len(mid) > _MAX_MID) or (ufrag and len(ufrag) > _MAX_UFRAG):
        raise PayloadTooLarge("sdpMid or usernameFragment is too long.")
    if mid is None and index is None:
        raise InvalidRequest("A candidate needs sdpMid or sdpMLineIndex.")
    if mid is not None and _MID.fullmatch(mid) is None:
        raise InvalidRequest("sdpMid is no media identification.")
    if index is not None and not 0 <= index < _M_LINES:
        raise InvalidRequest(f"sdpMLineIndex is between 0 and {_M_LINES - 1}.")
    if ufrag is not None and _UFRAG.fullmatch(ufrag) is None:
        raise InvalidRequest("usernameFragment is 4 to 256 ICE characters.")


def is_mid(text: str) -> bool:
    """Whether this can identify a media section (RFC 5888), at most 32 characters."""
    return _MID.fullmatch(text) is not None


def is_ufrag(text: str) -> bool:
    """Whether this is an ICE user name fragment (RFC 8839)."""
    return _UFRAG.fullmatch(text) is not None


def _extensions(rest: str) -> dict[str, str]:
    """The pairs of name (in lower case) and value that follow the type. Raises if a name comes twice."""
    words = rest.split()
    names = [name.lower() for name in words[::2]]
    if len(set(names)) < len(names):
        raise InvalidRequest("A candidate says the same thing twice.")
    return dict(zip(names, words[1::2], strict=True))


def _check_extensions(transport: str, port: int, said: dict[str, str]) -> None:
    if not 1 <= port <= _MAX_PORT:
        raise InvalidRequest("A candidate's port is between 1 and 65535.")
    role = said.get("tcptype", "").lower()
    if role not in (("active", "passive", "so") if transport == "tcp" else ("",)):
        raise InvalidRequest("A TCP candidate, and no other, has tcptype active, passive or so.")
    if role == "active" and port != _ACTIVE_TCP_PORT:
        raise InvalidRequest(f"An active TCP candidate has port {_ACTIVE_TCP_PORT}.")
    if ("raddr" in said) != ("rport" in said) or not _is_related(
        said.get("raddr", "0.0.0.0"),  # noqa: S104 - how browsers hide the address
        said.get("rport", "0"),
    ):
        raise InvalidRequest("A candidate's related address is an IP address and a port.")


def _is_related(address: str, port: str) -> bool:
    unknown = address in {"0.0.0.0", "::"}  # noqa: S104
    known = unknown or is_unicast(address) or _MDNS_NAME.fullmatch(address)
    return bool(known) and port.isdigit() and len(port) <= 5 and int(port) <= _MAX_PORT
