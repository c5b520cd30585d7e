"""Which calls are kept on relays, and how two of them leave the relays and come back."""

from itertools import product

import pytest
from msgspec.structs import replace

from core.errors import Conflict, Gone, NotFound, RateLimited, StaleEpoch
from core.vocabulary import IcePolicy
from signaling.call import Rules, State, offer
from signaling.effects import Effect, Emit, Start
from signaling.messages import Connected, Direct, Hangup, Lost, Restart
from signaling.relay import asked, may_go_direct, on_relays
from tests.rules.calls import LAPTOP, PHONE, STRANGER, Table, said, told
from tests.rules.people import ANA, BEN, claim

DEVICES = {ANA: PHONE, BEN: "b-phone"}
RELAYED = Rules(relays_in=frozenset({""}))


def table(rules: Rules = RELAYED, **hidden: bool) -> Table:
    """A live call. `ana=True`: she wishes to be reached through relays only."""
    made = Table()
    made.rules = rules
    taken = claim()
    first = replace(
        taken.first, card=replace(taken.first.card, hides=("address",) if hidden.get("ana") else ())
    )
    made.call = offer(replace(taken, first=first), made.now, rules)
    return made.go_live()


def agree(user_id: str, epoch: int = 1, *, yes: bool = True, relay_only: bool = False) -> Direct:
    return Direct(user_id, DEVICES[user_id], epoch, yes, relay_only)


def live_again(table: Table) -> None:
    for user_id, device in DEVICES.items():
        table.say(Connected(user_id, device, table.call.epoch))
    assert table.call.state is State.LIVE


def starts(effects: list[Effect]) -> list[tuple[str, int, str | None]]:
    return [(e.user_id, e.epoch, e.policy) for e in effects if isinstance(e, Start)]


def asks(effects: list[Effect]) -> list[tuple[str, bool, bool]]:
    return [
        (e.user_id, said(e)["you"], said(e)["peer"])
        for e in effects
        if isinstance(e, Emit) and e.name == "call:direct"
    ]


@pytest.mark.parametrize(
    ("setting", "turn", "origin", "wishes", "policy"),
    [
        ("auto", True, "match", False, "relay"),
        ("auto", False, "match", False, "all"),
        ("auto", True, "direct", False, "all"),
        ("auto", True, "echo", False, "all"),
        ("auto", True, "of_tomorrow", False, "relay"),
        ("all", True, "match", False, "all"),
        *(("relay", True, origin, False, "relay") for origin in ("match", "direct", "echo")),
        *(
            (how, turn, origin, True, "relay")
            for how, turn, origin in product(("auto", "all"), (True, False), ("match", "direct", "echo"))
        ),
    ],
)
def test_strangers_begin_on_relays_where_there_are_any(
    setting: IcePolicy, turn: bool, origin: str, wishes: bool, policy: str
) -> None:
    """Who wishes it always is kept on them whatever the operator says, and though there be none."""
    rules = Rules(ice_transport_policy=setting, relays_in=frozenset({""} if turn else ()))
    ana, ben = claim().first.card, claim().second.card
    hidden = replace(ana, hides=("address",)) if wishes else ana
    assert rules.begins_on(origin, "main", hidden, ben) == policy
    assert rules.begins_on(origin, "main", ben, hidden) == policy


def test_relays_of_another_region_are_none() -> None:
    rules = Rules(relays_in=frozenset({"eu"}))
    cards = claim().first.card, claim().second.card
    assert rules.begins_on("match", "eu", *cards) == "relay"
    assert rules.begins_on("match", "main", *cards) == "all"


def test_a_call_keeps_what_it_began_with_on_a_node_that_is_set_otherwise() -> None:
    """And one of a version that kept nothing is as this node would begin it."""
    for begun, now in product((RELAYED, Rules(ice_transport_policy="all")), repeat=2):
        made = table(begun)
        before = made.call.ice_policy(begun)
        made.rules = now
        assert {policy for _, _, policy in starts(made.say(Restart(ANA, PHONE, 1)))} == {before}
        assert replace(made.call, policy=None).ice_policy(now) == ("relay" if now is RELAYED else "all")
        assert replace(made.call, policy="of_tomorrow").ice_policy(now) == "relay"


def test_both_agree_and_the_next_epoch_is_direct() -> None:
    """Each hears who has agreed, and only then of the start. It is no restart, and stays for later epochs."""
    made = table()
    assert starts(made.effects) == [(ANA, 1, "relay"), (BEN, 1, "relay")]
    first = made.say(agree(ANA))
    assert asks(first) == [(ANA, True, False), (BEN, False, True)]
    assert starts(first) == []
    second = made.say(agree(BEN))
    assert asks(second) == [(ANA, True, True), (BEN, True, True)]
    assert starts(second) == [(ANA, 2, "all"), (BEN, 2, "all")]
    assert [e.name for e in second if isinstance(e, Emit)][-1] == "call:state"
    assert (made.call.state, made.call.restarts) == (State.RECONNECTING, 0)
    live_again(made)
    assert starts(made.say(Restart(BEN, "b-phone", 2))) == [(ANA, 3, "all"), (BEN, 3, "all")]


def test_one_no_longer_agrees_and_both_are_back_on_relays() -> None:
    """The other still does: a yes more, and it goes direct again."""
    made = table()
    for user_id in DEVICES:
        made.say(agree(user_id))
    live_again(made)
    back = made.say(agree(BEN, 2, yes=False))
    assert asks(back) == [(ANA, True, False), (BEN, False, True)]
    assert starts(back) == [(ANA, 3, "relay"), (BEN, 3, "relay")]
    live_again(made)
    assert {policy for _, _, policy in starts(made.say(Restart(ANA, PHONE, 3)))} == {"relay"}
    live_again(made)
    assert {policy for _, _, policy in starts(made.say(agree(BEN, 4)))} == {"all"}


