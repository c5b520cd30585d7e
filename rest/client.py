"""Whose request it is: the client's address behind trusted proxies, and what headers say. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from core.errors import InvalidRequest, PreconditionFailed, Unauthenticated

Network = IPv4Network | IPv6Network

_KEY = re.compile(r"[!-~]{1,200}")
_TAG = re.compile(r'"(\d{1,9})"')
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_USER_AGENT_MAX = 500


def networks(listed: str) -> tuple[Network, ...]:
    """Addresses and CIDR ranges, separated by commas. Raises ValueError."""
    return tuple(ip_network(part.strip(), strict=False) for part in listed.split(",") if part.strip())


def client_network(peer: str, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """What counts as one client: the address nearest to us that is no trusted proxy, an IPv6 one as its /64.

    `forwarded` are the lines of X-Forwarded-For. They are read from the end, where the nearest proxy has
    written; what an untrusted hop wrote is worth nothing.
    """
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    address = peer
    while hops and _is_in(address, trusted):
        address = hops.pop()
    try:
        parsed = ip_address(address)
    except ValueError:
        return peer
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)


def own_address(
    peer: str, scheme: str, headers: Mapping[str, str], trusted: Sequence[Network], *, default: str
) -> str:
    """Where this client reached us, as `https://example.org`; behind a trusted proxy, where it reached that.

    `default` where it does not say so in a form that can be repeated to it.
    """
    host = headers.get("Host", "")
    if _is_in(peer, trusted):
        scheme = headers.get("X-Forwarded-Proto", scheme)
        host = headers.get("X-Forwarded-Host", host)
    return f"{scheme}://{host}" if scheme in ("http", "https") and _HOST.fullmatch(host) else default


def _is_in(address: str, trusted: Sequence[Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in trusted)


def bearer(header: str | None) -> str:
    """The access token of an `Authorization` header. Raises `Unauthenticated`."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send an access token: `Authorization: Bearer <token>`.")
    return token.strip()


def idempotency_key(header: str | None) -> str | None:
    """The client's key for this request. Raises `InvalidRequest` for more than visible ASCII."""
    if header is not None and not _KEY.fullmatch(header):
        raise InvalidRequest(
            "`Idempotency-Key` has to be 1 to 200 visible ASCII characters.",
            details={"field": "Idempotency-Key"},
        )
    return header


def expected_versions(header: str | None) -> frozenset[int] | None:
    """The versions that `If-Match` names; None for `*`. Raises `PreconditionFailed` without the header."""
    if header is None:
        raise PreconditionFailed("Send the ETag that GET gave in `If-Match`.")
    if header.strip() == "*":
        return None
    # A weak tag never matches here (RFC 9110, 13.1.1), so it is no tag.
    tags = (_TAG.fullmatch(part.strip()) for part in header.split(","))
    return frozenset(int(tag[1]) for tag in tags if tag)


def user_agent(header: str | None) -> str | None:
    """What PostgreSQL can keep of it: valid UTF-8 without NUL, of bounded length."""
    if not header:
        return None
    return header.encode("utf-8", "replace").decode().replace("\0", "")[:_USER_AGENT_MAX]
