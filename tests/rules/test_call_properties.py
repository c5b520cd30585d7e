"""The call's state machine: what holds whatever happens."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.errors import AppError
from core.vocabulary import DecisionPolicy, Gender
from signaling.call import ACTIVE, Call, State
from signaling.effects import Effect, Emit, RecordEnded, Requeue, Reserve, Start
from signaling.messages import (
    Accept,
    Back,
    Block,
    CallMessage,
    Connected,
    Deadline,
    Decline,
    Direct,
    Hangup,
    Lost,
    PartyMessage,
    Report,
    Restart,
    Skip,
    Vote,
)
from signaling.transitions import TRANSITIONS
from tests.rules.calls import LAPTOP, PHONE, Table, requeued, said, told
from tests.rules.people import ANA, BEN

users = st.sampled_from([ANA, BEN])
devices = st.sampled_from([PHONE, LAPTOP, "b-phone"])
epochs = st.integers(0, 3)
messages = st.one_of(
    st.builds(Accept, users, devices),
    st.builds(Decline, users),
    st.builds(Connected, users, devices, epochs),
    st.builds(Restart, users, devices, epochs),
    st.builds(Direct, users, devices, epochs, st.booleans(), st.booleans()),
    st.builds(Lost, users, devices),
    st.builds(Back, users, devices),
    st.builds(Hangup, users),
    st.builds(Skip, users, st.just("new-ticket")),
    st.builds(Report, users, st.just("report"), st.just("spam")),
    st.builds(Block, users),
    st.builds(Vote, users, st.booleans(), st.just("connection"), st.just("room")),
    st.just(Deadline()),
)
stories = st.lists(st.tuples(messages, st.integers(0, 30)), max_size=30)
genders = st.sampled_from(["female", "male", "other"])


@given(stories, genders, genders, st.sampled_from(["female_decides", "mutual", "either"]), st.booleans())
def test_whatever_happens(
    story: list[Any], first: Gender, second: Gender, policy: DecisionPolicy, relays: bool
) -> None:
    """Moves stay in the table, both ends are freed once, nobody is queued twice, refusals stay sealed."""
    table = Table(first, second, policy=policy, relays=relays)
    live_ms = 0
    for message, seconds in story:
        table.now += seconds * 1000
        before = table.call
        live_ms += seconds * 1000 if before.state is State.LIVE else 0
        try:
            effects = table.say(message)
        except AppError:
            assert table.call is before
            continue
        if table.call is not before:
            assert table.call.state in TRANSITIONS[before.state, type(message)].to
        assert (table.call.deadline is None) == (table.call.state is State.CLOSED)
        assert not (before.state not in ACTIVE and table.call.state in ACTIVE)
        _check_sealed(before, table.call, message, effects)
        _check_grace(before, table.call, message)
        _check_relays(before, table, message, effects)
    ends = [e for e in table.effects if isinstance(e, RecordEnded)]
    assert len(ends) == (table.call.state not in ACTIVE)
    assert [e.duration_s for e in ends] == [live_ms // 1000 for _ in ends], "absence is no talk"
    assert len(set(requeued(table.effects))) == len(requeued(table.effects))
    _check_order(table.effects)
    for user in (ANA, BEN):
        ended = [e for e in told(table.effects, user, "call:ended") if e["reason"] != "other_device"]
        assert len(ended) == (table.call.state not in ACTIVE)


def _check_sealed(before: Call, after: Call, message: CallMessage, effects: list[Effect]) -> None:
    refused = before.state is State.DECIDING and after.state is State.DECIDING
    if refused:  # who reports knows what they have done
        knows = message.user_id if isinstance(message, Report) else None
        assert not any(isinstance(e, Emit) and e.user_id != knows for e in effects)


def _check_grace(before: Call, after: Call, message: CallMessage) -> None:
    """It counts from when the call was live last, and only who comes back is given time beyond it."""
    if after.state is not State.RECONNECTING:
        return
    assert after.away_since is not None
    assert after.deadline is not None
    assert 20_000 <= after.deadline - after.away_since <= 35_000
    if before.state is State.RECONNECTING and after.deadline != before.deadline:
        assert isinstance(message, PartyMessage)
        assert before.party(message.user_id).lost
        assert not any(party.lost for party in after.parties)


def _check_relays(before: Call, table: Table, message: CallMessage, effects: list[Effect]) -> None:
    """An address is shown only in an epoch that both have agreed to, and where nobody wishes otherwise."""
    after, rules = table.call, table.rules
    policy = after.ice_policy(rules)
    assert policy == before.ice_policy(rules) or after.epoch == before.epoch + 1
    assert {e.policy for e in effects if isinstance(e, Start)} <= {policy}
    if rules.relays_in:
        assert policy == "relay" or {ANA, BEN} <= set(after.agreed_direct)
    if isinstance(message, Direct):
        assert after.restarts == before.restarts
        assert not (message.relay_only and policy == "all" and after.epoch > before.epoch)
        assert before.state is State.LIVE or after is before


def _check_order(effects: list[Effect]) -> None:
    """A place is there before its user hears of it, and offered to others when both have heard of the end."""
    kept = [e.ticket for e in effects if isinstance(e, Reserve)]
    assert kept == [e.ticket for e in effects if isinstance(e, Requeue)]
    if kept:
        steps = [
            type(e)
            for e in effects
            if isinstance(e, Reserve | Requeue)
            or (isinstance(e, Emit) and e.name == "call:ended" and said(e)["reason"] != "other_device")
        ]
        assert steps == [Reserve] * len(kept) + [Emit] * 2 + [Requeue] * len(kept)
