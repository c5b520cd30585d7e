"""Each check of `make chaos` can fail: histories that are right, and the same with one thing wrong."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from tests.chaos.checks import faults_logged
from tests.chaos.history import (
    Acknowledged,
    Answered,
    Asked,
    Closed,
    Ended,
    HangsUp,
    Heard,
    History,
    Kept,
    Moment,
    Overslept,
    Seen,
    Shown,
    Started,
    Told,
    Unserved,
    Welcomed,
)
from tests.chaos.table import Row, judge, table

ANA, BEN, CLEO = 0, 1, 2
STRUCK, OVER = 10.0, 12.0


def message(number: int, at: float) -> list[Moment]:
    """Ana writes, both are told."""
    return [
        Asked(at, ANA, number, "chat:send"),
        Answered(at + 0.1, ANA, number, "ok"),
        Acknowledged(at + 0.1, ANA, "room", number, number),
        *(Shown(at + 0.2, user, "room", number, ANA, number, "told") for user in (ANA, BEN)),
    ]


def right() -> History:
    """Ana and Ben talk and write; her socket is cut at the fault, and she is back after a second."""
    moments: list[Moment] = [Told(1.0, user, "call", "live") for user in (ANA, BEN)]
    moments += [*message(1, 2.0), *message(2, 3.0)]
    moments += [Closed(STRUCK + 0.1, ANA), Told(STRUCK + 0.2, BEN, "call", "reconnecting")]
    moments += [Welcomed(STRUCK + 1.0, ANA, recovered=True, call="call")]
    moments += [Told(STRUCK + 1.1, user, "call", "live") for user in (ANA, BEN)]
    moments += [*message(3, OVER + 1.0), Seen(40.0, BEN, CLEO, "offline")]
    moments += [Heard(41.0, user, "call", 2000) for user in (ANA, BEN)]
    kept = [Kept("room", number, ANA, number) for number in (1, 2, 3)]
    return History(STRUCK, OVER, moments=moments, kept=kept, members={"room": (ANA, BEN)})


Doctor = Callable[[History], None]


def without(kind: type[Moment], user: int, nth: int) -> Doctor:
    """This user's nth moment of a kind never was."""

    def doctor(history: History) -> None:
        found = [moment for moment in history.of(kind) if moment.user == user]
        history.moments.remove(found[nth])

    return doctor


def also(*moments: Moment) -> Doctor:
    """These happened too."""

    def doctor(history: History) -> None:
        history.moments = sorted([*history.moments, *moments], key=lambda moment: moment.at)

    return doctor


def forgotten(history: History) -> None:
    """The room lost the second message."""
    del history.kept[1]


def kept_again(history: History) -> None:
    """A message that was sent again became another one."""
    history.kept.append(Kept("room", 4, ANA, 3))


def swapped(history: History) -> None:
    """Ben is told the second message before the first."""
    numbers = count(2, -1)
    history.moments = [
        replace(m, seq=(n := next(numbers)), number=n)
        if isinstance(m, Shown) and m.user == BEN and m.seq in {1, 2}
        else m
        for m in history.moments
    ]


def kept_crosswise(history: History) -> None:
    """All agree that the third message came before the second."""
    history.moments = [
        replace(m, number=5 - m.number) if isinstance(m, Acknowledged | Shown) and m.number > 1 else m
        for m in history.moments
    ]
    history.kept[1:] = [Kept("room", 2, ANA, 3), Kept("room", 3, ANA, 2)]


def loud(history: History) -> None:
    """A node logged a traceback."""
    history.tracebacks = 1


def never_back(history: History) -> None:
    """Ana's commands are answered no more."""
    history.moments = [
        replace(m, code="unavailable") if isinstance(m, Answered) and m.at > STRUCK else m
        for m in history.moments
    ]


# By what the finding begins with.
WRONG: list[tuple[str, Doctor]] = [
    ("lost: message 2 of 0 in room (seq 2) was never shown to 1", without(Shown, BEN, 1)),
    ("lost: message 2 of 0 in room (seq 2) was never shown to 0", without(Shown, ANA, 1)),
    ("lost: message 2 of 0 in room was acknowledged as 2, and the room", forgotten),
    ("shown twice: 1 was told room 2 twice", also(Shown(30.0, BEN, "room", 2, ANA, 2, "told"))),
    ("shown twice: message 3 of 0 in room is there as [3, 4]", kept_again),
    ("out of order: 1 was told room 1 after 2", swapped),
    ("out of order: room has 2 of 0 after 3", kept_crosswise),
    ("in two calls: 0 was in call and came to be in other", also(Started(30.0, ANA, "other"))),
    (
        "in two calls: 0 was in call and came to be in other",
        also(Welcomed(30.0, ANA, recovered=True, call="other")),
    ),
    ("in two calls: call is one of [0, 1, 2]", also(Told(30.0, CLEO, "call", "live"))),
    ("ghosts: 1 sees 2 as online", also(Seen(40.0, BEN, CLEO, "online"))),
    ("unanswered: chat:send of 1 had no answer for 5.00 s", also(Asked(36.0, BEN, 9, "chat:send"))),
    (
        "unanswered: chat:send of 1 had no answer for 3.10 s",
        also(Asked(30.0, BEN, 9, "chat:send"), Answered(33.1, BEN, 9, "ok")),
    ),
    (
        "unanswered: chat:send of 1 had no answer for 3.10 s",
        # The clients were late before they asked, and for a moment afterwards.
        also(
            Asked(30.0, BEN, 9, "chat:send"),
            Overslept(30.1, -1, 5.0),
            Answered(33.4, BEN, 9, "ok"),
            Overslept(33.5, -1, 0.3),
        ),
    ),
    (
        "unanswered: chat:send of 1 had no answer for 9.00 s",
        # Its node stood still, and then went on.
        also(Unserved(29.0, BEN, 32.0), Asked(30.0, BEN, 9, "chat:send")),
    ),
    ("tracebacks: 1", loud),
    ("calls: call ended for 1: connection_lost", also(Ended(30.0, BEN, "call", "connection_lost"))),
    ("calls: call stays reconnecting for 1", also(Told(30.0, BEN, "call", "reconnecting"))),
    ("calls: call brings 1 no signal of the other one", without(Heard, BEN, 0)),
    ("calls: none was live", without(Told, BEN, 0)),
    ("recovered: 1 users had no service until the end", never_back),
]


