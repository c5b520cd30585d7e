"""What the operator does with keys for data: begins to encrypt, changes to another key, hashes anew, looks.

Each may be broken off and begun again at any time, while nodes run: they read both, and write as the database
says. What is as it should be is passed over.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from core.fields import EMAIL, FIELDS, Field, Fields
from core.keys import HASHES, LASTING, DataKey, Keyring, SigningKey
from core.seals import Sealed, Seals
from db.postgres.data_keys import BegunKey, Holder, KeptKey, KeyStore
from db.postgres.sealed_rows import BOXES, LOGINS, Boxes, BoxRow, Row, SealedRows
from services.data_keys import SEEN_S, kept_for, kept_seals, learn
from services.logins import subject_hashes

_AT_ONCE = 200
_TOLD_EACH = 10_000
_PASSES = 20
_LOOK_S = 0.2
Say = Callable[[str], None]
R = TypeVar("R", Row, BoxRow)


class NotYet(Exception):
    """It cannot be done now; the text says why, and what to do."""


class Encryption:
    """What is done. `say` is told how far it has come."""

    def __init__(self, store: KeyStore, rows: SealedRows, keyring: Keyring, say: Say) -> None:
        self._store, self._rows, self._keyring, self._say = store, rows, keyring, say
        self._fields = Fields(keyring)

    async def encrypt(self) -> str:
        """Begin with the first key, or go on: all that is in clear, or sealed with others, is sealed with it.

        Also that with which SECRET sealed and hashed is kept, so that it may be changed. Without keys for
        data, what the previous SECRET has sealed is sealed anew. Raises `NotYet`, `KeyMissing`.
        """
        await learn(self._store, self._keyring)
        if not self._keyring.data:
            await self._check_nodes()
            return await self._all() or "Everything that SECRET_PREVIOUS has sealed is sealed with SECRET."
        await self._begin()
        left = await self._all() + await self._retire()
        return left or "Everything is encrypted with the first key."

    async def rehash(self) -> str:
        """Find by a new key what is found by a hash. Raises `NotYet`, `KeyMissing`."""
        await learn(self._store, self._keyring)
        if self._keyring.writes is None:
            raise NotYet("Nothing is encrypted yet: begin with `encrypt`.")
        await self._check_nodes()
        kid, seals = await self._store.pending() or secrets.token_hex(8), kept_seals(self._keyring)
        for purpose in HASHES:
            sealed = seals.seal(secrets.token_bytes(32), kept_for(purpose, kid))
            await self._store.keep(KeptKey(purpose, kid, sealed), writes=False)
        await self._until("knows the new key", lambda each: kid in each.known)
        await self._store.write_with(kid, HASHES)
        await learn(self._store, self._keyring)
        await self._until("writes with the new key", lambda each: each.hashes == kid)
        return await self._all() or "Addresses and logins are found by the new key."

    async def status(self) -> str:
        """How many values there are under which key."""
        await learn(self._store, self._keyring)
        lines = [self._state()]
        for name, keys in (await self._rows.counted()).items():
            shown = ", ".join(f"{count} {_under(key)}" for key, count in keys.items()) or "none"
            lines.append(f"  {name}: {shown}")
        lines += [f"  process {_holds(each)}" for each in await self._store.holders(SEEN_S)]
        return "\n".join(lines)

    def _state(self) -> str:
        if not self._keyring.data:
            return "DATA_KEYS is not set: this is stored in clear, or sealed by SECRET."
        if (key := self._keyring.writes) is None:
            return "DATA_KEYS is set, and nothing is encrypted with it yet: see `encrypt`."
        return f"Encrypted with the key {key!r}."

    # Beginning

    async def _begin(self) -> None:
        first = self._keyring.data[0]
        if self._keyring.writes != first.id:
            if not await self._check_nodes(first):
                await self._check_secret()
            if not await self._store.begin(BegunKey(first.id, first.proof)):
                raise NotYet(f"The id {first.id!r} was that of another key before: take an id of its own.")
            await learn(self._store, self._keyring)
        await self._keep()
        await self._until(f"writes with {first.id!r}", lambda each: each.writes == first.id)

    async def _keep(self) -> None:
        """What SECRET has sealed and hashed stays readable when it is changed."""
        kept = await self._store.kept()
        seals = kept_seals(self._keyring)
        for purpose in LASTING:
            if all(known.purpose != purpose for known in kept):
                for n, key in enumerate(self._keyring.keys(purpose)):
                    await self._store.keep(_kept(purpose, key, seals), writes=n == 0)
        for known in kept:
            if seals.is_old(known.sealed):
                value = seals.open(known.sealed, kept_for(known.purpose, known.kid))
                if value is not None:
                    key = SigningKey(known.kid, value)
                    await self._store.reseal(_kept(known.purpose, key, seals))

    async def _check_nodes(self, key: DataKey | None = None) -> bool:
        """Raises `NotYet` while a process could not read what is written. Whether any runs."""
        if before := await self._store.nodes_before():
            raise NotYet(f"{before} connections are those of nodes of a version before: replace these first.")
        holders = await self._store.holders(SEEN_S)
        for holder in holders:
            if holder.secret != self._keyring.kids:
                raise NotYet(
                    f"The process {holder.node} has another SECRET, or SECRET_PREVIOUS, than this command."
                )
            if key is not None and key.name not in holder.known:
                raise NotYet(
                    f"The process {holder.node} does not have the key {key.id!r}, or has another one of that"
                    " id: set DATA_KEYS there as here, start it again, and then this command."
                    " Nothing was changed."
                )
        return bool(holders)

    async def _check_secret(self) -> None:
        """Raises `NotYet` if logins here were not sealed with what this command has: the keys that are kept
        would be the wrong ones. Where a process runs it has the same, and nobody could open these.
        """
        known = {key.kid for key in self._keyring.sealing("logins")}
        counts = await self._rows.counted_boxes(LOGINS)
        others = sum(count for key, count in counts.items() if key not in known)
        if others:
            raise NotYet(
                f"{others} logins were sealed with neither SECRET nor SECRET_PREVIOUS of this command:"
                " give it the settings of the nodes, or give it while they run. Nothing was changed."
            )

    async def _until(self, what: str, done: Callable[[Holder], bool]) -> None:
        """Wait until each process that runs has learned of it."""
        told = ""
        for _ in range(round(2 * SEEN_S / _LOOK_S)):
            late = ", ".join(each.node for each in await self._store.holders(SEEN_S) if not done(each))
            if not late:
                return
            if late != told:
                told = late
                self._say(f"Waiting until each process {what}: {late}")
            await asyncio.sleep(_LOOK_S)
        raise NotYet(f"{told} did not: start them again, and then this command, which goes on.")

    # All that is stored

    async def _all(self) -> str:
        """Pass over everything until nothing is left that can be changed. Gives what is left, in words."""
        left = 0
        for _ in range(_PASSES):
            changed, left = await self._pass()
            if not left or not changed:
                break
        return (
            f"{left} values could not be changed: they do not open, or somebody has the same. "
            if left
            else ""
        )

    async def _pass(self) -> tuple[int, int]:
        """How many values were changed, and how many others would have to be."""
        counts, rows = [], self._rows
        for field in FIELDS:
            name = f"{field.table}.{field.column}"
            given = partial(rows.page, field), partial(self._fresh, field), partial(rows.write, field)
            counts.append(await self._over(name, *given))
        for boxes in BOXES:
            name, seals = f"{boxes.table}.{boxes.box}", Seals(self._keyring.sealing(boxes.purpose))
            fresh = partial(self._anew, boxes, seals)
            written = partial(rows.write_boxes, boxes)
            counts.append(await self._over(name, partial(rows.boxes, boxes), fresh, written))
        return sum(changed for changed, _ in counts), sum(left for _, left in counts)

    async def _over(
        self,
        name: str,
        page: Callable[[str | None, int], Awaitable[Sequence[R]]],
        fresh: Callable[[R], R | None],
        write: Callable[[Sequence[tuple[R, R]]], Awaitable[int]],
    ) -> tuple[int, int]:
        """Pass over a column. How many values were changed, and how many others would have to be."""
        after, changed, left, seen = None, 0, 0, 0
        while rows := await page(after, _AT_ONCE):
            after, seen = rows[-1].id, seen + len(rows)
            new = [(was, fresh(was)) for was in rows]
            changes = [(was, row) for was, row in new if row is not None and row != was]
            done = await write(changes) if changes else 0
            unopened = sum(row is None for _, row in new)
            changed, left = changed + done, left + len(changes) - done + unopened
            if seen % _TOLD_EACH == 0:
                self._say(f"{name}: {seen} seen, {changed} changed")
        self._say(f"{name}: {seen} seen, {changed} changed; that is all")
        return changed, left

    def _fresh(self, field: Field, row: Row) -> Row | None:
        """As it should be; None: it does not open."""
        words = self._fields.read(field, row.id, row.value)
        if words is None:
            return None
        value = row.value if self._fields.is_current(row.value) else self._fields.kept(field, row.id, words)
        return Row(row.id, value, self._fields.address_hash(words) if field is EMAIL else None)

    def _anew(self, boxes: Boxes, seals: Seals, row: BoxRow) -> BoxRow | None:
        content = seals.open(row.sealed, row.id)
        if content is None:
            return None
        sealed = seals.seal(content, row.id) if seals.is_old(row.sealed) else row.sealed
        found = row.hash
        if boxes is LOGINS and row.provider is not None:
            keys = self._keyring.hashing("logins")
            found = subject_hashes(keys, row.provider, content.decode())[0]  # type: ignore[arg-type]  # is stored
        return BoxRow(row.id, sealed, found, row.provider)

    async def _retire(self) -> str:
        """Other keys under which nothing is left are none any more. Gives which are, in words."""
        first, counts = self._keyring.data[0].id, await self._rows.counted()
        told = []
        for key in await self._store.begun():
            if key.id == first:
                continue
            left = sum(keys.get(key.id, 0) for keys in counts.values()) + await self._rows.jobs_with(key.id)
            if left:
                told.append(f"{left} values are still encrypted with {key.id!r}: see `status`. ")
            else:
                await self._store.retire(key.id)
                self._say(f"Nothing is encrypted with {key.id!r} any more: it may be left out of DATA_KEYS.")
        return "".join(told)


def _kept(purpose: str, key: SigningKey, seals: Seals) -> KeptKey:
    sealed: Sealed = seals.seal(key.value, kept_for(purpose, key.kid))
    return KeptKey(purpose, key.kid, sealed)


def _under(key: str | None) -> str:
    return "in clear" if key is None else f"under {key!r}"


def _holds(holder: Holder) -> str:
    writes = "in clear" if holder.writes is None else f"with {holder.writes!r}"
    known = ", ".join(name.partition(":")[0] for name in holder.known)
    return f"{holder.node} has {known or 'no key'}, and writes {writes}"
