"""`python -m bench.returns`: who comes back after a ban and meets whom they met; who is suspected in vain.

A hundred people are banned and come back by scripts (`scripts.py`), each with a reporter. For thirty days
each signs in daily and is offered twenty of the fifty people who are online, among whom the reporter is every
other day: so whoever is not kept apart meets them sooner or later. Beside them a thousand people behind one
network, three of whom are banned. What the product notes, weighs and keeps apart is the product's own, on a
PostgreSQL of its own; people and times are simulated. Prints Markdown.
"""

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence

from msgspec import Struct

from bench.returns.people import DAY_MS, NOW, Crowd, Human, at, usual
from bench.returns.scripts import DAYS, SCRIPTS, Script, place, returned
from composition.foundation import database
from core.clock import to_datetime
from core.ids import new_id
from core.keys import Keyring
from core.settings import Settings
from db.postgres.eligibility import EligibilityStore
from db.postgres.marks import MarkStore
from db.postgres.pool import Pool
from db.postgres.suspicions import SuspicionStore
from db.postgres.trust import TrustStore
from matching.rematch import Since
from services.marks import Marker, Sighting
from services.sightings import Sightings
from services.trust import TrustService

_ONLINE, _OFFERS, _REPORTER_ONLINE = 50, 20, 0.5
_CAMPUS, _CAMPUS_BANNED = 1_000, 3
_AT_ONCE = 500
_HEAD = """\
| how they come back | returns | suspects on day 1, later | kept apart on day 1, later | met the reporter |
|---|---|---|---|---|"""


class Fate(Struct):
    """What became of a return. `suspect_on`, `apart_on`: the day; None: never."""

    script: str
    suspect_on: int | None = None
    apart_on: int | None = None
    met_on: int | None = None


class Honest(Struct, frozen=True):
    """How many there are, are suspects, are kept apart from somebody, and from how many on average."""

    number: int
    suspects: int
    apart: int
    each: float


class Product:
    """The product's own parts, on a database of their own."""

    def __init__(self, pool: Pool, *, verified: bool) -> None:
        self.pool, self.now, self.verified = pool, NOW, verified
        trust = TrustService(
            TrustStore(pool),
            lambda: self.now,
            new_id,
            window_ms=30 * DAY_MS,
            early_ms=3_000,
            review_ms=DAY_MS,
        )
        marker = Marker(Keyring("a secret for as long as this takes").keys("marks of accounts"))
        self.sightings = Sightings(MarkStore(pool), SuspicionStore(pool), marker, trust)
        self._eligibility = EligibilityStore(pool)

    async def open(self, people: Sequence[Human]) -> None:
        """They have accounts."""
        columns = (
            [each.id for each in people],
            [each.email for each in people],
            [each.name for each in people],
            [to_datetime(each.opened_at) for each in people],
            [each.birth_date for each in people],
            [each.gender for each in people],
            self.verified,
        )
        await self.pool.execute(
            "WITH new AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[],"
            " $5::date[], $6::text[]) AS n (id, email, name, at, born, gender)), account AS ("
            " INSERT INTO identity.users (id, email, email_verified_at, username, password_hash, created_at,"
            " updated_at)"
            " SELECT id, email, CASE WHEN $7 THEN at END, left(id::text, 50), 'x', at, at FROM new)"
            " INSERT INTO identity.profiles (user_id, display_name, birth_date, gender, updated_at)"
            " SELECT id, name, born, gender, at FROM new",
            *columns,
        )

    async def seen(self, sightings: Sequence[Sighting]) -> None:
        """Many at once, as after a start."""
        for first in range(0, len(sightings), _AT_ONCE):
            await self.sightings.seen(sightings[first : first + _AT_ONCE], self.now)

    async def ban(self, user_id: str, reporters: Collection[str], at: int) -> None:
        """These have reported and blocked somebody, who is banned for it."""
        for reporter in reporters:
            await self.pool.execute(
                "INSERT INTO identity.blocks VALUES ($1, $2, $3)", reporter, user_id, to_datetime(at)
            )
        await self.pool.execute(
            "INSERT INTO identity.bans (id, user_id, reason, created_at) VALUES ($1, $2, 'harassment', $3)",
            new_id(at),
            user_id,
            to_datetime(at),
        )
        await self.sightings.banned(user_id, at)

    async def tier(self, user_id: str) -> str:
        return str(await self.pool.fetchval("SELECT tier FROM identity.users WHERE id = $1", user_id))

    async def avoid(self, user_id: str) -> frozenset[str]:
        return await self._eligibility.avoid(user_id, Since(met=self.now, unanswered=self.now))


async def come_back(product: Product, crowd: Crowd, script: Script, others: Sequence[Human]) -> Fate:
    """Thirty days of somebody who was banned."""
    banned_at, reporter, fate = NOW, crowd.chance.choice(others), Fate(script.name)
    old = crowd.human(opened_at=banned_at - 60 * DAY_MS)
    product.now = banned_at - DAY_MS
    await product.open([old])
    await product.seen(usual(crowd, old))
    new = returned(crowd, old, script, banned_at)
    borrowed = crowd.client()
    if new.opened_at < banned_at:
        await product.open([new])
        await product.seen([at(place(crowd, new, script, 0), new)])
    await product.ban(old.id, [reporter.id], banned_at)
    if new.opened_at >= banned_at:
        await product.open([new])
    for day in range(DAYS):
        product.now = max(banned_at, new.opened_at) + day * DAY_MS
        if script.from_day:
            new.client = old.client if day >= script.from_day else borrowed
        await product.sightings.sign_in(at(place(crowd, new, script, day), new), product.now)
        await _note(product, fate, new, reporter, day)
        if fate.suspect_on is None and fate.apart_on is None and fate.met_on is None and _meets(crowd):
            fate.met_on = day
        if fate.suspect_on is not None and fate.apart_on is not None:
            break  # it stays so
    return fate


