"""Whose an email address is: they open the link in a mail that goes there, also for another one than before.

How many mails go to one mailbox is limited, whoever asks for them: nobody can have somebody else's flooded.
"""

import structlog

from core.contract.email import ChangeEmail
from core.errors import Unauthenticated
from core.ids import new_id
from core.tokens import Access
from db.outage import OUTAGES
from db.postgres.email import Address, EmailStore, LinkUsed
from db.postgres.pool import Connection
from services import account_rules as rules
from services.codes import Codes, WrongCode
from services.jobs import JobQueue
from services.letters import Kind, Letters
from services.mailboxes import Mailboxes
from services.marks import Marker
from services.owner_proofs import OwnerProofs
from services.post import SendMail

_log = structlog.get_logger()


class Emails:
    """The use cases. Errors of an outage of Postgres or Redis pass through (`db.outage`)."""

    def __init__(
        self,
        store: EmailStore,
        codes: Codes,
        *,
        jobs: JobQueue,
        letters: Letters,
        mailboxes: Mailboxes,
        marker: Marker,
        proofs: OwnerProofs,
    ) -> None:
        self._store, self._codes, self._jobs, self._letters = store, codes, jobs, letters
        self._mailboxes, self._marker, self._proofs = mailboxes, marker, proofs

    async def send(self, access: Access, language: str | None, now: int) -> None:
        """Mail the link to one's present address, where there is one that is not known to be one's own.

        Raises `RateLimited`, `NoMail`.
        """
        self._mailboxes.need()
        own = await self._own(access.user_id)
        if own.email is not None and not own.verified:
            await self._mailboxes.count("verify", own.email, now)
            await self._mail(access.user_id, own.email, own.language or language, now)

    async def change(
        self, access: Access, body: ChangeEmail, network: str, language: str | None, now: int
    ) -> None:
        """Mail a link to another address. Raises `InvalidRequest`, `PasswordNeeded`, and the same."""
        self._mailboxes.need()
        address = rules.email(body.email)
        await self._proofs.check(access, body.password, network, now)
        own = await self._own(access.user_id)
        if own.email is None or own.email.lower() != address.lower():
            await self._store.check(address, self._marker.email(address), now)
        elif own.verified:
            return
        await self._mailboxes.count("verify", address, now)
        await self._mail(access.user_id, address, own.language or language, now)

    async def welcome(self, user_id: str, email: str, language: str | None, now: int) -> None:
        """Mail the link to the address of a new account. It is there whether that works or not."""
        try:
            if self._mailboxes.there and await self._mailboxes.may("verify", email, now):
                await self._mail(user_id, email, language, now)
        except OUTAGES as error:
            _log.warning("a new account is not mailed to", error=repr(error))

    async def verify(self, token: str, now: int) -> None:
        """The address that a link went to is its owner's. Raises `Unauthenticated`, `Expired`, `Conflict`."""
        shown = await self._codes.linked("email", token, now)
        user_id, email = shown.user_id, shown.carried
        if user_id is None or email is None:
            raise WrongCode

        async def told(connection: Connection, before: Address) -> None:
            if before.email is not None:
                await self._post("email_changed", before.email, before.language, connection, now)

        marks = self._marker.email(email)
        try:
            await self._store.confirm(user_id, email, marks, shown.id, now, told)
        except LinkUsed:
            raise WrongCode("This link does not serve any more: ask for another one.") from None
        await self._jobs.hurry()

    async def _own(self, user_id: str) -> Address:
        own = await self._store.of(user_id)
        if own is None:
            raise Unauthenticated("This account is gone.")
        return own

    async def _mail(self, user_id: str, email: str, language: str | None, now: int) -> None:
        """One link at a time serves. Raises `RateLimited` where the one before is too young."""
        issued = self._codes.new("email", user_id, now, user_id=user_id, carrying=email)

        async def send(connection: Connection) -> None:
            await self._post("verify", email, language, connection, now, token=issued.text)

        await self._codes.issue(issued, now, send)
        await self._jobs.hurry()

    async def _post(
        self, kind: Kind, to: str, language: str | None, within: Connection, now: int, *, token: str = ""
    ) -> None:
        if not self._mailboxes.there:
            return
        lasts_ms = self._codes.rule("email").lasts_ms
        letter = self._letters.write(
            kind, to, language, letter_id=new_id(now), token=token, lasts_ms=lasts_ms
        )
        await self._jobs.add(SendMail(letter=letter, until_ms=now + lasts_ms), within=within)
