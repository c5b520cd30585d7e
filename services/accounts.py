"""Accounts: signing up, signing in, staying signed in, and one's own profile.

A sign-in opens a session: a family of refresh tokens, each of which serves once (`services.families` has the
rule). Access tokens are signed and live for minutes; their session is looked up at each use, so that a
revoked one serves nowhere, and that one has served is noted the first time. All times are ms since the epoch.
"""

from collections.abc import Collection

from msgspec import Struct

from core.clock import today
from core.contract.accounts import Login, Refresh, Register, SignedIn
from core.contract.profiles import Me, ProfileCard, ProfilePatch
from core.contract.sessions import SessionView
from core.errors import (
    Banned,
    IdempotencyConflict,
    NotFound,
    PreconditionFailed,
    Unauthenticated,
    Unavailable,
)
from core.ids import new_id
from core.keys import Keyring
from core.settings import Settings
from core.tokens import Access, AccessTokens, Device, DeviceTokens, fingerprint, new_refresh_token
from core.vocabulary import RevokedCode, Role
from db.postgres.accounts import AccountStore, NewAccount
from db.postgres.idempotency import Key
from db.postgres.profiles import Beginning, Profile, ProfileStore
from db.postgres.sessions import NewSession, RevokedReason, SessionStore, Standing, TokenState
from services import account_rules as rules
from services.families import Shown, Verdict, judge
from services.guesses import Guesses, Rates
from services.passwords import Passwords
from services.ports import Limiter, Sessions

# More often than a token can change while somebody looks at it.
_LOOKS = 8
# What a live connection is told when its session ended for this reason.
_TOLD: dict[RevokedReason, RevokedCode] = {"banned": "banned", "replaced": "replaced"}


class Client(Struct, frozen=True):
    """Where a request comes from. `network` is what rate limits count by: an address, or an IPv6 /64."""

    network: str
    user_agent: str | None = None


