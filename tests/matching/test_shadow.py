"""A second policy judges the same searches: what it would do is told, and nothing comes of it."""

import random

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from core.ticket import Claim, Market, Ticket
from matching.policy import Choice, Policy
from matching.shadow import Measured, best, compared
from realtime.matchmaking.ports import TicketStore
from realtime.matchmaking.shadow import Shadow
from realtime.matchmaking.shadow_metrics import ShadowMetrics
from tests.matching.harness import Harness
from tests.matching.memory import MemoryTickets
from tests.matching.people import ManualClock, new_id, put, ticket

ONLY_AGE = "weight_intent=0,weight_language=0,weight_country=0,weight_values=0,weight_trust=0,weight_wait=0"


class Watched:
    """A shadow whose metrics can be read."""

    def __init__(self, tickets: TicketStore, tried: Policy | None = None, budget_s: float = 10) -> None:
        self.registry, self.clock = CollectorRegistry(), ManualClock()
        self.shadow = Shadow(
            tickets=tickets,
            in_force=Policy(),
            tried=tried or Policy(),
            metrics=ShadowMetrics(self.registry),
            clock=self.clock,
            budget_s=budget_s,
        )

    def __getitem__(self, name: str) -> float:
        """A metric by what follows `realtime_matching_shadow_`, as `sooner_total outcome=left`."""
        metric, *labels = name.split()
        words = dict(label.split("=") for label in labels)
        found = self.registry.get_sample_value(f"realtime_matching_shadow_{metric}", words)
        assert found is not None, name
        return found


def parting(watched: Watched | Harness, how: str) -> float:
    registry = watched.registry if isinstance(watched, Watched) else watched.nodes[0].registry
    name = "realtime_matching_shadow_decisions_total"
    return registry.get_sample_value(name, {"parting": how}) or 0.0


async def test_who_else_would_have_been_chosen(store: TicketStore) -> None:
    """By age alone it is Cem; he is offered to nobody for that. Each pair is measured by either's weights."""
    harness = Harness(store, shadow=ONLY_AGE)
    ben = harness.people.add(age=45, intent="serious", country="DE")
    cem = harness.people.add(age=30, intent="casual", country="FR")
    ana = harness.people.add(age=30, intent="serious", country="DE")
    for man in (ben, cem):
        await harness.join(man)
    claim = await harness.matchmaker.seek(await harness.join(ana))
    assert claim is not None
    assert claim.first.user_id == ben
    shadow = harness.nodes[0].shadow
    assert shadow is not None
    await shadow.judge()
    assert parting(harness, "other") == 1
    name, sums = "realtime_matching_shadow_score_total", {}
    for pair, by in (
        ("in_force", "in_force"),
        ("tried", "in_force"),
        ("in_force", "tried"),
        ("tried", "tried"),
    ):
        sums[pair, by] = harness.nodes[0].registry.get_sample_value(name, {"pair": pair, "by": by}) or 0.0
    assert sums["in_force", "in_force"] > sums["tried", "in_force"] > 0
    assert sums["tried", "tried"] == pytest.approx(1)
    assert sums["in_force", "tried"] == pytest.approx(0.25)
    assert harness.pairs() == [frozenset((ana, ben))]


async def test_the_same_matches_are_made_with_a_shadow_as_without(store: TicketStore) -> None:
    """Whatever it would do."""
    made = []
    for shadow in ("", f"{ONLY_AGE},wait_cost=1"):
        chance = random.Random(7)
        harness = Harness(store if shadow else MemoryTickets(), shadow=shadow)
        people = [
            harness.people.add(
                age=chance.randint(20, 60),
                intent=chance.choice(("casual", "friends", "serious")),
                country=chance.choice(("DE", "FR", "ES")),
            )
            for _ in range(40)
        ]
        for user in people:
            await harness.matchmaker.seek(await harness.join(user))
            harness.clock.pass_ms(50)
        made.append({frozenset(people.index(user) for user in pair) for pair in harness.pairs()})
    assert made[0] == made[1]
    assert len(made[0]) >= 15


