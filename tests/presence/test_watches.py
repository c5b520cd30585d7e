"""The table of watches: both ways at once, bounded, and nothing left behind."""

from collections.abc import Mapping

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.contract.presence import Presence as Shown
from core.errors import Unavailable
from core.vocabulary import Status
from realtime.presence.watches import Listener, Watches

SIDS, USERS = ("s1", "s2", "s3"), ("ana", "ben", "cem", "dua")


def listen(user_id: str) -> Listener:
    return lambda message: None


def is_(user_id: str, status: Status = "online") -> Shown:
    return Shown(user_id=user_id, status=status, last_seen=None)


class WatchTable(RuleBasedStateMachine):
    """Compared with the plain truth: a set of users for each connection."""

    def __init__(self) -> None:
        super().__init__()
        self.watches = Watches[Shown](most=7)
        self.truth: dict[str, set[str]] = {}
        self.listening: dict[str, Listener] = {}

    @rule(sid=st.sampled_from(SIDS), users=st.sets(st.sampled_from(USERS)))
    def replace(self, sid: str, users: set[str]) -> None:
        """Listeners are handed out for all and taken away for those whom nobody watches any more."""
        others = [watched for other, watched in self.truth.items() if other != sid]
        if sum(map(len, others)) + len(users) > 7:
            with pytest.raises(Unavailable):
                self.watches.replace(sid, "w", users, listen)
            return
        listeners, gone = self.watches.replace(sid, "w", users, listen)
        assert listeners.keys() == users
        self.truth[sid] = users
        self.took_away(gone)
        for user, listener in listeners.items():
            assert self.listening.setdefault(user, listener) is listener

    @rule(sid=st.sampled_from(SIDS))
    def forget(self, sid: str) -> None:
        """Also of one who never watched."""
        self.truth.pop(sid, None)
        self.took_away(self.watches.forget(sid))

    def took_away(self, gone: Mapping[str, Listener]) -> None:
        for user, listener in gone.items():
            assert self.listening.pop(user) is listener
            assert not self.watches.uses(user, listener)

    @invariant()
    def agrees_with_the_truth(self) -> None:
        """Watched users, watchers and listeners are those that must be."""
        everyone = set[str]().union(*self.truth.values())
        assert set(self.watches.watched) == everyone == self.listening.keys()
        for user in USERS:
            watchers = {sid for sid, watched in self.truth.items() if user in watched}
            assert {sid for sid, _ in self.watches.watchers(user)} == watchers


TestTable = WatchTable.TestCase


def test_what_was_told_is_not_told_again() -> None:
    """To each connection for itself."""
    watches = Watches[Shown]()
    watches.replace("s1", "w", ["ana"], listen)
    assert watches.tell_first("s1", {"ana": is_("ana")}) == []
    assert not watches.tell("s1", "ana", is_("ana"))
    assert watches.tell("s1", "ana", is_("ana", "away"))
    assert not watches.tell("s1", "ana", is_("ana", "away"))
    assert not watches.tell("s1", "ben", is_("ben"))
    assert not watches.tell("s2", "ana", is_("ana"))


def test_an_event_that_overtook_the_answer_is_looked_at_again() -> None:
    """The client takes the answer for the newer of the two, and it may be the older."""
    watches = Watches[Shown]()
    watches.replace("s1", "w", ["ana", "ben"], listen)
    assert watches.tell("s1", "ana", is_("ana", "away"))
    assert watches.tell_first("s1", {"ana": is_("ana"), "ben": is_("ben")}) == ["ana"]
    assert watches.tell("s1", "ana", is_("ana", "away"))
