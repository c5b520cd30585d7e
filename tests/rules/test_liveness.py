"""For how long somebody has been silent, and when a lease that ran out means that somebody is gone."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from realtime.background.leases import LeaseJudge
from realtime.gateway.liveness import silence

MOST = 500
looks = st.lists(st.tuples(st.booleans(), st.integers(0, 60_000)), max_size=30)


@given(looks)
def test_silence_is_what_this_node_could_have_heard(story: list[Any]) -> None:
    """It begins anew with each word, and time in which the node itself stood still is none."""
    silent = heard_before = 0
    for heard, passed in story:
        silent = silence(silent, heard=heard, passed_ms=passed, most_ms=MOST)
        heard_before = 0 if heard else heard_before + 1
        assert silent <= heard_before * MOST
        if heard:
            assert silent == 0


def test_silence_grows_with_time() -> None:
    assert silence(1_000, heard=False, passed_ms=250, most_ms=MOST) == 1_250


def steady() -> tuple[LeaseJudge, float]:
    """Renewed each second for a lease of ten, and the time of the last renewal."""
    rule = LeaseJudge(every_s=1, lease_s=10)
    for second in range(11):
        rule.renewed(float(second))
    return rule, 10.0


def test_who_renews_all_the_time_judges_and_who_has_just_begun_does_not() -> None:
    rule, now = steady()
    assert rule.may_judge(now)
    assert not LeaseJudge(every_s=1, lease_s=10).may_judge(now)
    begun = LeaseJudge(every_s=1, lease_s=10)
    begun.renewed(now)
    assert not begun.may_judge(now + 1)


def test_after_a_pause_one_renews_first_and_leaves_the_others_a_lease_for_it() -> None:
    """Whether the node stood still, or Redis did: until then no lease says that anybody is gone."""
    rule, now = steady()
    assert not rule.may_judge(now + 30)
    for second in range(40, 50):
        rule.renewed(float(second))
        assert not rule.may_judge(second + 0.5)
    rule.renewed(50.0)
    assert rule.may_judge(50.5)


@given(st.lists(st.floats(0, 12), min_size=1, max_size=40), st.floats(0, 12))
def test_nobody_judges_by_time_in_which_a_lease_could_not_be_renewed(
    pauses: list[float], more: float
) -> None:
    """Whenever one may judge, renewals have followed one another for a whole lease."""
    rule, now, since, last = LeaseJudge(every_s=1, lease_s=10), 0.0, 0.0, None
    for pause in pauses:
        now += pause
        since = now if last is None or now - last > 2 else since
        last = now
        rule.renewed(now)
    if rule.may_judge(now + more):
        assert more <= 2
        assert now + more - since >= 10
