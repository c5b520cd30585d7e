"""Offsets and pids: whose they are, and what they still serve for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.keys import Keyring
from db.redis.event_log import Announcement, EventId, Tail
from db.redis.logs import LogIdentity
from realtime.gateway.recovery import Recovery, Succession, last_seqs, worth_replaying
from tests.rules.people import ANA, BEN

NOW = 1_700_000_000_000
recovery = Recovery(Keyring("a secret of some length").keys("place in a stream"), keep=1000, keep_s=300)


def tail(*, first: int | None = None, end: int = NOW, length: int = 1, born: int = 0) -> Tail:
    start = None if first is None else EventId(first, 0)
    return Tail(EventId(end, 0), start, length if first is not None else 0, NOW, LogIdentity("log", born))


def test_an_offset_is_read_back_by_its_owner_alone() -> None:
    offset = recovery.offset(ANA, EventId(NOW, 3), "log")
    assert recovery.place(ANA, offset, "log") == EventId(NOW, 3)
    assert recovery.place(BEN, offset, "log") is None


def test_an_offset_of_a_log_that_was_lost_stands_for_nothing() -> None:
    assert recovery.place(ANA, recovery.offset(ANA, EventId(NOW, 3), "lost"), "log") is None


def test_a_pid_belongs_to_one_user_and_is_never_given_twice() -> None:
    pid = recovery.new_pid(ANA)
    assert recovery.owns_pid(ANA, pid)
    assert not recovery.owns_pid(BEN, pid)
    assert pid != recovery.new_pid(ANA)


@given(st.text(max_size=60))
def test_no_made_up_text_is_an_offset_or_a_pid(text: str) -> None:
    assert recovery.place(ANA, text, "log") is None
    assert not recovery.owns_pid(ANA, text)


@pytest.mark.parametrize(
    ("place", "kept", "serves"),
    [
        (NOW - 1_000, tail(first=NOW - 5_000), True),  # within what is kept
        (NOW - 900_000, tail(first=NOW - 900_000), True),  # old, and still kept
        (NOW - 10_000, tail(first=NOW - 5_000), True),  # before the first, which nothing preceded lately
        (
            NOW - 10_000,
            tail(first=NOW - 5_000, length=1001),
            False,
        ),  # before the first, and some were dropped
        (NOW - 10_000, tail(first=NOW - 5_000, length=1000), True),  # exactly as many as are promised
        (NOW - 301_000, tail(first=NOW - 5_000), False),  # too long ago to know
        (NOW - 1_000, tail(), True),  # nothing has happened
        (NOW - 301_000, tail(), False),  # whatever happened is forgotten
        (NOW + 60_000, tail(first=NOW - 5_000), False),  # the future
        (NOW + 60_000, tail(), False),
        (NOW - 1_000, tail(first=NOW - 5_000, end=NOW - 2_000), False),  # beyond the end, in an old snapshot
        (NOW - 1_000, tail(born=NOW - 900), False),  # of the log before
        (NOW - 1_000, tail(first=NOW - 800, born=NOW - 900), False),
        (NOW - 950, tail(first=NOW - 950, born=NOW - 900), True),  # said before anybody looked at the new log
        (NOW - 1, tail(born=NOW), True),  # where an empty stream ends when its log begins
    ],
)
def test_what_an_offset_serves_for(place: int, kept: Tail, serves: bool) -> None:
    assert recovery.serves(EventId(place, 0), kept) is serves


@pytest.mark.parametrize(
    ("said", "replaced"),
    [
        (["own"], False),
        (["own", "other"], True),
        (["other", "own"], False),
        (["other", "own", "other"], True),
    ],
)
def test_who_continues_a_pid_after_a_connection_replaces_it(said: list[str], replaced: bool) -> None:
    """Those before it are older, even when they are heard of after it was opened."""
    own = Succession("own")
    heard = [own.is_replaced("pid", by) for by in said]
    assert (True in heard) == replaced
    assert not own.is_replaced("another pid", "other")


def test_a_pid_that_nobody_has_had_is_continued_by_newer_ones_alone() -> None:
    own = Succession("own")
    own.begin("pid")
    assert own.is_replaced("pid", "other")


def place(seq: int) -> bytes:
    return str(EventId(NOW, seq)).encode()


def event(name: str, call_id: str | None = None) -> Announcement:
    data = b"{}" if call_id is None else b'{"call_id":"%b"}' % call_id.encode()
    return Announcement(place(0), b"", name, "", "", data)


def test_of_an_ended_call_only_the_end_and_the_decision_are_replayed() -> None:
    missed = [
        event("call:offered", "over"),
        event("call:signal", "over"),
        event("chat:message"),
        event("call:ended", "over"),
        event("decision:result", "over"),
        event("call:offered", "new"),
    ]
    assert [m.name for m in worth_replaying(missed)] == [
        "chat:message",
        "call:ended",
        "decision:result",
        "call:offered",
    ]


def said(room: str, seq: int, name: str = "chat:message") -> Announcement:
    data = f'{{"message": {{"room_id": "{room}", "seq": {seq}, "content": "hello"}}}}'.encode()
    return Announcement(place(seq), b"", name, "", "", data)


def test_what_is_sent_again_says_how_far_each_room_has_come() -> None:
    """By its messages alone; what a newer node says otherwise is passed by."""
    odd = Announcement(place(9), b"", "chat:message", "", "", b'{"said": 1}')
    missed = [said("one", 2), said("other", 1), said("one", 3), said("one", 4, "chat:changed"), odd]
    assert last_seqs(missed) == {"one": 3, "other": 1}
    assert last_seqs([]) == {}
