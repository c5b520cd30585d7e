"""What the page is told of its server: by what people can be written to, where they may sign in instead, and
what its maps lie on.

The page is served by any node, and asks nobody: so this stands in the page itself.
"""

from collections.abc import Mapping

from msgspec import Struct

from core.contract.openid import OpenIdProvider
from core.map_tiles import MapTiles
from core.settings import Settings
from core.web_push_key import public_key
from signaling.call import Rules

# Under its issuer, where a browser begins (OpenID Connect Core, 3.2.2).
_BEGINS: Mapping[OpenIdProvider, str] = {"google": "/o/oauth2/v2/auth", "apple": "/auth/authorize"}


class Elsewhere(Struct, frozen=True):
    """A provider by whom one can sign in on the page: where, and as what it knows the page."""

    address: str
    client_id: str


class Ways(Struct, frozen=True, kw_only=True):
    """In which ways one can sign in, or get help with it; whether those who meet are kept from each other's
    network addresses, until both agree; where the pictures of a map are; with which key a browser subscribes
    to notifications; for how many seconds one may change what one has said.
    """

    mail: bool = False
    sms: bool = False
    hides_addresses: bool = False
    providers: Mapping[OpenIdProvider, Elsewhere] = {}
    map: MapTiles | None = None
    push_key: str | None = None
    edit_window_s: float = 0

    @classmethod
    def of(cls, settings: Settings) -> "Ways":
        """As the operator has set them."""
        ids: dict[OpenIdProvider, str] = {
            name: getattr(settings, f"{name}_page_client_id") for name in _BEGINS
        }
        providers = {
            name: Elsewhere(getattr(settings, f"{name}_issuer").rstrip("/") + _BEGINS[name], id_)
            for name, id_ in ids.items()
            if id_
        }
        return cls(
            mail=bool(settings.mail),
            sms=bool(settings.sms),
            hides_addresses=Rules.of(settings).begins_on("match", settings.region) == "relay",
            providers=providers,
            map=MapTiles.of(settings.map_tiles, settings.map_credit),
            push_key=public_key(settings.push_web_key) if settings.push_web_key else None,
            edit_window_s=settings.edit_window_s,
        )
