"""Where others say that we should send something, we send it to public addresses alone.

Looked at when a connection is made, not before: a name may lead elsewhere a moment later.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from signaling.addresses import is_local, is_private

_HTTPS = 443  # no client of ours is to find out which others answer


class NotPublic(Exception):
    """A name leads to no address that everybody reaches."""


class PublicAddresses(AbstractResolver):
    """Resolves names to public addresses, and to no others."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver or ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        """Raises `NotPublic`, and `OSError` where there is no such name."""
        found = await self._resolver.resolve(host, port, family)  # type: ignore[arg-type]
        public = [each for each in found if is_public(each["host"])]
        if not public:
            raise NotPublic(host)
        return public

    async def close(self) -> None:
        """What it resolves by."""
        await self._resolver.close()


def check_public(url: str) -> None:
    """Raises `ValueError` for what is not https, or is a number that is not public: no resolver sees that."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise ValueError("no https")
    if parts.port not in {None, _HTTPS}:
        raise ValueError("no port of services for everybody")
    try:
        address = ip_address(parts.hostname)
    except ValueError:
        return
    if not is_public(str(address)):
        raise ValueError("no public address")


def is_public(address: str) -> bool:
    """Whether everybody reaches it, by either protocol, also as written in the other one."""
    known = ip_address(address.partition("%")[0])
    known = getattr(known, "ipv4_mapped", None) or getattr(known, "sixtofour", None) or known
    kept_out = is_local(str(known)) or is_private(str(known)) or known.is_multicast or known.is_reserved
    return known.is_global and not kept_out
