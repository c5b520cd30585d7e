"""Sessions: what a sign-in opens, the tokens of its client, and how it ends.

A session is a family of refresh tokens, each of which can be used once (`services.token_families` has the
rule). Access tokens are signed and valid for minutes. Their session is looked up at each use, so a revoked
one cannot be used anywhere, and the first use of each is noted. All times are ms since the epoch.
"""

import msgspec
from msgspec import UNSET, Struct

from core.clock import rfc3339
from core.contract.accounts import Refresh, SignedIn
from core.errors import Banned, Forbidden, NotFound, Unauthenticated, Unavailable
from core.ids import new_id
from core.keys import Keyring
from core.settings import Settings
from core.tokens import Access, AccessTokens, Device, DeviceTokens, fingerprint, new_refresh_token
from core.vocabulary import RevokedCode
from db.postgres.profiles import Beginning
from db.postgres.sessions import NewSession, RevokedReason, SessionStatus, SessionStore, TokenState
from db.postgres.standing import StandingStore
from db.redis.event_log import EventLog
from services.expulsions import Expulsions
from services.profiles import Profiles
from services.token_families import Shown, Verdict, judge
from services.totp import OneTimeCodes

# A token cannot change more often than that while it is looked at.
_LOOKS = 8
_OVER = "This session is over: sign in again."
_ERASING = "This account is to be erased: take that back first."
# The code that live connections are sent when their session ended for this reason.
_TOLD: dict[RevokedReason, RevokedCode] = {"banned": "banned", "replaced": "replaced"}


class Tokens(Struct, frozen=True):
    """Makes and reads tokens. A refresh token is valid for `refresh_ms`."""

    access: AccessTokens
    device: DeviceTokens
    refresh_ms: int

    @classmethod
    def of(cls, settings: Settings) -> "Tokens":
        """As the operator has set them."""
        keyring = Keyring.of(settings)
        return cls(
            AccessTokens(keyring.keys("access token"), settings.access_token_s),
            DeviceTokens(keyring.keys("device token"), settings.device_token_d * 86_400),
            settings.refresh_token_s * 1000,
        )


