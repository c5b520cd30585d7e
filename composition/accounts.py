"""Accounts, their sessions and profiles, and how they sign in."""

from composition.stores import Stores
from core.settings import Settings
from services.accounts import Accounts
from services.password_hashes import PasswordHashes
from services.profiles import Profiles
from services.sessions import SessionService, Tokens
from services.sign_in_limits import Rates, SignInLimits


class Identity:
    """Owns the threads that hash passwords, so it has to be `close`d."""

    def __init__(self, stores: Stores, settings: Settings) -> None:
        passwords = PasswordHashes(
            threads=settings.password_threads,
            queue=settings.password_queue,
            memory_kib=settings.password_memory_kib,
            passes=settings.password_passes,
        )
        self.profiles = Profiles(stores.profiles)
        self.sessions = SessionService(stores.sessions, self.profiles, stores.events, Tokens.of(settings))
        self.accounts = Accounts(
            stores.accounts,
            sessions=self.sessions,
            passwords=passwords,
            limits=SignInLimits(stores.limiter, Rates.of(settings)),
        )
        self.close = passwords.close
