"""Whatever becomes of rewards in whatever order, the ledger says what a slow reference in memory says."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from core.clock import HOUR_MS, now_ms
from core.contract.reward_rules import RulePatch
from core.errors import AppError
from core.happenings import KeptConnection
from core.vocabulary import RewardState
from db.postgres.redemptions import REVERSIBLE_MS
from db.postgres.reward_ledger import RewardLedger
from db.postgres.reward_rules import RewardRuleStore
from tests.stores.rewarding import Shop, a_rule, a_shop, earn, redemptions_of, rewards_of
from tests.stores.world import World

NTH = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.just(("earn", 0)),
        st.tuples(st.just("redeem"), NTH),
        st.tuples(st.just("reverse"), NTH),
        st.tuples(st.just("expire"), st.integers(1, 3)),
        st.tuples(st.just("wait_m"), st.sampled_from([1, 9, 10, 720, 1440])),
    ),
    min_size=8,
    max_size=25,
)
DAY_MS = 24 * HOUR_MS


class Card(Struct):
    """A reward as a shop without computers would keep it."""

    expires_at: int | None
    redeemed_at: int | None = None
    reversed: bool = False
    again: bool = False

    def state(self, now: int) -> RewardState:
        if self.reversed:
            return "reversed"
        if self.redeemed_at is not None:
            return "redeemed"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "open"


class Reference:
    """All cards of one person and shop, by what each step does to them; gives what its answer has to be."""

    def __init__(self, budget: int, valid_days: int | None) -> None:
        self.left, self.valid_days, self.cards = budget, valid_days, list[Card]()

    def earn(self, now: int) -> int:
        if not self.left:
            return 0
        self.left -= 1
        self.cards.append(Card(None if self.valid_days is None else now + self.valid_days * DAY_MS))
        return 1

    def redeem(self, nth: int, now: int) -> str:
        card = self.cards[nth]
        if (state := card.state(now)) == "open":
            card.redeemed_at = now
            return "ok"
        return {"reversed": "conflict", "redeemed": "already_redeemed", "expired": "expired"}[state]

    def reverse(self, nth: int, now: int) -> str:
        card = self.cards[nth]
        assert card.redeemed_at is not None
        if card.reversed:
            return "again"
        if now >= card.redeemed_at + REVERSIBLE_MS:
            return "expired"
        card.reversed = True
        until = None if card.expires_at is None else max(card.expires_at, now + DAY_MS)
        self.cards.append(Card(until, again=True))
        return "ok"

    def entries(self, now: int) -> Counter[str]:
        """What the ledger has to have once all that has expired is noted."""
        kinds = Counter(granted=len(self.cards))
        for card in self.cards:
            kinds["redeemed"] += card.redeemed_at is not None
            kinds["reversed"] += card.reversed
            kinds["expired"] += card.state(now) == "expired"
        return +kinds


class Real:
    """The same in the stores."""

    def __init__(self, world: World, person: str, shop: Shop) -> None:
        self.world, self.person, self.shop = world, person, shop
        self.ids, self.redemptions = list[str](), dict[int, str]()
        self.happened = 0

    async def earn(self, now: int) -> int:
        self.happened += 1
        made = await earn(self.world, self.person, KeptConnection(self.happened), now=now)
        self.ids += [each.id for each in made]
        return len(made)

    async def redeem(self, nth: int, now: int) -> str:
        store, given = redemptions_of(self.world), (self.ids[nth], self.shop.place, self.shop.staff)
        try:
            done, _ = await store.redeem(*given, fresh=True, key=None, now=now)
        except AppError as refused:
            return refused.code
        self.redemptions[nth] = done.redemption.id
        return "ok"

    async def reverse(self, nth: int, now: int) -> str:
        store = redemptions_of(self.world)
        try:
            _, told = await store.reverse(self.redemptions[nth], self.shop.staff, "By mistake.", now)
        except AppError as refused:
            return refused.code
        if told is None:
            return "again"
        query = "SELECT id FROM places.rewards WHERE replaces = $1"
        self.ids.append(await self.world.pool.fetchval(query, self.ids[nth]))
        return "ok"

    async def states(self, now: int) -> list[RewardState]:
        """As the wallet shows them."""
        shown = await rewards_of(self.world).page(self.person, state=None, before=None, limit=100, now=now)
        found = {each.id: each.state for each in shown}
        return [found[each] for each in self.ids]

    async def entries(self) -> Counter[str]:
        query = "SELECT kind FROM places.reward_ledger WHERE reward_id = ANY ($1::uuid[])"
        return Counter(row["kind"] for row in await self.world.pool.fetch(query, self.ids))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=STEPS, budget=st.integers(1, 4), valid_days=st.sampled_from([None, 1, 2]))
async def test_the_ledger_is_what_the_steps_come_to(
    world: World, steps: list[tuple[str, int]], budget: int, valid_days: int | None
) -> None:
    """Answers, states, entries and budgets: earned, redeemed, taken back, expired, with time that passes."""
    shop = await a_shop(world, budget=budget)
    rule = await a_rule(
        world, shop.staff, kind="kept_connection", partner_id=shop.partner_id, valid_days=valid_days
    )
    reference, real = Reference(budget, valid_days), Real(world, await world.person(), shop)
    now = now_ms()
    for what, n in steps:
        if what == "earn":
            assert await real.earn(now) == reference.earn(now)
        elif what == "wait_m":
            now += n * 60_000
        elif what == "expire":
            await rewards_of(world).expire(now, limit=n)
        elif what == "redeem" and real.ids:
            nth = n % len(real.ids)
            assert await real.redeem(nth, now) == reference.redeem(nth, now)
        elif what == "reverse" and real.redemptions:
            nth = list(real.redemptions)[-1 - n % len(real.redemptions)]
            assert await real.reverse(nth, now) == reference.reverse(nth, now)
        assert await real.states(now) == [card.state(now) for card in reference.cards]
    await RewardRuleStore(world.pool).change(rule, RulePatch(active=False), shop.staff, now)
    while await rewards_of(world).expire(now, limit=100):
        pass
    assert await real.entries() == reference.entries(now)
    spent = await world.pool.fetchval("SELECT granted FROM places.partners WHERE id = $1", shop.partner_id)
    assert spent == budget - reference.left == sum(not card.again for card in reference.cards)
    sums, differences = await RewardLedger(world.pool).check()
    assert sums.add_up, sums
    assert not [each for each in differences if each.id in {*real.ids, rule, shop.partner_id}]
