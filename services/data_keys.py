"""What a process knows of the keys for data, and tells others: so the operator may change them while it runs.

A node seals with a data key only after the operator has begun with it, which the database says; it looks
for that, and says what it has, again and again.
"""

from collections.abc import Mapping, Sequence

from core.keys import LASTING, Keyring, Lasting, SigningKey
from core.seals import Seals
from db.periodic import PeriodicTask
from db.postgres.data_keys import BegunKey, Holder, KeptKey, KeyStore

LOOK_S = 20
# A process that has not been seen for so long is gone.
SEEN_S = 3 * LOOK_S


class KeyMissing(Exception):
    """Something here is encrypted with a key that this process does not have; in words for the operator."""


class KeyWatch:
    """One for each process."""

    def __init__(self, store: KeyStore, keyring: Keyring, node: str) -> None:
        self._store, self._keyring, self._node = store, keyring, node
        self.task = PeriodicTask(
            LOOK_S, self.look, failing="The keys for data do not fit; what they hide cannot be read."
        )

    async def look(self) -> None:
        """Learn what there is, and say what one has, also if that is not enough. Raises `KeyMissing`."""
        kept: Sequence[KeptKey] = ()
        try:
            kept = await learn(self._store, self._keyring)
        finally:
            await self._store.hold(holder(self._keyring, kept, self._node))

    async def leave(self) -> None:
        """The process ends."""
        await self._store.leave(self._node)


async def learn(store: KeyStore, keyring: Keyring) -> Sequence[KeptKey]:
    """Have the ring as the database says. Gives what is kept there. Raises `KeyMissing`."""
    begun, kept = await store.begun(), await store.kept()
    check(begun, keyring)
    seals = kept_seals(keyring)
    keyring.learn({key.id for key in begun}, _opened(kept, seals))
    return kept


def kept_seals(keyring: Keyring) -> Seals:
    """What seals keys that are kept in the database."""
    return Seals(keyring.of_data("kept keys"))


def kept_for(purpose: str, kid: str) -> str:
    """What a kept key belongs to."""
    return f"identity.kept_keys {purpose} {kid}"


def check(begun: Sequence[BegunKey], keyring: Keyring) -> None:
    """Raises `KeyMissing` for one that the ring does not have, or has another of that name."""
    own = {key.id: key for key in keyring.data}
    for key in begun:
        if key.id not in own:
            raise KeyMissing(
                f"DATA_KEYS does not have the key {key.id!r}, with which data here is encrypted: without it"
                " addresses, reports and logins cannot be read. Put it back, anywhere in DATA_KEYS; what is"
                " lost with a lost key is said in docs/security.md."
            )
        if own[key.id].proof != key.proof:
            raise KeyMissing(
                f"The key {key.id!r} of DATA_KEYS is another one than that with which data here is encrypted:"
                " put that one back, and give a new one an id of its own."
            )


def holder(keyring: Keyring, kept: Sequence[KeptKey], node: str) -> Holder:
    """What this process has."""
    known = [*(key.name for key in keyring.data), *sorted({key.kid for key in kept})]
    hashes = keyring.hashing("addresses")[0].kid
    return Holder(node=node, secret=keyring.kids, known=known, writes=keyring.writes, hashes=hashes)


def _opened(kept: Sequence[KeptKey], seals: Seals) -> Mapping[Lasting, tuple[SigningKey, ...]]:
    """The keys themselves. Raises `KeyMissing` for one that does not open."""
    found: dict[Lasting, tuple[SigningKey, ...]] = {}
    for key in kept:
        value = seals.open(key.sealed, kept_for(key.purpose, key.kid))
        if value is None:
            raise KeyMissing(
                f"A key that is kept for {key.purpose!r} does not open: the database was changed."
            )
        purpose = next((known for known in LASTING if known == key.purpose), None)
        if purpose is not None:  # else that of another version
            found[purpose] = (*found.get(purpose, ()), SigningKey(key.kid, value))
    return found