async def test_whoever_leaves_with_nobody_was_to_be_had(store: TicketStore) -> None:
    """Of those whom only the shadow would have matched: it is told how it ended for them."""
    watched = Watched(store)
    ana, ben, cem, dan, eve = (ticket() for _ in range(5))
    await put(store, ana, ben, cem, dan, eve)
    for seeker in (ana, ben, cem):
        watched.shadow.note(seeker, [dan, seeker], [], None, seeker.joined_at)
    await watched.shadow.judge()
    assert parting(watched, "sooner") == 3
    await watched.shadow.look()
    assert watched["sooner_total outcome=left"] == watched["sooner_total outcome=matched"] == 0
    await store.leave(ana.user_id, "left", at=ana.joined_at + 1)
    claim = Claim(call_id=new_id(), first=eve, second=ben, claimed_at=ben.joined_at + 1)
    assert (await store.claim(claim)).outcome == "both"
    await store.settle(claim)
    for _ in range(2):  # each is told once
        await watched.shadow.look()
    assert watched["sooner_total outcome=left"] == 1
    assert watched["sooner_total outcome=matched"] == 1


async def test_what_is_too_much_is_left_out_and_counted(store: TicketStore) -> None:
    """The shadow takes a bounded time, and keeps a bounded number of searches."""
    ana, ben = ticket(), ticket()
    short = Watched(store, budget_s=0)
    for _ in range(100):
        short.shadow.note(ana, [ben], [], None, ana.joined_at)
    assert short["dropped_total"] == 36
    await short.shadow.judge()
    assert short["dropped_total"] == 100
    assert sum(parting(short, how) for how in ("same", "other", "sooner", "later", "neither")) == 0
    some = Watched(store, budget_s=1e-9)
    for _ in range(3):
        some.shadow.note(ana, [ben], [], None, ana.joined_at)
    await some.shadow.judge()
    assert (parting(some, "sooner"), some["dropped_total"]) == (1, 2)
    assert some["seconds_total"] > 0


async def test_probes_are_nobody(store: TicketStore) -> None:
    probe = ticket(mode="probe-video")
    watched = Watched(store)
    watched.shadow.note(probe, [ticket()], [], None, probe.joined_at)
    await watched.shadow.judge()
    assert parting(watched, "sooner") == 0


class NoMarket(MemoryTickets):
    """A store of which something cannot be read."""

    async def market(self, mode: str) -> Market:
        raise RuntimeError(mode)


async def test_a_fault_of_the_shadow_leaves_the_node_ready() -> None:
    """It is counted, and the loop goes on."""
    watched = Watched(NoMarket())
    watched.shadow.note(ticket(), [ticket()], [], None, 0)
    await watched.shadow.judge()
    assert [loop.faults for loop in watched.shadow.loops] == [1, 0]
    assert not any(loop.in_a_row for loop in watched.shadow.loops)


def test_how_two_decisions_part() -> None:
    """Scores are those of each policy's weights; of nobody there is none."""
    policy = Policy()
    other = replace(policy, shares=replace(policy.shares, age=1, values=0))
    ana, ben, cem = (ticket(age=age) for age in (30, 31, 50))
    now = ana.joined_at

    def choice(of: Ticket) -> Choice:
        return Choice(of, policy.score(ana, of, now), 0.0)

    for won, instead, how in (
        (choice(ben), choice(ben), "same"),
        (choice(ben), choice(cem), "other"),
        (choice(ben), None, "later"),
        (None, choice(ben), "sooner"),
        (None, None, "neither"),
    ):
        found = compared(ana, won, instead, policy, other, now)
        assert found.parting == how
        for pair, measured in ((won, found.won), (instead, found.instead)):
            if pair is None:
                assert measured is None
            else:
                scores = (each.score(ana, pair.ticket, now) for each in (policy, other))
                assert measured == Measured(*scores)


def test_whom_one_must_not_meet_is_no_choice() -> None:
    ben, cem = (Choice(ticket(), score, 0.0) for score in (0.9, 0.8))
    assert best([ben, cem], ()) is ben
    assert best([ben, cem], {ben.ticket.user_id}) is cem
    assert best([ben], {ben.ticket.user_id}) is None