async def _note(product: Product, fate: Fate, new: Human, reporter: Human, day: int) -> None:
    if fate.suspect_on is None and await product.tier(new.id) == "suspect":
        fate.suspect_on = day
    if fate.apart_on is None and reporter.id in await product.avoid(new.id):
        fate.apart_on = day


def _meets(crowd: Crowd) -> bool:
    """Whether one of the day's offers is the reporter."""
    online = crowd.chance.random() < _REPORTER_ONLINE
    return online and any(crowd.chance.randrange(_ONLINE) == 0 for _ in range(_OFFERS))


async def campus(product: Product, crowd: Crowd, others: Sequence[Human]) -> Honest:
    """What becomes of the honest behind one network.

    Half have opened their account in the weeks before the bans, half in those after.
    """
    network = "141.2.3.4"
    people = [
        crowd.human(opened_at=NOW + crowd.chance.randint(-25, 25) * DAY_MS + 1, home=network, young=True)
        for _ in range(_CAMPUS)
    ]
    banned, honest = people[:_CAMPUS_BANNED], people[_CAMPUS_BANNED:]
    before = [*banned, *(each for each in honest if each.opened_at < NOW)]
    product.now = NOW - DAY_MS
    await product.open(before)
    await product.seen([sighting for each in before for sighting in usual(crowd, each)])
    product.now = NOW
    for each in banned:
        await product.ban(each.id, [crowd.chance.choice(others).id for _ in range(2)], NOW)
    known = {each.id for each in before}
    for day in range(DAYS):
        product.now = NOW + day * DAY_MS
        new = [each for each in honest if each.id not in known and each.opened_at <= product.now]
        known |= {each.id for each in new}
        await product.open(new)
        await product.seen([s for each in new for s in usual(crowd, each)])
        if day in {1, 7, DAYS - 1}:  # marks that are the same every day are compared again all the same
            for each in honest:
                if each.id in known:
                    await product.sightings.sign_in(at(network, each), product.now)
    suspects = [each for each in honest if await product.tier(each.id) == "suspect"]
    apart = [len(await product.avoid(each.id)) for each in honest]
    return Honest(len(honest), len(suspects), sum(map(bool, apart)), sum(apart) / len(honest))


async def simulate(seed: int, accounts: int, returns: int, *, verified: bool) -> tuple[list[Fate], Honest]:
    """One product of so many accounts."""
    with tempfile.TemporaryDirectory() as folder:
        async with database(Settings(data_dir=folder)) as pool:
            product, crowd = Product(pool, verified=verified), Crowd(seed)
            others = [
                crowd.human(opened_at=NOW - crowd.chance.randint(1, 300) * DAY_MS)
                for _ in range(max(accounts, 10))
            ]
            await product.open(others)
            product.now = NOW - DAY_MS
            await product.seen([sighting for each in others for sighting in usual(crowd, each)])
            await pool.execute("ANALYZE")
            fates = [
                await come_back(product, crowd, SCRIPTS[n % len(SCRIPTS)], others) for n in range(returns)
            ]
            return fates, await campus(product, crowd, others)


def _print(fates: Sequence[Fate], honest: Honest, accounts: int) -> None:
    print(f"\n### {accounts:,} other accounts\n")
    suspects, apart = honest.suspects / honest.number, honest.apart / honest.number
    print(
        f"Of {honest.number} honest ones behind one network {honest.suspects} ({suspects:.1%}) are suspects."
        f" {apart:.1%} are kept apart from somebody, all from {honest.each:.2f} people on average.\n"
    )
    if not fates:
        return
    print(_HEAD)
    for name in [*dict.fromkeys(fate.script for fate in fates), "all"]:
        some = [fate for fate in fates if name in (fate.script, "all")]
        suspect = Counter(min(fate.suspect_on, 1) for fate in some if fate.suspect_on is not None)
        kept = Counter(min(fate.apart_on, 1) for fate in some if fate.apart_on is not None)
        met = sum(fate.met_on is not None for fate in some)
        print(
            f"| {name} | {len(some)} | {suspect[0]}, {suspect[1]} | {kept[0]}, {kept[1]} | {met} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--accounts", type=int, nargs="+", default=[10_000], help="beside those behind one network"
    )
    parser.add_argument("--returns", type=int, default=100)
    parser.add_argument("--unverified", action="store_true", help="nobody has verified their address")
    options = parser.parse_args()
    for accounts in options.accounts:
        returns = options.returns if accounts else 0
        fates, honest = asyncio.run(
            simulate(options.seed, accounts, returns, verified=not options.unverified)
        )
        _print(fates, honest, accounts)


if __name__ == "__main__":
    main()
