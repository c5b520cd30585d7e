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
from core.clock import DAY_MS, now_ms, rfc3339, to_ms
from core.errors import InvalidRequest, NotFound
from core.fields import Fields
from core.keys import Keyring
from core.seals import Seals
from core.settings import Settings
from db.postgres.accounts import AccountStore
from db.postgres.bans import BanStore
from db.postgres.data_keys import KeyStore
from db.postgres.jobs import JobStore
from db.postgres.penalties import PenaltyStore
from db.postgres.pool import Pool
from db.postgres.totp import TotpStore
from services.bans import Bans
from services.data_keys import KeyMissing, learn
from services.encryption import NotYet


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
