"""Accounts: signing up and signing in, with a limit on guessing passwords. Times are in ms."""

from msgspec import Struct

from core.contract.accounts import Login, Register, SignedIn, SigningIn
from core.errors import IdempotencyConflict, Unauthenticated
from core.ids import new_id
from core.probes import Probes
from core.terms import AT_SIGN_UP
from db.postgres.accounts import AccountStore, NewAccount
from db.postgres.idempotency import IdempotencyKey
from services import account_rules as rules
from services.email import Emails
from services.marks import Marker, Sighting, client_print
from services.password_hashes import PasswordHashes
from services.passwords import checked
from services.sessions import SessionService
from services.shown_texts import ShownTexts
from services.sightings import Sightings
from services.sign_in_limits import SignInLimits
from services.totp import OneTimeCodes
from services.underage import Applicant, Minors


class RequestOrigin(Struct, frozen=True):
    """Where a request comes from. `network` is what rate limits count by: an address, or an IPv6 /64."""

    network: str
    user_agent: str | None = None
    language: str | None = None


class Accounts:
    """The use cases. Errors of an outage of Postgres or Redis pass through (`db.outage`)."""

    def __init__(
        self,
        store: AccountStore,
        *,
        sessions: SessionService,
        passwords: PasswordHashes,
        codes: OneTimeCodes,
        minors: Minors,
        limits: SignInLimits,
        marker: Marker,
        shown_texts: ShownTexts,
        sightings: Sightings,
        emails: Emails,
        probes: Probes,
    ) -> None:
        self._store, self._sessions, self._codes, self._minors = store, sessions, codes, minors
        self._passwords, self._limits, self._marker = passwords, limits, marker
        self._shown_texts, self._sightings, self._emails = shown_texts, sightings, emails
        self._probes = probes

    async def register(
        self, body: Register, client: RequestOrigin, key: IdempotencyKey | None, now: int
    ) -> SignedIn:
        """Open an account and sign in. The same `key` and body again sign in to that account, with fresh
        tokens.

        Raises `Underage`, `InvalidRequest`, `Conflict` naming what is taken (the address of somebody who is
        banned is too), `IdempotencyConflict`, `Banned` (for the account's own copy), `RateLimited`,
        `Unavailable` if too many passwords wait to be hashed.
        """
        await self._limits.sign_up(client.network, now)
        address, username = rules.email(body.email), rules.username(body.username)
        name = rules.display_name(body.display_name)
        checked(body.password, username, address, name)
        who = Applicant(username=username, email=body.email, device_id=body.device_id)
        born = await self._minors.adult(body.birth_date, who, client.network, now)
        if key and await self._store.opened(key):
            return await self._again(address, body, client, now)
        await self._shown_texts.check({"display_name": name})
        async with self._limits.new_account(body.device_id, now):
            account = NewAccount(
                id=new_id(now),
                email=address,
                email_marks=self._marker.email(address),
                username=username,
                password_hash=await self._passwords.hash(body.password),
                display_name=name,
                birth_date=born,
                gender=body.gender,
                consents=AT_SIGN_UP,
            )
            session, token = self._sessions.new(
                account.id, body.device_id, client.user_agent, client.network, now
            )
            made = await self._store.register(account, session, key, now)
        if made:
            await self._emails.welcome(account.id, address, client.language, now)
            signed_in = await self._sessions.signed_in(account.id, session.id, token, body.device_token, now)
            return await self.seen(signed_in, body, client, now)
        # Two requests with one key came at once, and the other one was faster.
        await self._limits.no_account(body.device_id, now)
        return await self._again(address, body, client, now)

    async def login(self, body: Login, client: RequestOrigin, now: int) -> SignedIn:
        """Sign in with email or username. Unknown logins and wrong passwords look and cost the same.

        Raises `Unauthenticated` (also for a one-time code that is missing), `Banned`, `RateLimited`,
        `Unavailable`.
        """
        return await self.enter(await self._proved(body.login, body, client, now), body, client, now)

    async def _again(self, address: str, body: Register, client: RequestOrigin, now: int) -> SignedIn:
        """Sign in to the account that the same request has opened before: a key is no password."""
        try:
            user_id = await self._proved(address, body, client, now)
        except Unauthenticated:
            raise IdempotencyConflict from None
        return await self.enter(user_id, body, client, now)

    async def _proved(self, login: str, body: Register | Login, client: RequestOrigin, now: int) -> str:
        """The user with this login, whose password came along.

        Raises `Unauthenticated`, `Banned`, `RateLimited`, `Unavailable`.
        """
        known = await self._store.credentials(login, now)
        device = self._sessions.device(body.device_token, now)
        own = device if known and device and device.user_id == known.user_id else None
        async with self._limits.password(login, client.network, own, now):
            fits = await self._passwords.verify(known.password_hash if known else None, body.password)
            if known is not None and known.probe:  # it has no other password, and looking cost the same
                fits = self._probes.knows(login, body.password)
            if known is None or not fits:
                raise Unauthenticated("This login and password do not belong together.")
        if known.banned:
            await self._sessions.refuse_banned(known.user_id, now)
        if known.probe:
            return known.user_id
        assert known.password_hash  # or it would not fit
        if self._passwords.outdated(known.password_hash):
            stronger = await self._passwords.hash(body.password)
            await self._store.rehash(known.user_id, known.password_hash, stronger)
        return known.user_id

    async def second_factor(self, user_id: str, body: SigningIn, now: int) -> bool:
        """Whether a right code came along; False: none is needed. Raises `CodeNeeded`, `RateLimited`."""
        return await self._codes.shown(user_id, body.totp, now)

    async def enter(
        self, user_id: str, body: SigningIn, client: RequestOrigin, now: int, *, shown: bool | None = None
    ) -> SignedIn:
        """Sign in somebody who has shown who they are. `shown`: what `second_factor` has said, if it was
        asked.

        Raises what that does.
        """
        if shown is None:
            shown = await self.second_factor(user_id, body, now)
        session, token = self._sessions.new(
            user_id, body.device_id, client.user_agent, client.network, now, second_factor=shown
        )
        signed_in = await self._sessions.open(session, token, body.device_token, now)
        return await self.seen(signed_in, body, client, now)

    async def seen(self, signed_in: SignedIn, body: SigningIn, client: RequestOrigin, now: int) -> SignedIn:
        """Note with what the account was seen before its client can use it: it may be that of a return."""
        devices = (self._sessions.device(token, now) for token in (body.device_token, signed_in.device_token))
        sighting = Sighting(
            user_id=signed_in.user.id,
            network=client.network,
            device_ids=(body.device_id,) if body.device_id else (),
            device_marks=tuple(device.id for device in devices if device),
            client=client_print("rest", client.user_agent, client.language),
        )
        await self._sightings.sign_in(sighting, now)
        return signed_in