class Accounts:
    """The use cases. What Postgres or Redis raise when they are away passes through (`db.outage`)."""

    def __init__(
        self,
        store: AccountStore,
        *,
        families: SessionStore,
        profiles: ProfileStore,
        passwords: Passwords,
        tokens: AccessTokens,
        devices: DeviceTokens,
        sessions: Sessions,
        guesses: Guesses,
        refresh_token_s: int,
    ) -> None:
        self._store, self._families, self._profiles = store, families, profiles
        self._passwords = passwords
        self._tokens = tokens
        self._devices = devices
        self._sessions = sessions
        self._guesses = guesses
        self._refresh_ms = refresh_token_s * 1000

    @classmethod
    def of(
        cls,
        settings: Settings,
        store: AccountStore,
        *,
        families: SessionStore,
        profiles: ProfileStore,
        passwords: Passwords,
        sessions: Sessions,
        limiter: Limiter,
    ) -> "Accounts":
        """As the operator has set them."""
        keyring = Keyring.of(settings)
        return cls(
            store,
            families=families,
            profiles=profiles,
            passwords=passwords,
            tokens=AccessTokens(keyring.keys("access token"), settings.access_token_s),
            devices=DeviceTokens(keyring.keys("device token"), settings.device_token_d * 86_400),
            sessions=sessions,
            guesses=Guesses(limiter, Rates.of(settings)),
            refresh_token_s=settings.refresh_token_s,
        )

    # Signing up and in

    async def register(self, body: Register, client: Client, key: Key | None, now: int) -> SignedIn:
        """A new account, signed in; the same `key` and body again: the same account, with fresh tokens.

        Raises `Underage`, `InvalidRequest`, `Conflict` naming what is taken, `IdempotencyConflict`,
        `RateLimited`, `Unavailable` when too many passwords wait.
        """
        await self._guesses.sign_up(client.network, now)
        address, username = rules.email(body.email), rules.username(body.username)
        name = rules.display_name(body.display_name)
        born = rules.adult(body.birth_date, today(now))
        if key and await self._store.opened(key):
            return await self._again(address, body, client, now)
        async with self._guesses.new_account(body.device_id, now):
            account = NewAccount(
                id=new_id(now),
                email=address,
                username=username,
                password_hash=await self._passwords.hash(body.password),
                display_name=name,
                birth_date=born,
                gender=body.gender,
            )
            session, token = self._new_session(account.id, body.device_id, client, now)
            made = await self._store.register(account, session, key, now)
        if made:
            return await self._signed_in(
                account.id, session.id, token, self._known(body.device_token, now), now
            )
        # Two requests with one key at once: the other one was faster.
        return await self._again(address, body, client, now)

    async def login(self, body: Login, client: Client, now: int) -> SignedIn:
        """Sign in with email or username. Unknown logins and wrong passwords look and cost the same.

        Raises `Unauthenticated`, `Banned`, `RateLimited`, `Unavailable`.
        """
        known, device = await self._store.credentials(body.login, now), self._known(body.device_token, now)
        own = device if known and device and device.user_id == known.user_id else None
        async with self._guesses.password(body.login, client.network, own, now):
            fits = await self._passwords.verify(known.password_hash if known else None, body.password)
            if known is None or not fits:
                raise Unauthenticated("This login and password do not belong together.")
        if known.banned:
            raise Banned
        if self._passwords.outdated(known.password_hash):
            stronger = await self._passwords.hash(body.password)
            await self._store.rehash(known.user_id, known.password_hash, stronger)
        return await self._enter(known.user_id, body, client, now)

    async def refresh(self, body: Refresh, now: int) -> SignedIn:
        """The next pair of tokens, as `services.families` has it.

        Raises `Unauthenticated`, which may end the family, and `Banned`.
        """
        shown, fresh = fingerprint(body.refresh_token), new_refresh_token()
        for _ in range(_LOOKS):
            state = await self._families.token_state(shown, now)
            if state is not None and state.over and state.banned:
                raise Banned
            if state is None or state.over:
                raise Unauthenticated("This refresh token is not valid: sign in again.")
            given = (shown, fingerprint(fresh), now, now + self._refresh_ms)
            if await self._may_spend(state, now):
                done = await self._families.spend(*given)
            else:
                done = await self._families.replace(*given, again=state.again)
            if done:
                device = self._known(body.device_token, now)
                return await self._signed_in(state.user_id, state.session_id, fresh, device, now)
        raise Unavailable

    async def _may_spend(self, state: TokenState, now: int) -> bool:
        """Whether this is the first use of a token; False: another successor is to be given."""
        verdict = judge(
            Shown(
                expires_at=state.expires_at,
                used_at=state.used_at,
                again=state.again,
                void=state.void,
                got=state.got,
            ),
            now,
        )
        if verdict is Verdict.END:
            await self._end(state.user_id, state.session_id, "reused", now)
            raise Unauthenticated("This refresh token was used before: sign in again.")
        if state.banned:
            raise Banned
        if verdict is Verdict.LATE:
            raise Unauthenticated("This refresh token has expired: sign in again.")
        return verdict is Verdict.SPEND

    async def logout(self, access: Access, now: int) -> None:
        """End the session that this access token belongs to."""
        await self._end(access.user_id, access.session_id, "signed_out", now)

    # Who somebody is

    async def authenticate(self, token: str, now: int, roles: Collection[Role] = ()) -> Access:
        """Whom an access token speaks for, who has to have one of the `roles` by now, if any are given.

        Raises `Unauthenticated`, `TokenExpired`, `Banned`, and `NotFound` for anybody of another role.
        """
        access = self.read(token, now)
        await self.check(access, now, roles)
        return access

    def read(self, token: str, now: int) -> Access:
        """Whom an access token speaks for, by its signature alone: its session may be over.

        Raises `Unauthenticated`, `TokenExpired`.
        """
        return self._tokens.read(token, now)

    async def check(self, access: Access, now: int, roles: Collection[Role] = ()) -> None:
        """Whether what was read from a token holds now, as `authenticate` has it."""
        standing = await self._families.standing(access.user_id, access.session_id, now, access.twin)
        if standing is not None and standing.banned:
            raise Banned
        if standing is None or _over(standing):
            raise Unauthenticated("This session is over: sign in again.")
        if standing.void or not (standing.served or await self._families.serve(access.twin, now)):
            raise Unauthenticated("This access token was replaced by another one.")
        if roles and standing.role not in roles:
            raise NotFound

    async def revoked(self, user_id: str, session_id: str, now: int) -> RevokedCode | None:
        """Why this session is over, in the words of `session:revoked`; None while it goes on."""
        return _over(await self._families.standing(user_id, session_id, now))

    async def beginning(self, user_id: str) -> Beginning:
        """What a client starts from, in one query. Raises `Unauthenticated` when the account is gone."""
        found = await self._profiles.beginning(user_id)
        if found is None:
            raise Unauthenticated("This account is gone.")
        return found

    async def me(self, user_id: str) -> Me:
        """One's own account. Raises `Unauthenticated` when it is gone."""
        return (await self.profile(user_id)).me

    async def profile(self, user_id: str) -> Profile:
        """The same with its version. Raises `Unauthenticated` when it is gone."""
        profile = await self._profiles.profile(user_id)
        if profile is None:
            raise Unauthenticated("This account is gone.")
        return profile

    async def change(
        self, user_id: str, patch: ProfilePatch, versions: frozenset[int] | None, now: int
    ) -> Profile:
        """Patch one's own profile if it is at one of these versions (None: at whichever it is).

        Raises `PreconditionFailed` when it has changed since, `InvalidRequest`.
        """
        profile = await self.profile(user_id)
        if versions is not None and profile.version not in versions:
            raise PreconditionFailed
        changed = Profile(rules.patched(profile.me, patch), profile.version)
        if changed.me == profile.me:
            return profile
        if not await self._profiles.change(changed, now):
            raise PreconditionFailed
        return await self.profile(user_id)

    async def visible_card(self, user_id: str, viewer_id: str, now: int) -> ProfileCard:
        """The card, if the viewer may see it. Raises `NotFound`: gone, banned or blocked either way."""
        card = await self._profiles.visible_card(user_id, viewer_id, now)
        if card is None:
            raise NotFound
        return card

    # One's sessions

    async def sessions(self, access: Access, before: str | None, limit: int, now: int) -> list[SessionView]:
        """Sessions that go on, newest first, those older than the session `before`."""
        return await self._families.page(
            access.user_id, current=access.session_id, before=before, limit=limit, now=now
        )

    async def end_session(self, access: Access, session_id: str, now: int) -> None:
        """Sign out another device of one's own, or this one. Raises `NotFound`."""
        if not await self._end(access.user_id, session_id, "signed_out", now):
            raise NotFound

    # How it is done

    def _known(self, device_token: str | None, now: int) -> Device | None:
        return self._devices.read(device_token, now)

    async def _again(self, address: str, body: Register, client: Client, now: int) -> SignedIn:
        """Sign in to the account that this very request has opened, but for its password."""
        known = await self._store.credentials(address, now)
        fits = await self._passwords.verify(known.password_hash if known else None, body.password)
        # A key is no password: only one who knows that is let in to what the key has opened.
        if known is None or not fits:
            raise IdempotencyConflict
        return await self._enter(known.user_id, body, client, now)

    async def _enter(self, user_id: str, body: Register | Login, client: Client, now: int) -> SignedIn:
        session, token = self._new_session(user_id, body.device_id, client, now)
        await self._families.open(session, now)
        return await self._signed_in(user_id, session.id, token, self._known(body.device_token, now), now)

    def _new_session(
        self, user_id: str, device_id: str | None, client: Client, now: int
    ) -> tuple[NewSession, str]:
        token = new_refresh_token()
        session = NewSession(
            id=new_id(now),
            user_id=user_id,
            device=device_id,
            user_agent=client.user_agent,
            token_hash=fingerprint(token),
            expires_at=now + self._refresh_ms,
        )
        return session, token

    async def _signed_in(
        self, user_id: str, session_id: str, refresh_token: str, device: Device | None, now: int
    ) -> SignedIn:
        return SignedIn(
            user=await self.me(user_id),
            access_token=self._tokens.issue(user_id, session_id, fingerprint(refresh_token), now),
            refresh_token=refresh_token,
            expires_in_s=self._tokens.lifetime_s,
            device_token=self._devices.issue(user_id, device, now),
        )

    async def _end(self, user_id: str, session_id: str, reason: RevokedReason, now: int) -> bool:
        """Whether the session had to be ended. It is told either way: an earlier telling may have failed."""
        ended = await self._families.revoke(user_id, session_id, reason, now)
        await self._sessions.revoked(user_id, session_id, _TOLD.get(reason, "signed_out"))
        return ended


def _over(standing: Standing | None) -> RevokedCode | None:
    if standing and standing.banned:
        return "banned"
    if standing is None or standing.erased:
        return "signed_out"
    return standing.revoked and _TOLD.get(standing.revoked, "signed_out")
