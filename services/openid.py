"""Signing in by an ID token of Google or Apple. `services.id_tokens` says which token counts."""

from collections.abc import Mapping

from msgspec import Struct

from core.contract.logins import LoginView
from core.contract.openid import OpenIdProvider, OpenIdSignIn
from core.errors import InvalidRequest, NotFound
from core.settings import Settings
from core.tokens import Access
from services import account_rules as rules
from services.accounts import RequestOrigin
from services.id_tokens import Provider, key_id, read
from services.logins import Logins, Proven
from services.ports import ProviderKeys
from services.sign_in_limits import SignInLimits
from services.sign_ins import Entered, SignIns


class Trusted(Struct, frozen=True):
    """A provider whose tokens count, and where its keys are."""

    provider: Provider
    keys: ProviderKeys


def provider(settings: Settings, name: OpenIdProvider) -> Provider | None:
    """As the operator has set it; None: nobody signs in by it."""
    issuer: str = getattr(settings, f"{name}_issuer")
    listed: str = getattr(settings, f"{name}_client_ids")
    own: str = getattr(settings, f"{name}_page_client_id")
    audiences = frozenset(part.strip() for part in (*listed.split(","), own) if part.strip())
    if not audiences:
        return None
    # Google writes itself with the scheme and without.
    issuers = {issuer, issuer.removeprefix("https://")} if name == "google" else {issuer}
    return Provider(issuers=frozenset(issuers), audiences=audiences, skew_ms=settings.openid_skew_s * 1000)


class OpenId:
    """The use cases. Errors of an outage of Postgres or Redis pass through (`db.outage`)."""

    def __init__(
        self,
        trusted: Mapping[OpenIdProvider, Trusted],
        logins: Logins,
        sign_ins: SignIns,
        limits: SignInLimits,
    ) -> None:
        self._trusted, self._logins, self._sign_ins, self._limits = trusted, logins, sign_ins, limits

    async def sign_in(
        self, name: OpenIdProvider, body: OpenIdSignIn, client: RequestOrigin, now: int
    ) -> Entered:
        """Sign in or up. Raises what `SignIns.enter` does, and what `_proven` does."""
        return await self._sign_ins.enter(await self._proven(name, body, client, now), body, client, now)

    async def link(
        self, name: OpenIdProvider, access: Access, body: OpenIdSignIn, client: RequestOrigin, now: int
    ) -> LoginView:
        """Sign in to this account by it too. Raises `PasswordNeeded`, `Conflict`, and the same."""
        proven = await self._proven(name, body, client, now)
        return await self._logins.link(access, proven, body.password, client.network, now)

    async def _proven(
        self, name: OpenIdProvider, body: OpenIdSignIn, client: RequestOrigin, now: int
    ) -> Proven:
        """Raises `BadIdToken`, `NotFound` where this one does not count, `Unavailable`, `RateLimited`."""
        trusted = self._trusted.get(name)
        if trusted is None:
            raise NotFound
        async with self._limits.shown(client.network, None, now):
            key = await trusted.keys.key(key_id(body.id_token), now)
            claims = read(body.id_token, key, trusted.provider, body.nonce, now)
        return Proven(provider=name, subject=claims.subject, hint=claims.email, email=_address(claims.email))


def _address(email: str | None) -> str | None:
    """The address, if it is one that might have signed up here."""
    try:
        return email and rules.email(email)
    except InvalidRequest:
        return None
