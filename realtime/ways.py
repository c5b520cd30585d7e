"""What the page is told of its server: by what people can be written to, and where they may sign in instead.

The page is served by any node, and asks nobody: so this stands in the page itself.
"""

from collections.abc import Mapping

from msgspec import Struct

from core.contract.openid import OpenIdProvider
from core.settings import Settings

# Under its issuer, where a browser begins (OpenID Connect Core, 3.2.2).
_BEGINS: Mapping[OpenIdProvider, str] = {"google": "/o/oauth2/v2/auth", "apple": "/auth/authorize"}


class Elsewhere(Struct, frozen=True):
    """A provider by whom one can sign in on the page: where, and as what it knows the page."""

    address: str
    client_id: str


class Ways(Struct, frozen=True, kw_only=True):
    """In which ways one can sign in, or get help with it."""

    mail: bool = False
    sms: bool = False
    providers: Mapping[OpenIdProvider, Elsewhere] = {}

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
        return cls(mail=bool(settings.mail), sms=bool(settings.sms), providers=providers)
