"""What an operator does on the command line: roles, bans, one-time codes, and jobs that failed.

Also while a server runs: endpoints look up the role at each request and nodes look for new bans, so it takes
effect at once. All of it is on the audit log, done by nobody who has an account.
"""

import argparse
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from composition.data_keys import data_keys
from composition.failed_jobs import jobs
from composition.foundation import database
from composition.import_places import import_places
from composition.rebuild_journeys import rebuild_journeys
from core.clock import DAY_MS, now_ms, rfc3339, to_ms
from core.errors import Conflict, InvalidRequest, NotFound
from core.fields import Fields
from core.keys import Keyring
from core.probes import NAMES, PROBES
from core.seals import Seals
from core.settings import Settings
from db.postgres.accounts import AccountStore
from db.postgres.bans import BanStore
from db.postgres.data_keys import KeyStore
from db.postgres.jobs import JobStore
from db.postgres.journeys import JourneyStore
from db.postgres.penalties import PenaltyStore
from db.postgres.pool import Pool
from db.postgres.probes import ProbeStore
from db.postgres.reward_ledger import RewardLedger
from db.postgres.totp import TotpStore
from services.bans import Bans
from services.data_keys import KeyMissing, learn
from services.encryption import NotYet
from services.place_files import Unreadable


class Refused(Exception):
    """It cannot be done; the text says why, and `code` is that of the process."""

    def __init__(self, why: str, code: int = 1) -> None:
        super().__init__(why)
        self.code = code


async def operate(settings: Settings, asked: argparse.Namespace) -> str:
    """Do it. Gives what to say. Raises `Refused`."""
    if asked.command == "jobs":
        async with database(settings) as pool:
            return await jobs(JobStore(pool, Seals(Keyring.of(settings).keys("jobs")), now_ms), asked)
    if asked.command == "data-keys":
        async with database(settings) as pool:
            try:
                return await data_keys(pool, settings, asked)
            except (NotYet, KeyMissing) as reason:
                raise Refused(str(reason)) from None
    if asked.command == "import-places":
        async with database(settings) as pool:
            try:
                return await import_places(pool, asked)
            except (Unreadable, OSError) as reason:
                raise Refused(f"{asked.file}: {reason}", 2) from None
    if asked.command in _OF_ALL:
        async with database(settings) as pool:
            return await _OF_ALL[asked.command](pool)
    async with _account(settings, asked.user) as (pool, user_id):
        try:
            return await _OPERATIONS[asked.command](pool, user_id, asked)
        except InvalidRequest as mistake:
            raise Refused(mistake.message, 2) from None


@asynccontextmanager
async def _account(settings: Settings, user: str) -> AsyncIterator[tuple[Pool, str]]:
    async with database(settings) as pool:
        keyring = Keyring.of(settings)
        try:
            await learn(KeyStore(pool), keyring)
            user_id = await AccountStore(pool, Fields(keyring)).named(user)
        except KeyMissing as missing:
            raise Refused(str(missing)) from None
        except NotFound:
            raise Refused(f"Nobody signs in as {user!r}, nor has that id: register first.") from None
        yield pool, user_id


async def _role(pool: Pool, user_id: str, asked: argparse.Namespace) -> str:
    await AccountStore(pool).set_role(user_id, asked.role, None, now_ms())
    return f"The role of {asked.user} is now: {asked.role}."


async def _ban(pool: Pool, user_id: str, asked: argparse.Namespace) -> str:
    now = now_ms()
    until = _end(asked, now)
    await Bans(PenaltyStore(pool)).ban(user_id, reason=asked.reason, until=until, by=None, now=now)
    return f"{asked.user} is banned{'' if until is None else f' until {rfc3339(until)}'}."


async def _unban(pool: Pool, user_id: str, asked: argparse.Namespace) -> str:
    lifted = await BanStore(pool).unban(user_id, None, now_ms())
    return f"{asked.user} {'is banned no more' if lifted else 'was not banned'}."


async def _turn_codes_off(pool: Pool, user_id: str, asked: argparse.Namespace) -> str:
    were_on = await TotpStore(pool).drop(user_id, None, now_ms(), even_if_on=True)
    return f"One-time codes of {asked.user} {'are off now' if were_on else 'were not on'}."


async def _check_ledger(pool: Pool) -> str:
    sums, differences = await RewardLedger(pool).check()
    said = (
        f"{sums.granted:,} granted ({sums.again:,} of them again, in place of {sums.reversed:,} whose"
        f" redemption was taken back): {sums.redeemed:,} redeemed, {sums.expired:,} expired, {sums.open:,}"
        " open."
    )
    if sums.add_up and not differences:
        return f"{said}\nIt adds up."
    lines = [f"  {each.what} {each.id} {each.why}" for each in differences]
    raise Refused("\n".join([said, "It does not add up:", *lines]))


async def _open_probes(pool: Pool) -> str:
    try:
        made = await ProbeStore(pool).create(PROBES, now_ms())
    except Conflict as taken:
        raise Refused(taken.message) from None
    return f"Opened: {', '.join(made)}." if made else f"There already: {', '.join(NAMES)}."


def _end(asked: argparse.Namespace, now: int) -> int | None:
    """When the ban ends; None: never."""
    days: int | None = asked.days
    if days is not None:
        return now + days * DAY_MS
    until: datetime | None = asked.until
    if until is None:
        return None
    return to_ms(until if until.tzinfo else until.replace(tzinfo=UTC))


_OPERATIONS: dict[str, Callable[[Pool, str, argparse.Namespace], Awaitable[str]]] = {
    "role": _role,
    "admin": _role,
    "ban": _ban,
    "unban": _unban,
    "totp-off": _turn_codes_off,
}
_OF_ALL: dict[str, Callable[[Pool], Awaitable[str]]] = {
    "rebuild-journeys": lambda pool: rebuild_journeys(JourneyStore(pool)),
    "check-ledger": _check_ledger,
    "probe": _open_probes,
}
