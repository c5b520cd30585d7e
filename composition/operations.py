"""What an operator does with accounts on the command line: give a role, ban, unban, turn one-time codes off.

Also while a server runs: endpoints look up the role at each request and nodes look for new bans, so it takes
effect at once.
"""

from composition.foundation import database
from core.clock import now_ms
from core.settings import Settings
from core.vocabulary import Role
from db.postgres.accounts import AccountStore
from db.postgres.bans import BanStore
from db.postgres.penalties import PenaltyStore
from db.postgres.totp import TotpStore
from services.bans import Bans


async def give_role(settings: Settings, login: str, role: Role) -> bool:
    """Give the account with this email address or username a role. False: there is no such account."""
    async with database(settings) as pool:
        return await AccountStore(pool).set_role(login, role, now_ms())


async def ban(settings: Settings, login: str, *, reason: str, until: int | None) -> None:
    """Ban the account with this login from now on, until that time in ms or for good.

    Raises `NotFound`, `InvalidRequest`.
    """
    async with database(settings) as pool:
        user_id = await AccountStore(pool).of_login(login)
        await Bans(PenaltyStore(pool)).ban(user_id, reason=reason, until=until, by=None, now=now_ms())


async def unban(settings: Settings, login: str) -> bool:
    """Lift the ban of the account with this login. False: it was not banned. Raises `NotFound`."""
    async with database(settings) as pool:
        user_id = await AccountStore(pool).of_login(login)
        return await BanStore(pool).unban(user_id, None, now_ms())


async def turn_codes_off(settings: Settings, login: str) -> bool:
    """Turn one-time codes off for the account with this login. False: they were not on. Raises `NotFound`."""
    async with database(settings) as pool:
        user_id = await AccountStore(pool).of_login(login)
        return await TotpStore(pool).drop(user_id, None, now_ms(), even_if_on=True)
