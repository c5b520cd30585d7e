"""Which pages and apps may talk to the server, by the `Origin` that they send. Pure.

This keeps other people's pages from using their visitors' browsers against the server. It does not protect
sessions: the token is in CONNECT or in a header, and no cookie opens a socket. So the product's own page
passes under any scheme, and so do apps whose scheme no web page can have (`capacitor://localhost`). Any other
origin has to be on the list, also `null`, which any page can send from a sandboxed frame.
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*(?=://)")
_PAGES: Final = frozenset(("http", "https", "ws", "wss"))
ANY: Final = "*"


def allows(origin: str, hosts: Iterable[str], listed: Collection[str]) -> bool:
    """Whether requests of this origin are allowed; `hosts` are the server's own names."""
    return is_own(origin, hosts) or is_app(origin) or origin in listed or ANY in listed


def is_own(origin: str, hosts: Iterable[str]) -> bool:
    """Whether it is the product's own page, or a client that sends the server's address as its origin."""
    return _names(origin, tuple(hosts))


@lru_cache(maxsize=256)
def _names(origin: str, hosts: tuple[str, ...]) -> bool:
    scheme, _, host = origin.partition("://")
    return scheme.lower() in _PAGES and bool(host) and _plain(host) in map(_plain, hosts)


def is_app(origin: str) -> bool:
    """Whether it is an app with a scheme of its own, which no web page can send."""
    scheme = _SCHEME.match(origin.lower())
    return scheme is not None and scheme[0] not in _PAGES


def _plain(host: str) -> str:
    """Without a default port, of either scheme: behind a proxy the client's scheme is not known."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port in {"80", "443"} else host.lower()