@pytest.mark.parametrize("who", [ANA, BEN])
def test_where_one_is_on_relays_always_they_may_say_what_they_like(who: str) -> None:
    """Nobody is told why; and it is the wish of this moment that counts, not that of when they queued."""
    made = table(ana=True)
    for user_id in DEVICES:
        effects = made.say(agree(user_id, relay_only=True))
        assert len(asks(effects)) == 2
        assert starts(effects) == []
    assert asked(made.call, who) == asked(made.call, BEN)
    assert may_go_direct(made.call, made.rules)
    assert starts(made.say(agree(who))) == [(ANA, 2, "all"), (BEN, 2, "all")], "the wish was taken back"


def test_a_wish_that_comes_while_it_is_direct_brings_it_back() -> None:
    made = table()
    for user_id in DEVICES:
        made.say(agree(user_id))
    live_again(made)
    assert starts(made.say(agree(ANA, 2, relay_only=True))) == [(ANA, 3, "relay"), (BEN, 3, "relay")]


def test_a_wish_counts_from_the_next_epoch_whoever_begins_it() -> None:
    """What was shown before cannot be taken back. The wish gone, both have to agree anew."""
    made = table(Rules())
    assert {policy for _, _, policy in starts(made.say(Restart(BEN, "b-phone", 1)))} == {"all"}
    live_again(made)
    hidden = made.say(Restart(BEN, "b-phone", 2, relay_only=True))
    assert starts(hidden) == [(ANA, 3, "relay"), (BEN, 3, "relay")]
    live_again(made)
    assert {policy for _, _, policy in starts(made.say(Restart(ANA, PHONE, 3)))} == {"relay"}
    live_again(made)
    for user_id in DEVICES:
        last = made.say(agree(user_id, 4))
    assert starts(last) == [(ANA, 5, "all"), (BEN, 5, "all")]


def test_a_start_of_which_one_wishes_for_relays_by_now() -> None:
    made = table(Rules())
    call, effects = on_relays(made.call, tuple(made.effects))
    assert starts(list(effects)) == [(ANA, 1, "relay"), (BEN, 1, "relay")]
    assert call.ice_policy(made.rules) == "relay"
    assert [e for e in effects if not isinstance(e, Start)] == [
        e for e in made.effects if not isinstance(e, Start)
    ]


def test_where_the_operator_keeps_all_on_relays_agreeing_changes_nothing() -> None:
    made = table(Rules(ice_transport_policy="relay"))
    assert [starts(made.say(agree(user_id))) for user_id in DEVICES] == [[], []]
    assert not may_go_direct(made.call, made.rules)
    made.rules = RELAYED  # it is of the call, not of the node
    assert starts(made.say(agree(ANA))) == []


def test_said_again_it_has_no_effect() -> None:
    """In the same epoch, and after the next has begun, when the first answer was lost."""
    made = table()
    made.say(agree(ANA))
    assert made.say(agree(ANA)) == []
    assert made.say(agree(BEN, yes=False)) == []
    made.say(agree(BEN))
    assert made.say(agree(BEN)) == []
    live_again(made)
    assert made.say(agree(BEN)) == []
    made.say(agree(ANA, 2, yes=False))
    assert made.say(agree(ANA, 2, yes=False)) == []


def test_what_is_said_of_another_epoch_is_stale() -> None:
    made = table()
    with pytest.raises(StaleEpoch):
        made.say(agree(ANA, 2))
    made.say(Restart(ANA, PHONE, 1))
    live_again(made)
    with pytest.raises(StaleEpoch):
        made.say(agree(ANA, 1))


def test_only_in_a_live_call_that_was_kept_on_relays() -> None:
    """Not before, not while somebody is lost, not in one that never was; and by the device that has it."""
    with pytest.raises(Conflict):
        table(Rules()).say(agree(ANA))
    early = Table()
    with pytest.raises(Conflict):
        early.say(agree(ANA, 0))
    made = table()
    with pytest.raises(Conflict):
        made.say(Direct(ANA, LAPTOP, 1, True))
    with pytest.raises(NotFound):
        made.say(Direct(STRANGER, PHONE, 1, True))
    made.say(Lost(BEN, "b-phone"))
    with pytest.raises(Conflict):
        made.say(agree(ANA))
    made.say(Hangup(ANA))
    with pytest.raises(Gone):
        made.say(agree(ANA))


def test_yes_and_no_in_turns_ends_after_as_many_as_restarts() -> None:
    """A no always counts: it hides an address."""
    made = table(replace(RELAYED, max_restarts=2))
    made.say(agree(ANA))
    for _ in range(2):
        made.say(agree(BEN, made.call.epoch))
        live_again(made)
        assert starts(made.say(agree(BEN, made.call.epoch, yes=False)))
        live_again(made)
    before = made.call
    with pytest.raises(RateLimited):
        made.say(agree(BEN, made.call.epoch))
    assert made.call is before
    assert told(made.effects, ANA, "call:direct")[-1] == {"call_id": made.call.id, "you": True, "peer": False}


def test_nobody_says_yes_and_no_without_end() -> None:
    """The other hears each of them. A no counts all the same, and the other may still agree."""
    made = table(replace(RELAYED, max_restarts=3))
    for _ in range(3):
        assert len(asks(made.say(agree(ANA)))) == 2
        assert len(asks(made.say(agree(ANA, yes=False)))) == 2
    with pytest.raises(RateLimited) as refused:
        made.say(agree(ANA))
    assert refused.value.retry_after_ms
    assert made.say(agree(ANA, yes=False)) == []
    assert len(asks(made.say(agree(BEN)))) == 2
