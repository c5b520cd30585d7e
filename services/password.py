"""A new password, for who has forgotten theirs and for who is signed in. All other sessions end with it.

Whether an address is known here is told to nobody: what is asked with one is only written down, and done
later by a worker. How many links go to one mailbox is limited, and what is more has no effect, so that the
newest link that its owner has goes on serving.
"""

from collections.abc import Sequence

from core.contract.password import ChangePassword, ForgotPassword, ResetPassword
from core.errors import RateLimited, Unauthenticated
from core.ids import new_id
from core.job import Job
from core.tokens import Access
from db.postgres.password import Changed, Owner, PasswordStore
from db.postgres.pool import Connection
from services import account_rules as rules
from services.accounts import RequestOrigin
from services.codes import Codes, WrongCode
from services.expulsions import Expulsions
from services.jobs import JobQueue, Work, work
from services.letters import Letters
from services.mailboxes import Mailboxes
from services.owner_proofs import OwnerProofs
from services.password_hashes import PasswordHashes
from services.passwords import checked
from services.post import SendMail


class LinkToPassword(Job, frozen=True, kw_only=True, tag="password-link"):
    """Somebody has asked for it. `language`: what their browser prefers."""

    email: str
    language: str | None = None
    asked_at: int


class OwnPassword:
    """The use cases. Errors of an outage of Postgres or Redis pass through (`db.outage`)."""

    def __init__(
        self,
        store: PasswordStore,
        codes: Codes,
        *,
        jobs: JobQueue,
        letters: Letters,
        mailboxes: Mailboxes,
        passwords: PasswordHashes,
        proofs: OwnerProofs,
        expulsions: Expulsions,
    ) -> None:
        self._store, self._codes, self._jobs, self._letters = store, codes, jobs, letters
        self._mailboxes, self._passwords = mailboxes, passwords
        self._proofs, self._expulsions = proofs, expulsions

    @property
    def works(self) -> Sequence[Work]:
        """What is done later."""
        return (work(LinkToPassword, self.send_link),)

    async def forgot(self, body: ForgotPassword, client: RequestOrigin, now: int) -> None:
        """Let a link be mailed, if somebody has this address. Raises `InvalidRequest`."""
        address = rules.email(body.email)
        if self._mailboxes.there and await self._mailboxes.may("reset", address, now):
            await self._jobs.add(LinkToPassword(email=address, language=client.language, asked_at=now))

    async def send_link(self, job: LinkToPassword) -> None:
        """One link at a time serves; where the one before is some seconds old, that one goes on to."""
        owner = await self._store.owner(job.email)
        if owner is None or owner.email is None:
            return
        now, to, rule = job.asked_at, owner.email, self._codes.rule("password")
        issued = self._codes.new("password", owner.user_id, now, user_id=owner.user_id)
        letter = self._letters.write(
            "reset",
            to,
            owner.language or job.language,
            letter_id=issued.new.id,
            token=issued.text,
            lasts_ms=rule.lasts_ms,
        )

        async def send(connection: Connection) -> None:
            await self._jobs.add(SendMail(letter=letter, until_ms=issued.new.expires_at), within=connection)

        try:
            await self._codes.issue(issued, now, send)
        except RateLimited:
            return
        await self._jobs.hurry()

    async def reset(self, body: ResetPassword, now: int) -> None:
        """Set a new password by a link. Raises `InvalidRequest`, `Unauthenticated`, `Expired`."""
        shown = await self._codes.linked("password", body.token, now)
        if shown.user_id is None:
            raise WrongCode
        new = await self._passwords.hash(checked(body.password))
        try:
            await self._store.reset(shown.user_id, shown.id, new, now, self._tell(now))
        except Changed:
            raise WrongCode("This link does not serve any more: ask for another one.") from None
        await self._ended()

    async def change(self, access: Access, body: ChangePassword, network: str, now: int) -> None:
        """Set a new password. Raises `PasswordNeeded`, `InvalidRequest`, `RateLimited`."""
        before = await self._proofs.check(access, body.password, network, now)
        new = await self._passwords.hash(checked(body.new_password, field="new_password"))
        try:
            await self._store.change(access.user_id, access.session_id, before, new, now, self._tell(now))
        except Changed:
            raise Unauthenticated("The password was changed meanwhile: sign in again.") from None
        await self._ended()

    async def _ended(self) -> None:
        await self._expulsions.hurry()
        await self._jobs.hurry()

    def _tell(self, now: int) -> "_Tell":
        return _Tell(self._jobs, self._letters, now, mails=self._mailboxes.there)


class _Tell:
    """Writes to the owner that their password was changed, within the transaction of that."""

    def __init__(self, jobs: JobQueue, letters: Letters, now: int, *, mails: bool) -> None:
        self._jobs, self._letters, self._now, self._mails = jobs, letters, now, mails

    async def __call__(self, connection: Connection, owner: Owner) -> None:
        if owner.email is None or not self._mails:
            return
        id_ = new_id(self._now)
        letter = self._letters.write("password_changed", owner.email, owner.language, letter_id=id_)
        await self._jobs.add(SendMail(letter=letter), within=connection)
