"""Accounts, their sessions and profiles, and how they sign in."""

from collections.abc import Mapping
from typing import get_args

from composition.foundation import Foundation
from composition.scanning import shown_texts
from composition.stores import Stores
from core.contract.openid import OpenIdProvider
from core.limits import LIMITS
from core.probes import Probes
from core.seals import Seals
from core.settings import Settings
from db.postgres.contacts import ContactStore
from db.postgres.email import EmailStore
from db.postgres.password import PasswordStore
from db.redis.rate_limits import MemoryLimiter, NoLimits
from db.redis.used_tokens import UsedTokens
from outside.openid import HttpProviderKeys
from services.accounts import Accounts
from services.codes import Codes, rules
from services.contacts import Contacts
from services.email import Emails
from services.expulsions import Expulsions
from services.jobs import JobQueue
from services.letters import Letters
from services.limits import Limits
from services.logins import Logins
from services.mailboxes import Mailboxes
from services.marks import Marker
from services.openid import OpenId, Trusted, provider
from services.owner_proofs import OwnerProofs
from services.password import OwnPassword
from services.password_hashes import PasswordHashes
from services.phone import Phones
from services.profiles import Profiles
from services.sessions import SessionService, Tokens
from services.sightings import Sightings
from services.sign_in_limits import Rates, SignInLimits
from services.sign_ins import SignIns
from services.totp import OneTimeCodes
from services.underage import Minors


class Identity:
    """Owns the threads that hash passwords, so it has to be `close`d."""

    def __init__(self, stores: Stores, base: Foundation, sightings: Sightings, jobs: JobQueue) -> None:
        settings = base.settings
        passwords = PasswordHashes(
            threads=settings.password_threads,
            queue=settings.password_queue,
            memory_kib=settings.password_memory_kib,
            passes=settings.password_passes,
        )
        self.sightings = sightings
        texts = shown_texts(settings)
        self.profiles = Profiles(stores.profiles, texts, reserved_days=settings.username_reserved_days)
        # In memory too: a flood on one process costs Redis nothing, and REST needs no Redis to read.
        here = MemoryLimiter() if settings.rate_limits == "on" else NoLimits()
        self.limits = Limits(settings, shared=stores.limiter, here=here)
        limits = SignInLimits(stores.limiter, Rates.of(settings))
        keyring = base.keyring
        seals = Seals(keyring.sealing("one-time codes"))
        self.codes = OneTimeCodes(stores.totp, seals, limits)
        self.sent_codes = Codes(stores.codes, keyring, rules(settings))
        marker = Marker(keyring.hashing("marks of accounts"))
        minors = Minors(
            stores.refused_ages, keyring.keys("refused ages"), kept_ms=settings.underage_h * 3_600_000
        )
        self.proofs = OwnerProofs(
            stores.accounts, passwords, limits, fresh_ms=settings.fresh_sign_in_m * 60_000
        )
        self.expulsions = Expulsions(stores.expulsions, base.bus, most_sessions=settings.sessions_a_user)
        letters = Letters(sender=settings.mail_from, page=settings.page_url)
        mailboxes = Mailboxes(stores.limiter, LIMITS["mailbox"].rate(settings), there=bool(settings.mail))
        self.emails = Emails(
            EmailStore(base.pool, base.fields),
            self.sent_codes,
            jobs=jobs,
            letters=letters,
            mailboxes=mailboxes,
            marker=marker,
            proofs=self.proofs,
        )
        self.password = OwnPassword(
            PasswordStore(base.pool, base.fields),
            self.sent_codes,
            jobs=jobs,
            letters=letters,
            mailboxes=mailboxes,
            passwords=passwords,
            proofs=self.proofs,
            expulsions=self.expulsions,
        )
        self.works = self.password.works
        self.sessions = SessionService(
            stores.sessions,
            expulsions=self.expulsions,
            standing=stores.standing,
            profiles=self.profiles,
            events=stores.events,
            tokens=Tokens.of(settings),
            codes=self.codes,
        )
        self.accounts = Accounts(
            stores.accounts,
            sessions=self.sessions,
            passwords=passwords,
            codes=self.codes,
            minors=minors,
            limits=limits,
            marker=marker,
            shown_texts=texts,
            sightings=sightings,
            emails=self.emails,
            probes=Probes(settings.probe_secret),
        )
        self.logins = Logins(stores.logins, keyring, marker, self.proofs)
        self.contacts = Contacts(
            ContactStore(base.pool, stores.cards, most=settings.contacts_a_user),
            keyring.hashing("logins"),
            stores.limiter,
            {name: limit.rate(settings) for name, limit in LIMITS.items()},
        )
        sign_ins = SignIns(
            self.accounts,
            stores.accounts,
            self.logins,
            stores.logins,
            sessions=self.sessions,
            minors=minors,
            limits=limits,
            marker=marker,
            shown_texts=texts,
        )
        self.phones = Phones(
            self.sent_codes,
            self.logins,
            sign_ins,
            sessions=self.sessions,
            limits=limits,
            jobs=jobs,
            sends=bool(settings.sms),
        )
        self.openid = OpenId(_trusted(settings), UsedTokens(base.redis), self.logins, sign_ins, limits)
        self.close = passwords.close


def _trusted(settings: Settings) -> Mapping[OpenIdProvider, Trusted]:
    """The providers whose ID tokens count."""
    found = {name: provider(settings, name) for name in get_args(OpenIdProvider)}
    return {
        name: Trusted(one, HttpProviderKeys(getattr(settings, f"{name}_issuer")))
        for name, one in found.items()
        if one is not None
    }