class SessionService:
    """The use cases. Errors of an outage of Postgres or Redis pass through (`db.outage`)."""

    def __init__(
        self,
        store: SessionStore,
        *,
        expulsions: Expulsions,
        standing: StandingStore,
        profiles: Profiles,
        events: EventLog,
        tokens: Tokens,
        codes: OneTimeCodes,
    ) -> None:
        self._store, self._expulsions, self._standing, self._codes = store, expulsions, standing, codes
        self._profiles, self._events, self._tokens = profiles, events, tokens

    # Opening one

    def new(
        self,
        user_id: str,
        device_id: str | None,
        user_agent: str | None,
        network: str | None,
        now: int,
        *,
        second_factor: bool = False,
    ) -> tuple[NewSession, str]:
        """A session that is not stored yet, and its first refresh token."""
        token = new_refresh_token()
        session = NewSession(
            id=new_id(now),
            user_id=user_id,
            device=device_id,
            user_agent=user_agent,
            network=network,
            token_hash=fingerprint(token),
            expires_at=now + self._tokens.refresh_ms,
            second_factor=second_factor,
        )
        return session, token

    async def open(
        self, session: NewSession, refresh_token: str, device_token: str | None, now: int
    ) -> SignedIn:
        """Store a session of an account that exists, and sign its client in."""
        await self._open(session, now)
        return await self.signed_in(session.user_id, session.id, refresh_token, device_token, now)

    async def _open(self, session: NewSession, now: int) -> None:
        await self._store.open(session, now)
        await self._expulsions.make_room(session.user_id, now)

    async def signed_in(
        self, user_id: str, session_id: str, refresh_token: str, device_token: str | None, now: int
    ) -> SignedIn:
        """The answer for the client of a stored session: tokens and account."""
        own = await self._profiles.own(user_id)
        return SignedIn(
            user=own.me,
            restricted=UNSET if own.erases_at is None else "erasing",
            erases_at=UNSET if own.erases_at is None else rfc3339(own.erases_at),
            access_token=self._tokens.access.issue(user_id, session_id, fingerprint(refresh_token), now),
            refresh_token=refresh_token,
            expires_in_s=self._tokens.access.lifetime_s,
            device_token=self._tokens.device.issue(user_id, self.device(device_token, now), now),
        )

    def device(self, device_token: str | None, now: int) -> Device | None:
        """The device that this token marks; None if it marks none, or is too old."""
        return self._tokens.device.read(device_token, now)

    # Going on

    async def refresh(self, body: Refresh, now: int) -> SignedIn:
        """The next pair of tokens, by the rule of `services.token_families`.

        Raises `Unauthenticated`, which may end the family, `Banned`, and what `OneTimeCodes.step_up` does.
        """
        if body.refresh_token is None:
            raise Unauthenticated("There is no refresh token: sign in first.")
        shown, fresh, code = fingerprint(body.refresh_token), new_refresh_token(), body.totp
        for _ in range(_LOOKS):
            state = await self._store.token_state(shown, now)
            if state is None or (state.over and not state.banned):
                raise Unauthenticated("This refresh token is not valid: sign in again.")
            if state.over and not state.theirs:
                raise Banned
            given = (shown, fingerprint(fresh), now, now + self._tokens.refresh_ms)
            verdict = await self._accepted(state, now)
            if state.banned:
                await self.refuse_banned(state.user_id, now)
                continue  # the ban has just been lifted
            if code is not None:
                await self._codes.step_up(state.user_id, state.session_id, code, now)
                code = None  # it serves once, however often the token is looked at
            if verdict is Verdict.SPEND:
                done = await self._store.spend(*given)
            else:
                done = await self._store.replace(*given, again=state.again)
            if done:
                return await self.signed_in(state.user_id, state.session_id, fresh, body.device_token, now)
        raise Unavailable

    async def _accepted(self, state: TokenState, now: int) -> Verdict:
        """Whether the token is to be spent or gets another successor. Raises what refuses it."""
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
        if verdict is Verdict.END and not state.over:
            await self._end(state.user_id, state.session_id, "reused", now)
            raise Unauthenticated("This refresh token was used before: sign in again.")
        if verdict in (Verdict.LATE, Verdict.END):
            raise (
                Banned if state.banned else Unauthenticated("This refresh token has expired: sign in again.")
            )
        return verdict

    async def refuse_banned(self, user_id: str, now: int) -> None:
        """Raises `Banned` to somebody whose credentials are right, unless the ban has just been lifted.

        What it tells is enough to see why and to appeal: `until`, and an access token of restricted use. Its
        session has no refresh token that anybody knows.
        """
        ban = await self._standing.ban(user_id, now)
        if ban is None:
            return
        session, unknown = self.new(user_id, None, None, None, now)
        expires = now + self._tokens.access.lifetime_s * 1000
        await self._open(msgspec.structs.replace(session, restricted=True, expires_at=expires), now)
        token = self._tokens.access.issue(user_id, session.id, fingerprint(unknown), now)
        until = None if ban.until is None else rfc3339(ban.until)
        raise Banned(details={"until": until, "token": token})

    # Checking who asks

    def read(self, token: str, now: int) -> Access:
        """The user and session of an access token, by its signature alone: `check` whether that is still so.

        Raises `Unauthenticated`, `TokenExpired`.
        """
        return self._tokens.access.read(token, now)

    async def check(self, access: Access, now: int, *, restricted: bool = False) -> SessionStatus:
        """Check that what was read from a token is still true. Gives the user's role, and more.

        `restricted`: what is asked for serves also one who is banned, with the token that they got for it,
        and one whose account awaits erasure.

        Raises `Unauthenticated`, `Banned`, `Forbidden`.
        """
        standing = await self._store.standing(access.user_id, access.session_id, now, access.twin)
        status = await self._serves(standing, access, now, restricted=restricted)
        if status.erasing and not restricted:
            raise Forbidden(_ERASING, details={"restricted": "erasing"})
        return status

    async def begin(self, access: Access, now: int) -> Beginning:
        """The same for a client that connects: what it starts with, read in the same query."""
        found = await self._store.beginning(access.user_id, access.session_id, now, access.twin)
        standing, beginning = found or (None, None)
        if (await self._serves(standing, access, now)).erasing:
            raise Unauthenticated(_ERASING)
        assert beginning is not None  # or the session would be over
        return beginning

    async def _serves(
        self, standing: SessionStatus | None, access: Access, now: int, *, restricted: bool = False
    ) -> SessionStatus:
        if standing is None:
            raise Unauthenticated(_OVER)
        if not (standing.restricted and restricted):
            if standing.banned:
                raise Banned
            if standing.restricted:
                raise Unauthenticated("The ban is over: sign in again.")
        if standing.revoked or standing.erased:
            raise Unauthenticated(_OVER)
        if standing.void or not (standing.served or await self._store.serve(access.twin, now)):
            raise Unauthenticated("This access token was replaced by another one.")
        return standing

    async def revoked(self, user_id: str, session_id: str, now: int) -> RevokedCode | None:
        """Why this session is over, in the words of `session:revoked`; None while it goes on."""
        return _over(await self._store.standing(user_id, session_id, now))

    # Ending one

    async def end(self, access: Access, session_id: str, now: int) -> None:
        """Sign out one of the user's own devices. Raises `NotFound`."""
        if not await self._end(access.user_id, session_id, "signed_out", now):
            raise NotFound

    async def logout(self, access: Access, now: int) -> None:
        """End the session that this access token belongs to, if it has not ended already."""
        await self._end(access.user_id, access.session_id, "signed_out", now)

    async def leave(self, refresh_token: str, now: int) -> None:
        """End the session of a refresh token, if there is one that goes on."""
        state = await self._store.token_state(fingerprint(refresh_token), now)
        if state is not None and not state.over:
            await self._end(state.user_id, state.session_id, "signed_out", now)

    async def _end(self, user_id: str, session_id: str, reason: RevokedReason, now: int) -> bool:
        """End it. Gives whether it was open. It is announced always: an earlier attempt may have failed."""
        ended = await self._store.revoke(user_id, session_id, reason, now)
        await self._events.revoked(user_id, session_id, told(reason))
        return ended


def told(reason: RevokedReason) -> RevokedCode:
    """What live connections hear when their session has ended for this reason."""
    return _TOLD.get(reason, "signed_out")


def _over(standing: SessionStatus | None) -> RevokedCode | None:
    if standing and standing.banned:
        return "banned"
    if standing is None or standing.erased:
        return "signed_out"
    return standing.revoked and told(standing.revoked)
