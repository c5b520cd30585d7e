"""Cookies in which browsers keep the tokens of our own pages, out of reach of any script.

They go to `/v1/auth` alone, and only `refresh` and `logout` act on them. No page of another origin can use
them: browsers do not send them along (`SameSite=Strict`), and where they say whose page asks, ours alone
counts, since a neighbour under the same domain is of the same site. What is no browser speaks of no page.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from aiohttp import web
from msgspec import Struct, structs

from core.contract.accounts import Refresh, SignedIn
from core.errors import InvalidRequest
from core.origins import is_own
from core.settings import Settings

REFRESH: Final = "refresh_token"
DEVICE: Final = "device_token"
_PATH: Final = "/v1/auth"
_LONGEST = 4096


class Brought(Struct, frozen=True, kw_only=True):
    """What a browser has sent along. `own`: one of our pages asks, or no page; `secure`: over TLS."""

    own: bool = True
    secure: bool = False
    refresh_token: str | None = None
    device_token: str | None = None


def brought(
    headers: Mapping[str, str], cookies: Mapping[str, str], hosts: Iterable[str], address: str
) -> Brought:
    """What this request brings. `hosts` are our own names, `address` the one that it was sent to."""
    origin = headers.get("Origin")
    secure = (origin or address).lower().startswith("https://")
    # Newer browsers say it in so many words, also of a server that a proxy calls by another name.
    site = headers.get("Sec-Fetch-Site")
    own = origin is None or is_own(origin, hosts) if site is None else site in ("same-origin", "none")
    if not own:
        return Brought(own=False, secure=secure)
    return Brought(
        secure=secure,
        refresh_token=_bounded(cookies.get(REFRESH)),
        device_token=_bounded(cookies.get(DEVICE)),
    )


def completed(body: Struct, brought: Brought) -> Struct:
    """The body, with what the browser keeps for the page that has sent it.

    Raises `InvalidRequest` for a page of another origin that asks to have tokens kept.
    """
    if getattr(body, "cookie", False) and not brought.own:
        raise InvalidRequest("`cookie` is for pages of this server.", details={"field": "cookie"})
    if isinstance(body, Refresh) and body.refresh_token is None and brought.refresh_token is not None:
        body = structs.replace(body, refresh_token=brought.refresh_token, cookie=True)
    if brought.device_token is not None and getattr(body, "device_token", "") is None:
        body = structs.replace(body, device_token=brought.device_token)
    return body


class CookieJar:
    """Lets browsers keep and forget, each token for as long as it serves."""

    def __init__(self, settings: Settings) -> None:
        self._ages = {REFRESH: settings.refresh_token_s, DEVICE: settings.device_token_d * 86_400}

    def taken_from(self, answer: SignedIn) -> SignedIn:
        """What is left for the page, which scripts can read."""
        return structs.replace(answer, refresh_token=None, device_token=None)

    def give(self, response: web.Response, signed_in: SignedIn, brought: Brought) -> None:
        """The browser keeps the tokens of this answer."""
        for name in (REFRESH, DEVICE):
            self._set(response, name, getattr(signed_in, name), brought)

    def take(self, response: web.Response, brought: Brought) -> None:
        """The browser forgets the refresh token. It stays a known device."""
        self._set(response, REFRESH, None, brought)

    def _set(self, response: web.Response, name: str, value: str | None, brought: Brought) -> None:
        response.set_cookie(
            name,
            value or "",
            max_age=self._ages[name] if value else 0,
            path=_PATH,
            httponly=True,
            secure=brought.secure,
            samesite="Strict",
        )


def _bounded(value: str | None) -> str | None:
    return value if value and len(value) <= _LONGEST else None
