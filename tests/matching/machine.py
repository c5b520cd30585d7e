"""A state machine for hypothesis: people and nodes do what they like, between any two steps nodes die.

After each step the stores hold together and nothing forbidden has happened. When everything settles, each
user is in at most one of ticket, offer and call, and nobody is lost. When all have left, nothing is left.
"""

from collections import Counter
from collections.abc import Callable
from math import inf
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.contract.queue import Preferences, QueueLeft
from core.vocabulary import Mode
from matching.patience import Patience
from signaling.call import ACTIVE, STARTED, Call, State
from signaling.effects import RecordEnded
from signaling.messages import Accept, CallMessage, Connected, Decline, Hangup, Report, Skip
from tests.matching.memory_calls import MemoryRecord
from tests.matching.people import T0
from tests.matching.simulation import LEASE_MS, MODES, PATIENCE_MS, SimulatedNode, Simulation, logging_to
from tests.matching.steps import Loop
from tests.matching.stores import StorePair

NODES = 3
PEOPLE: tuple[dict[str, Any], ...] = (
    {"gender": "female"},
    {"gender": "male"},
    {"gender": "female", "country": "DE", "intent": "serious"},
    {"gender": "male", "country": "DE", "languages": ["en", "de"]},
    {"gender": "other", "age": 44},
    {"gender": "male", "tier": "suspect"},
)
NOTED_EVERY_MS = 900_000
HELD_MS = 20_000  # no process stands still for longer and then goes on

where, who = st.integers(0, NODES - 1), st.integers(0, len(PEOPLE) - 1)
pairs = st.tuples(who, who).filter(lambda pair: pair[0] != pair[1])
early = st.one_of(st.none(), st.integers(2, 8))  # a search has claimed after four calls
few = st.one_of(st.none(), st.integers(0, 3))
calls = st.one_of(st.none(), st.integers(0, 14))
skew = st.sampled_from((0, 0, 1, -1, 50, -50, 1_000, -1_000, 20_000, -20_000))  # of a clock, in ms
wishes = st.sampled_from([Preferences(), Preferences(countries=["DE"]), Preferences(age_max=40)])


def run_machine(make: Callable[[], RuleBasedStateMachine], effort: settings) -> None:
    """Hypothesis says that any factory serves, and has the type of a class."""
    run_state_machine_as_test(make, settings=effort)  # type: ignore[arg-type]