def test_a_history_in_which_all_holds_has_no_findings() -> None:
    row = judge("kill", right())
    assert row.wrong == []
    assert (row.acknowledged, row.survived, row.at_stake) == (3, 1, 1)
    # She asked again a second after it was over, though she was welcomed before.
    assert row.recovered_s == [pytest.approx(1.1)]


@pytest.mark.parametrize(("finding", "doctor"), WRONG, ids=[finding for finding, _ in WRONG])
def test_what_is_wrong_is_found(finding: str, doctor: Doctor) -> None:
    """That alone, and it is in the table."""
    history = right()
    doctor(history)
    row = judge("kill", history)
    assert row.wrong
    assert all(wrong.split(":")[0] == finding.split(":", maxsplit=1)[0] for wrong in row.wrong), row.wrong
    assert any(wrong.startswith(finding) for wrong in row.wrong), row.wrong
    assert f"kill: {row.wrong[0]}" in table([row])


def test_who_is_shown_messages_late_was_without_service() -> None:
    """Counted from the end of the fault, where that is later than the message."""
    history = right()
    also(
        Acknowledged(STRUCK + 0.5, ANA, "room", 4, 4),
        *(Shown(OVER + 2.5, user, "room", 4, ANA, 4, "told") for user in (ANA, BEN)),
    )(history)
    assert judge("kill", history).recovered_s == [pytest.approx(2.5), pytest.approx(2.5)]


def test_who_has_left_misses_no_service() -> None:
    """What is told on their return was not late."""
    history = right()
    also(
        Closed(STRUCK, BEN, wanted=True),
        Acknowledged(OVER + 5.0, ANA, "room", 4, 4),
        *(Shown(OVER + at, user, "room", 4, ANA, 4, "told") for user, at in ((ANA, 5.1), (BEN, 20.0))),
    )(history)
    assert judge("kill", history).recovered_s == [pytest.approx(1.1)]


def test_a_call_that_no_fault_can_leave_alive_must_be_told_to_have_ended() -> None:
    """To both; none of them counts as survived."""
    history = right()
    assert len(judge("redis-empty", history, told=True).wrong) == 2
    also(*(Ended(20.0, user, "call", "connection_lost") for user in (ANA, BEN)))(history)
    row = judge("redis-empty", history, told=True)
    assert (row.wrong, row.survived, row.at_stake) == ([], 0, 1)
    without(Ended, BEN, 0)(history)
    assert judge("redis-empty", history, told=True).wrong == ["calls: 1 was never told that call has ended"]


@pytest.mark.parametrize(
    "excuse",
    [
        Closed(31.0, BEN),
        Unserved(29.0, BEN, 45.0),
        Overslept(40.0, -1, 9.0),
    ],
    ids=["the socket went", "the node stood still", "the clients had no time to read"],
)
def test_who_could_not_be_answered_is_not_unanswered(excuse: Moment) -> None:
    history = right()
    also(Asked(30.0, BEN, 9, "chat:send"), excuse)(history)
    assert judge("kill", history).found["unanswered"] == []


@pytest.mark.parametrize("excuse", [HangsUp(11.0, BEN, "call"), Closed(11.0, BEN, wanted=True)])
def test_a_call_that_its_users_end_is_not_at_stake(excuse: Moment) -> None:
    history = right()
    also(excuse, Ended(11.5, ANA, "call", "hung_up"))(history)
    assert judge("kill", history).at_stake == 0


def test_a_repeat_that_was_read_before_is_not_shown_twice() -> None:
    """As long as it is told once."""
    history = right()
    without(Shown, BEN, 1)(history)
    also(
        Shown(5.0, BEN, "room", 2, ANA, 2, "read"),
        Shown(6.0, BEN, "room", 2, ANA, 2, "told"),
    )(history)
    assert judge("kill", history).wrong == []


def test_a_fault_that_could_not_be_played_is_no_success() -> None:
    row = Row.broken("kill", "the node ended with 1")
    assert row.wrong == ["broke off: the node ended with 1"]


def test_an_error_without_a_traceback_is_one_too() -> None:
    at = "2026-01-01T00:00:00.000000Z"
    assert faults_logged(f"{at} [warning  ] not ready: redis: begun   error='It does not answer.'\n") == 0
    assert faults_logged(f"{at} [error    ] a command failed               command=chat:send\n") == 1
    assert faults_logged("Traceback (most recent call last):\n") == 1
