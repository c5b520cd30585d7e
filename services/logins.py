"""Ways to sign in to an account: which there are, one more, one fewer. `services.sign_ins` signs in by them.

Whoever adds or removes one has signed in a moment ago, or sends the password: with a stolen access token
nobody can make themselves a way in, or keep the owner out.
"""

import hmac
from collections.abc import Sequence

from msgspec import Struct

from core.contract.logins import LoginView
from core.fields import LOGIN_HINT, Fields
from core.ids import new_id
from core.keys import Keyring, SigningKey
from core.seals import Seals
from core.tokens import Access
from core.vocabulary import LoginProvider
from db.postgres.logins import KnownLogin, LoginStore, NewLogin
from services.marks import Marker
from services.owner_proofs import OwnerProofs


class Proven(Struct, frozen=True, kw_only=True):
    """Somebody has shown that they are this `subject` of a provider: a number, an id at Google.

    `email`: an address of theirs that the provider has verified. `code_id`: the code by which it was shown.
    """

    provider: LoginProvider
    subject: str
    hint: str | None
    email: str | None = None
    code_id: str | None = None


def subject_hashes(keys: Sequence[SigningKey], provider: LoginProvider, subject: str) -> tuple[bytes, ...]:
    """By what a subject is found: the first by the secret in force, others by those before it."""
    text = f"{provider}\n{subject}".encode()
    return tuple(hmac.digest(key.value, text, "sha256") for key in keys)


class Logins:
    """The use cases. Errors of an outage pass through (`db.outage`)."""

    def __init__(self, store: LoginStore, keyring: Keyring, marker: Marker, proofs: OwnerProofs) -> None:
        self._store, self._marker, self._proofs = store, marker, proofs
        self._keys, self._seals = keyring.hashing("logins"), Seals(keyring.sealing("logins"))
        self._fields = Fields(keyring)

    async def of(self, user_id: str) -> list[LoginView]:
        """All of this user, oldest first."""
        return await self._store.of(user_id)

    async def link(
        self, access: Access, proven: Proven, password: str | None, network: str, now: int
    ) -> LoginView:
        """One more way to sign in to this account. Raises `PasswordNeeded`, `Conflict`, `CodeUsed`."""
        await self._proofs.check(access, password, network, now)
        return await self._store.link(access.user_id, self.new(proven, now), now)

    async def remove(
        self, access: Access, login_id: str, password: str | None, network: str, now: int
    ) -> None:
        """One fewer. Raises `PasswordNeeded`, `NotFound`, and `Conflict` for the last one."""
        await self._proofs.check(access, password, network, now)
        await self._store.remove(access.user_id, login_id, now)

    async def find(self, proven: Proven, now: int) -> KnownLogin | None:
        """Whose it is; None: nobody's. What was stored by the previous secret is stored anew."""
        login = self.new(proven, now)
        known = await self._store.find(login.provider, login.hashes, now)
        if known and known.stale:
            await self._store.rehash(known.id, self.new(proven, now, id_=known.id))
        return known

    def new(self, proven: Proven, now: int, *, id_: str | None = None) -> NewLogin:
        """A login that is not stored yet."""
        id_ = id_ or new_id(now)
        return NewLogin(
            id=id_,
            provider=proven.provider,
            hashes=subject_hashes(self._keys, proven.provider, proven.subject),
            hint=self._fields.kept_if_any(LOGIN_HINT, id_, proven.hint),
            sealed=self._seals.seal(proven.subject.encode(), id_),
            marks=self._marker.phone(proven.subject) if proven.provider == "phone" else (),
            code_id=proven.code_id,
        )
