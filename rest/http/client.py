"""What headers say about a request. Pure; `core.proxies` finds the client behind proxies."""

import re
from collections.abc import Iterator, Sequence

from multidict import CIMultiDictProxy

from core.errors import PreconditionFailed, Unauthenticated
from core.proxies import Proxies

_TAG = re.compile(r'"([1-9][0-9]{0,8}|0)"')
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_USER_AGENT_MAX = 500


def own_address(
    peer: str, scheme: str, headers: CIMultiDictProxy[str], proxies: Proxies, *, default: str
) -> str:
    """The address at which this client reached us, or the trusted proxy before us, as `https://example.org`.

    `default` if its headers do not say so in a form that can be repeated to it.
    """
    host = proxies.hosts(peer, headers.get("Host", ""), headers.getall("X-Forwarded-Host", ()))[-1]
    scheme = proxies.scheme(peer, scheme, headers.getall("X-Forwarded-Proto", ()))
    return f"{scheme}://{host}" if scheme in ("http", "https") and _HOST.fullmatch(host) else default


def bearer(header: str | None) -> str:
    """The access token of an `Authorization` header. Raises `Unauthenticated`."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send an access token: `Authorization: Bearer <token>`.")
    return token.strip()


def expected_versions(lines: Sequence[str]) -> frozenset[int] | None:
    """The versions that `If-Match` names; None for `*`. Raises `PreconditionFailed` without the header."""
    if not lines:
        raise PreconditionFailed("Send the ETag that GET gave in `If-Match`.")
    tags = list(_listed(lines))
    if tags == ["*"]:
        return None
    # A weak tag never matches here (RFC 9110, 13.1.1), so it is no tag.
    return frozenset(int(tag[1]) for tag in map(_TAG.fullmatch, tags) if tag)


def names_version(lines: Sequence[str], version: int) -> bool:
    """Whether this version is among those that `If-None-Match` names, by weak comparison."""
    return any(tag == "*" or tag.removeprefix("W/") == f'"{version}"' for tag in _listed(lines))


def _listed(lines: Sequence[str]) -> Iterator[str]:
    """The members of a header that is a list: several lines of it are one (RFC 9110, 5.3)."""
    return (part.strip() for line in lines for part in line.split(","))


def user_agent(header: str | None) -> str | None:
    """What PostgreSQL can keep of it: valid UTF-8 without NUL, of bounded length."""
    if not header:
        return None
    if header.isascii() and "\0" not in header:  # as nearly all are
        return header[:_USER_AGENT_MAX]
    return header.encode("utf-8", "replace").decode().replace("\0", "")[:_USER_AGENT_MAX]
