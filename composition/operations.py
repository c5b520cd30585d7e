"""What an operator does to accounts from the command line: give a role, ban, unban. Also while a server runs.

Endpoints look a role up at each request, and nodes look for new bans: what is done here holds soon enough.
"""

from composition.foundation import database
from core.clock import now_ms
from core.settings import Settings
from core.vocabulary import Role
from db.postgres.accounts import AccountStore
from db.postgres.bans import BanStore, NewBan
from services.bans import Bans


async def give_role(settings: Settings, login: str, role: Role) -> bool:
    """Whoever signs in with this address or username has the role from now on; False: nobody does."""
    async with database(settings) as pool:
        return await AccountStore(pool).set_role(login, role, now_ms())


async def ban(settings: Settings, login: str, *, reason: str, until: int | None) -> None:
    """Whoever signs in so is banned from now on, until that time in ms or for good.

    Raises `NotFound` for nobody, `InvalidRequest`.
    """
    async with database(settings) as pool:
        bans = BanStore(pool)
        user_id = await bans.of_login(login)
        await Bans(bans).ban(NewBan(user_id=user_id, reason=reason, until=until), now_ms())


async def unban(settings: Settings, login: str) -> bool:
    """Whoever signs in so is banned no more; False: they were not. Raises `NotFound` for nobody."""
    async with database(settings) as pool:
        bans = BanStore(pool)
        return await bans.unban(await bans.of_login(login), None, now_ms())