class MatchingMachine(RuleBasedStateMachine):
    """`stores` and `loop` are given by the test: one loop, and new stores for each run."""

    def __init__(self, loop: Loop, stores: StorePair) -> None:
        super().__init__()
        self.world = world = Simulation(loop, stores, NODES)
        self.users = [
            world.settle_in(user, **facts) for user, facts in zip(stores.people, PEOPLE, strict=False)
        ]
        # Two of them share a device.
        world.devices[self.users[4]] = world.device(self.users[0])
        self.journal, self.broken, self.settled_at = world.journal, False, 0
        self.logs = logging_to(self.journal.wrong)
        self.logs.__enter__()

    # People

    @initialize(held=st.lists(early, min_size=3, max_size=3), skews=st.lists(skew, min_size=3, max_size=3))
    def several_search(self, held: list[int | None], skews: list[int]) -> None:
        """The nodes' clocks differ. Some have read who waits, or claimed, and come no further."""
        self.world.skews.update(zip((node.name for node in self.world.nodes), skews, strict=True))
        for user in range(4):
            self.joins(user, user % NODES, "video", Preferences(), None)
        for node, calls in zip(self.world.nodes, held, strict=True):
            self.start(node, "searches", node.search(), calls)

    @rule(pair=pairs, node=where, calls=calls)
    def two_join(self, pair: tuple[int, int], node: int, calls: int | None) -> None:
        """The shortest way to an offer: the second to join looks for a partner at once."""
        at = self.world.nodes[node]
        for user in pair:
            self.joins(user, node, "video", Preferences(), None)
        if at.has_searches:
            self.start(at, "searches", at.search(), calls)

    @rule(nth=who, node=where, calls=early)
    def comes_back(self, nth: int, node: int, calls: int | None) -> None:
        """Somebody who is neither in the queue nor in a call, as far as they know, wants a partner now."""
        now = self.world.snapshot()
        idle = [u for u in range(len(self.users)) if self.users[u] not in (*now.waiting, *now.held)]
        if idle:
            self.joins(idle[nth % len(idle)], node, "video", Preferences(), None)
        if self.world.nodes[node].has_searches:
            self.start(self.world.nodes[node], "searches", self.world.nodes[node].search(), calls)

    @rule(user=who, node=where, mode=st.sampled_from(("video", "video", "voice")), wanted=wishes, calls=calls)
    def joins(self, user: int, node: int, mode: Mode, wanted: Preferences, calls: int | None) -> None:
        at = self.world.nodes[node]
        self.world.away.discard(self.users[user])
        self.start(at, "joins", self.world.join(at, self.users[user], mode, wanted), calls)

    @rule(user=who, node=where, calls=calls)
    def leaves(self, user: int, node: int, calls: int | None) -> None:
        at = self.world.nodes[node]
        self.start(at, "leaves", at.queue.remove(self.users[user], "left"), calls)

    @precondition(lambda self: self.journal.active)
    @rule(
        nth=who, node=where, says=st.sampled_from(["yes", "no", "next", "stop", "see", "report"]), calls=calls
    )
    def says(self, nth: int, node: int, says: str, calls: int | None) -> None:
        """Somebody who is in a call or has an offer says something about it."""
        active = sorted(self.journal.active.items())
        user, call_id = active[nth % len(active)]
        at = self.world.nodes[node]
        message = self.message(user, says)
        self.start(at, f"says {says}", self.world.tell(at, call_id, message), calls)

    @precondition(lambda self: isinstance(self.world.stores.record, MemoryRecord))
    @rule(nth=who, node=where, outgoing=st.booleans(), calls=calls)
    def rings(self, nth: int, node: int, outgoing: bool, calls: int | None) -> None:
        """Somebody calls a friend, or is called by one."""
        at = self.world.nodes[node]
        work = self.world.invite(at, self.users[nth], outgoing=outgoing)
        self.start(at, "rings", work, calls)

    @precondition(lambda self: bool(getattr(self.world.stores.record, "ringing", None)))
    @rule(nth=who, node=where, says=st.sampled_from(["yes", "yes", "no"]), calls=calls)
    def answers(self, nth: int, node: int, says: str, calls: int | None) -> None:
        """Somebody whose phone rings."""
        ringing = sorted(self.world.stores.record.ringing.items())
        call_id, user = ringing[nth % len(ringing)]
        at = self.world.nodes[node]
        self.start(at, f"answers {says}", self.world.tell(at, call_id, self.message(user, says)), calls)

    def message(self, user: str, says: str) -> CallMessage:
        device = self.world.device(user)
        messages: dict[str, CallMessage] = {
            "yes": Accept(user, device),
            "no": Decline(user),
            "next": Skip(user, self.world.new_id()),
            "stop": Hangup(user),
            "see": Connected(user, device, 1),
            "report": Report(user, self.world.new_id(), "other"),
        }
        return messages[says]

    @rule(one=who, other=who, what=st.sampled_from(("goes away", "blocks", "banned")))
    def befalls(self, one: int, other: int, what: str) -> None:
        """What happens to people elsewhere in the product: rather to those whom a claim holds."""
        held = sorted(self.world.snapshot().held)
        user, peer = (held or self.users)[one % len(held or self.users)], self.users[other]
        if what == "goes away":
            self.world.away.add(user)
        elif what == "blocks" and user != peer:
            self.world.block(user, peer)
        elif what == "banned" and not self.journal.banned:
            self.world.ban(user)

    # Nodes

    @precondition(lambda self: any(node.has_searches for node in self.world.nodes))
    @rule(nth=where, calls=calls)
    def searches(self, nth: int, calls: int | None) -> None:
        able = [node for node in self.world.nodes if node.has_searches]
        at = able[nth % len(able)]
        self.start(at, "searches", at.search(), calls)

    @rule(node=where, mode=st.sampled_from(MODES), calls=calls)
    def sweeps(self, node: int, mode: Mode, calls: int | None) -> None:
        at = self.world.nodes[node]
        self.start(at, "sweeps", at.sweeper.sweep(mode), calls)

    @rule(node=where, calls=calls)
    def handles_deadlines(self, node: int, calls: int | None) -> None:
        at = self.world.nodes[node]
        self.start(at, "handles_deadlines", at.handle_deadlines(), calls)

    @precondition(lambda self: self.world.operations)
    @rule(nth=st.integers(0, 5), calls=few)
    def goes_on(self, nth: int, calls: int | None) -> None:
        self.world.go(self.world.operations[nth % len(self.world.operations)], calls)

    @precondition(lambda self: self.world.operations)
    @rule(nth=st.integers(0, 5), fate=st.sampled_from(("refused", "unanswered")), calls=calls)
    def misses_a_store(self, nth: int, fate: str, calls: int | None) -> None:
        """The next call does not reach the store, or its answer gets lost."""
        self.world.go(self.world.operations[nth % len(self.world.operations)], calls, fate=fate)

    @precondition(lambda self: self.world.operations)
    @rule()
    def takes_too_long(self) -> None:
        """Commands are answered, and what they did not come to is done later."""
        self.world.overtake()

    @precondition(lambda self: self.world.operations)
    @rule(nth=st.integers(0, 5))
    def dies(self, nth: int) -> None:
        """The node that is in the middle of something."""
        name = self.world.operations[nth % len(self.world.operations)].name
        self.world.crash(next(node for node in self.world.nodes if name.startswith(node.name)))

    @rule(ms=st.sampled_from((1, 500, 2_100, 3_100, 5_000, 11_000)))
    def time_passes(self, ms: int) -> None:
        self.world.pass_ms(ms, still_ms=HELD_MS)

    def start(self, node: SimulatedNode, what: str, work: Any, calls: int | None) -> None:
        self.world.start(f"{node.name} {what}", work, calls)

    # What must hold

    @invariant()
    def nothing_forbidden_has_happened(self) -> None:
        self.broken = True  # unless this returns
        assert not self.journal.wrong, self.journal.wrong
        self.world.snapshot()
        self.broken = False

    @invariant()
    def no_line_is_open_to_a_call_whose_end_was_performed(self) -> None:
        self.broken = True
        for user, (call_id, epoch) in self.world.lines.told.items():
            stored = self.world.do(self.world.stores.calls.load(call_id))
            if epoch is not None and stored is not None and stored.call.state not in STARTED:
                pending = self.world.do(self.world.stores.calls.outbox(call_id))
                assert any(isinstance(p.effect, RecordEnded) for p in pending), f"{user} of {stored.call}"
        self.broken = False

    @precondition(lambda self: self.journal.steps > self.settled_at + 150)
    @rule(finishing=st.booleans())
    def everything_settles(self, finishing: bool) -> None:
        """All that stands still goes on or is dead; then the nodes tend to what is left."""
        self.broken = True
        for operation in list(self.world.operations):
            if finishing:
                self.world.go(operation)
            else:
                operation.die()
        self.world.operations.clear()
        for _ in range(2):  # time for claims and outboxes that nobody finished, and not for offers to lapse
            self.world.pass_ms(3_100, still_ms=0)
            self.world.tend()
        self.check_people()
        self.check_claims()
        self.check_calls()
        self.check_tickets()
        self.check_what_was_learnt()
        self.broken, self.settled_at = False, self.journal.steps

    def check_people(self) -> None:
        now = self.world.snapshot()
        # Who joins while they answer a direct call has a place, which the next claim finds out.
        both = [u for u in now.waiting if self.journal.origins.get(self.journal.active.get(u, "")) == "match"]
        assert not both, f"in the queue and in a call: {both}"
        assert not now.held
        assert not now.reserved, "a place was given back, and nobody can be matched with it"
        assert not now.gone

    def check_claims(self) -> None:
        """Each became an offer, or nobody but those at fault lost their place by it."""
        assert not self.world.snapshot().claims
        for call_id, claim in self.journal.claims.items():
            if call_id not in self.journal.offered:
                assert call_id in self.journal.refused, f"nothing came of a claim: {claim}"
                at_fault = self.journal.refused[call_id].at_fault
                for ticket in (claim.first, claim.second):
                    kept = (call_id, ticket.user_id) in self.journal.given_back
                    assert kept or ticket.user_id in at_fault, f"lost by a refusal: {ticket}"

    def check_calls(self) -> None:
        """Store and record agree; who is not at fault got the old place back."""
        for call_id, origin in self.journal.origins.items():
            if stored := self.world.do(self.world.stores.calls.load(call_id)):
                call = stored.call
                assert not self.world.do(self.world.stores.calls.outbox(call_id))
                active = [p.user_id for p in call.parties if self.journal.active.get(p.user_id) == call_id]
                assert len(active) in most(call), call
                for user in not_at_fault(call) if origin == "match" else ():
                    assert (call_id, user) in self.journal.given_back, f"not given back: {call}"

    def check_what_was_learnt(self) -> None:
        """Of each account one departure in a quarter of an hour, whatever nodes and clocks did to it."""
        now = self.world.clock()
        accounts = {ticket.user_id for ticket in self.journal.tickets.values()}
        left = 0
        for mode in MODES:
            market, patience = self.world.do(self.world.tickets.market(mode)), Patience(PATIENCE_MS)
            patience.see(market.waits, now)
            for wait in market.waits:
                left += wait.left
                assert all(0 <= rate < inf for _, rate in patience.of(wait.kind, wait.traits)), wait
        assert left <= len(accounts) * (1 + (now - T0) // NOTED_EVERY_MS), "somebody was noted too often"

    def check_tickets(self) -> None:
        """Each is in the queue, or its user was told what became of it, once for each departure."""
        now = self.world.snapshot()
        told = Counter(
            (event.ticket_id, "matched" if event.reason == "matched" else "left")
            for _, event in self.world.events.events
            if isinstance(event, QueueLeft)
        )
        for ticket in self.journal.tickets.values():
            waits = now.waiting.get(ticket.user_id) == ticket.id
            left, matched = told[ticket.id, "left"], told[ticket.id, "matched"]
            assert left <= 1, f"told {left} times that {ticket} has left"
            assert not (waits and left), f"told that {ticket} has left, and it waits"
            assert waits or left or matched, f"{ticket} is lost"
        for user, event in self.world.events.events:
            if isinstance(event, QueueLeft) and event.reason == "disconnected":
                # Leases are durations: they stand clocks that differ by less than they last.
                there = user not in self.world.ever_away and self.world.spread < LEASE_MS // 2
                assert not there, f"{user} was there all the time"
            if isinstance(event, QueueLeft) and event.reason == "timed_out":
                waited = self.world.clock() - self.journal.tickets[event.ticket_id].joined_at
                assert waited >= PATIENCE_MS - self.world.spread

    def teardown(self) -> None:
        """All end their calls and leave: nothing remains but what has a bound."""
        try:
            if not self.broken:
                self.everything_settles(finishing=False)
                self.everyone_leaves()
        finally:
            for operation in self.world.operations:
                operation.die()
            self.logs.__exit__(None, None, None)

    def everyone_leaves(self) -> None:
        node = self.world.nodes[0]
        if "direct" in self.journal.origins.values():
            # Whoever rings by a node that died before it saved the call is free after a minute.
            self.world.pass_ms(61_000 + self.world.spread, still_ms=0)
            for user in sorted(self.journal.active):
                self.world.start("looks", node.eligibility.active_call(user))
        for user, call_id in sorted(self.journal.active.items()):
            if call_id == self.journal.active.get(user):
                self.world.start("ends", self.world.tell(node, call_id, Hangup(user)))
        for user in self.users:
            self.world.start("leaves", node.queue.remove(user, "left"))
        self.everything_settles(finishing=True)
        assert not self.journal.active
        assert self.world.snapshot().empty
        assert not self.journal.wrong, self.journal.wrong


def most(call: Call) -> set[int]:
    """How many the record may have in it: an answer is on record first, and may not come into the store."""
    if call.state not in ACTIVE:
        return {0}
    return {1, 2} if call.origin == "direct" and call.state is State.OFFERED else {2}


def not_at_fault(call: Call) -> list[str]:
    """The users who get their place in the queue back, now that this call has ended."""
    if call.reason == "declined":
        return [call.peer(str(call.ended_by)).user_id]
    if call.reason == "skipped":
        before = [] if call.epoch else [call.peer(str(call.ended_by)).user_id]
        return [*before, str(call.ended_by)]
    if call.reason == "no_answer":
        return [party.user_id for party in call.parties if party.device is not None and not party.lost]
    return []
