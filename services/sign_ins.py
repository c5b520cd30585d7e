"""Signing in and up by something else than a password: who somebody is has been shown by then.

Nobody learns by it whether there is an account: only who has the phone, or signs in at the provider, comes so
far. An account is opened by the same rules as with a password, and what has failed leaves the code good.
"""

from typing import TypeAlias

from msgspec import Struct, structs

from core.contract.accounts import NewProfile, SignedIn
from core.contract.openid import OpenIdSignIn
from core.contract.phone import PhoneVerify
from core.errors import ProfileIncomplete, Unavailable
from core.ids import new_id
from core.terms import AT_SIGN_UP
from db.postgres.accounts import AccountStore, NewAccount
from db.postgres.logins import CodeUsed, KnownLogin, LoginStore, LoginTaken
from services import account_rules as rules
from services.accounts import Accounts, RequestOrigin
from services.codes import WrongCode
from services.logins import Logins, Proven
from services.marks import Marker
from services.sessions import SessionService
from services.shown_texts import ShownTexts
from services.sign_in_limits import SignInLimits
from services.underage import Applicant, Minors

_LOOKS = 3
Body: TypeAlias = PhoneVerify | OpenIdSignIn


class Entered(Struct, frozen=True):
    """Somebody is in; `created`: with an account that was opened just now."""

    signed_in: SignedIn
    created: bool


class SignIns:
    """The use case. Errors of an outage of Postgres or Redis pass through (`db.outage`)."""

    def __init__(
        self,
        accounts: Accounts,
        account_store: AccountStore,
        logins: Logins,
        login_store: LoginStore,
        *,
        sessions: SessionService,
        minors: Minors,
        limits: SignInLimits,
        marker: Marker,
        shown_texts: ShownTexts,
    ) -> None:
        self._accounts, self._account_store = accounts, account_store
        self._logins, self._login_store = logins, login_store
        self._sessions, self._minors, self._limits = sessions, minors, limits
        self._marker, self._shown_texts = marker, shown_texts

    async def enter(self, proven: Proven, body: Body, client: RequestOrigin, now: int) -> Entered:
        """Sign in, or open an account with the profile that came along.

        Raises `ProfileIncomplete` without it, `Conflict` naming what is taken, `Underage`, `InvalidRequest`,
        `Banned`, `CodeNeeded` for a second factor, `WrongCode` if another one was faster, `RateLimited`.
        """
        try:
            for _ in range(_LOOKS):
                known = await self._logins.find(proven, now)
                if known is not None:
                    return Entered(await self._sign_in(known, proven, body, client, now), created=False)
                try:
                    return Entered(await self._sign_up(proven, body, client, now), created=True)
                except LoginTaken:
                    continue  # another request has opened the account meanwhile
        except CodeUsed:
            raise WrongCode from None
        raise Unavailable

    async def _sign_in(
        self, known: KnownLogin, proven: Proven, body: Body, client: RequestOrigin, now: int
    ) -> SignedIn:
        if known.banned:
            await self._use(proven, now)
            await self._sessions.refuse_banned(known.user_id, now)
            return await self._accounts.enter(known.user_id, body, client, now)  # it was lifted just now
        shown = await self._accounts.second_factor(known.user_id, body, now)
        await self._use(proven, now)
        return await self._accounts.enter(known.user_id, body, client, now, shown=shown)

    async def _use(self, proven: Proven, now: int) -> None:
        if proven.code_id and not await self._login_store.use(proven.code_id, now):
            raise CodeUsed

    async def _sign_up(self, proven: Proven, body: Body, client: RequestOrigin, now: int) -> SignedIn:
        profile = complete(body.profile)
        assert profile.username is not None
        assert profile.display_name is not None
        assert profile.birth_date is not None
        assert profile.gender is not None
        await self._limits.sign_up(client.network, now)
        username, name = rules.username(profile.username), rules.display_name(profile.display_name)
        applicant = Applicant(username=username, email=proven.email, device_id=body.device_id)
        born = await self._minors.adult(profile.birth_date, applicant, client.network, now)
        await self._shown_texts.check({"display_name": name})
        account = NewAccount(
            id=new_id(now),
            email=proven.email,
            email_marks=self._marker.email(proven.email) if proven.email else (),
            username=username,
            password_hash=None,
            display_name=name,
            birth_date=born,
            gender=profile.gender,
            consents=AT_SIGN_UP,
            login=self._logins.new(proven, now),
        )
        session, token = self._sessions.new(
            account.id, body.device_id, client.user_agent, client.network, now
        )
        async with self._limits.new_account(body.device_id, now):
            await self._account_store.register(account, session, None, now)
        signed_in = await self._sessions.signed_in(account.id, session.id, token, body.device_token, now)
        return await self._accounts.seen(signed_in, body, client, now)


def complete(profile: NewProfile | None) -> NewProfile:
    """The profile. Raises `ProfileIncomplete`, which names what is missing."""
    given = profile or NewProfile()
    missing = [field for field, value in structs.asdict(given).items() if value is None]
    if missing:
        raise ProfileIncomplete("Say who you are to open an account.", details={"fields": missing})
    return given
