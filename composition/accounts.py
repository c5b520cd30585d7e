"""Accounts and how they sign in."""

from composition.stores import Stores
from core.settings import Settings
from services.accounts import Accounts
from services.passwords import Passwords


class Identity:
    """Owner of the threads that hash passwords: `close` it."""

    def __init__(self, stores: Stores, settings: Settings) -> None:
        self._passwords = Passwords(
            threads=settings.password_threads,
            queue=settings.password_queue,
            memory_kib=settings.password_memory_kib,
            passes=settings.password_passes,
        )
        self.accounts = Accounts.of(
            settings,
            stores.accounts,
            families=stores.sessions,
            profiles=stores.profiles,
            passwords=self._passwords,
            sessions=stores.events,
            limiter=stores.limiter,
        )
        self.close = self._passwords.close
