"""Signing in by an ID token of Google or Apple. `services.id_tokens` says which token counts."""

from collections.abc import Mapping

from msgspec import Struct

from core.contract.logins import LoginView
from core.contract.openid import OpenIdProvider, OpenIdSignIn
from core.errors import InvalidRequest, NotFound
from core.settings import Settings
from core.tokens import Access
from db.redis.used_tokens import UsedTokens
from services import account_rules as rules
from services.accounts import RequestOrigin
from services.id_tokens import BadIdToken, Claims, Provider, key_id, read
from services.logins import Logins, Proven
from services.ports import ProviderKeys
from services.sign_in_limits import SignInLimits
from services.sign_ins import Entered, SignIns

_AGAIN_MS = 60_000  # as with a refresh token


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
        used: UsedTokens,
        logins: Logins,
        sign_ins: SignIns,
        limits: SignInLimits,
    ) -> None:
        self._trusted, self._used = trusted, used
        self._logins, self._sign_ins, self._limits = logins, sign_ins, limits

    async def sign_in(
        self, name: OpenIdProvider, body: OpenIdSignIn, client: RequestOrigin, now: int
    ) -> Entered:
        """Sign in or up. Raises what `SignIns.enter` does, and what `_claims` does."""
        claims = await self._claims(name, body, client, now)
        entered = await self._sign_ins.enter(_proven(name, claims), body, client, now)
        await self._note(claims, now)
        return entered

    async def link(
        self, name: OpenIdProvider, access: Access, body: OpenIdSignIn, client: RequestOrigin, now: int
    ) -> LoginView:
        """Sign in to this account by it too. Raises `PasswordNeeded`, `Conflict`, and the same."""
        claims = await self._claims(name, body, client, now)
        proven = _proven(name, claims)
        login = await self._logins.link(access, proven, body.password, client.network, now)
        await self._note(claims, now)
        return login

    async def _claims(
        self, name: OpenIdProvider, body: OpenIdSignIn, client: RequestOrigin, now: int
    ) -> Claims:
        """Raises `BadIdToken`, `NotFound` where this one does not count, `Unavailable`, `RateLimited`."""
        trusted = self._trusted.get(name)
        if trusted is None:
            raise NotFound
        async with self._limits.shown(client.network, None, now):
            key = await trusted.keys.key(key_id(body.id_token), now)
            claims = read(body.id_token, key, trusted.provider, body.nonce, now)
            if claims.once is not None:
                first = await self._used.first_use(claims.once.id)
                if first is not None and now - first > _AGAIN_MS:
                    raise BadIdToken
        return claims

    async def _note(self, claims: Claims, now: int) -> None:
        """It has served, and serves once more only where the answer was lost."""
        if claims.once is not None:
            await self._used.used(claims.once.id, now, for_ms=max(1, claims.once.until - now))


def _proven(name: OpenIdProvider, claims: Claims) -> Proven:
    return Proven(provider=name, subject=claims.subject, hint=claims.email, email=_address(claims.email))


def _address(email: str | None) -> str | None:
    """The address, if it is one that might have signed up here."""
    try:
        return email and rules.email(email)
    except InvalidRequest:
        return None
