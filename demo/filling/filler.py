"""Fills a town: one step after the other, each of which says how long it took."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from core.clock import now_ms
from core.settings import Settings
from db.postgres.demo import DemoStore, KnownTown
from demo.filling.api import Api, Declined
from demo.filling.business import Business
from demo.filling.living import Living
from demo.filling.progress import Progress
from demo.filling.residents import Known, Resident, SigningUp
from demo.past import Past, past
from demo.plan.sizes import Sizes
from demo.plan.town import Town, town

_AWAY = "`python -m realtime demo --stop` takes away what there is of it."


class NoTown(Exception):
    """It cannot be filled; the text says why."""


class Filled(Struct, frozen=True, kw_only=True):
    """A town that is there. `declined`: what was tried in vain, by why; `asked`: requests that it took."""

    town: KnownTown
    new: bool
    asked: int = 0
    declined: dict[str, int] = {}


async def fill(
    settings: Settings, sizes: Sizes, password: str, say: Callable[[str], object], known: Known
) -> Filled:
    """Fill it, unless there is one. DATABASE_URL and REDIS_URL say where; `known` whether that is where it is
    meant to be. Raises `NoTown`, `UnusableError`.
    """
    plan = town(sizes, now_ms())
    async with past(settings) as node, Api(node) as api:
        store = DemoStore(node.base.pool)
        wanted = KnownTown(sizes.seed, len(plan.people), len(plan.places), False)
        if (there := await _begun(store, wanted, plan)) is not None:
            for user_id in list((await store.made("person")).values())[:1]:
                await known(plan.people[0].username, user_id)
            return Filled(town=there, new=False)
        say("Filling a town…")
        try:
            declined = await _lived(api, store, node, plan, password, Progress(say), known)
        except* Declined as group:
            first = next(_each(group))
            raise NoTown(f"It cannot be filled: {first}. {_AWAY}") from None
        await store.ready(now_ms())
        return Filled(town=wanted, new=True, asked=api.asked, declined=declined)


def _each(group: BaseExceptionGroup[Declined]) -> Iterator[Declined]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _each(one)
        else:
            yield one


async def _lived(
    api: Api,
    store: DemoStore,
    node: Past,
    plan: Town,
    password: str,
    progress: Progress,
    known: Known,
) -> dict[str, int]:
    """All of the plan, until everybody has signed out. What was declined of it, by why."""
    with progress.step(f"{len(plan.people)} people with pictures"):
        residents = await SigningUp(api, store, plan, password, progress).all(known)
    living = await _founded(api, store, node, plan, residents, progress)
    with progress.step(f"a month of {len(plan.deeds):,} deeds"):
        await living.through(progress)
    for resident in residents:
        await api.ask(now_ms(), "POST", "/v1/auth/logout", resident.token, {})
    return dict(living.declined)


async def _begun(store: DemoStore, wanted: KnownTown, plan: Town) -> KnownTown | None:
    """The town that is there; None: this one is begun. Raises `NoTown`."""
    names = [person.username for person in plan.people]
    if (known := await store.town()) is None:
        if taken := await store.taken(names, now_ms()):
            raise NoTown(
                f"Somebody else has the name {', '.join(taken[:3])}: take another seed, or rename them."
            )
        if await store.begin(wanted, names, now_ms()):
            return None
        known = await store.town()
    if known is None or not known.ready:
        raise NoTown(f"A town is being filled, or that was broken off. {_AWAY}")
    return known


async def _founded(
    api: Api, store: DemoStore, node: Past, plan: Town, residents: list[Resident], progress: Progress
) -> Living:
    business = Business(api, store, node, plan, residents)
    await business.appoint()
    with progress.step(f"{len(plan.places):,} places"):
        places = await business.places()
    with progress.step(f"partners, rewards and {len(plan.mentors)} mentors"):
        counters = await business.partners(places)
        mentors = await business.mentors(places)
    return Living(api, node, plan, residents, places=places, mentors=mentors, counters=counters)
