"""The clock that all nodes share, with a monotonic one that the test turns."""

from datetime import UTC, date, datetime, timedelta, timezone

from core.clock import LATEST_MS, SharedClock, age_on, rfc3339, to_datetime, to_ms, today, told


class Hands:
    """Both clocks of a machine; its wall is `ahead` ms of the right time."""

    def __init__(self, ahead: int = 0) -> None:
        self.now, self.ahead = 0.0, ahead
        self.clock = SharedClock(lambda: int(self.now) + self.ahead, lambda: self.now)

    def look(self, *, theirs: float = 0, took: float = 2, late: float = 1) -> None:
        """Ask a server that is `theirs` ms ahead; the answer takes so long, and is as old when it comes."""
        asked = self.now
        self.now += took
        self.clock.look(asked, self.now - late + theirs, self.now)


def test_it_begins_with_the_shared_time_however_wrong_the_machine_is() -> None:
    for ahead in (20_000, -20_000):
        hands = Hands(ahead)
        hands.look()
        hands.clock.start()
        assert abs(hands.clock() - hands.now) <= 2
        assert abs(hands.clock.wall_ahead_ms() - ahead) <= 2


def test_setting_the_machine_s_clock_changes_nothing() -> None:
    hands = Hands()
    hands.look()
    hands.clock.start()
    hands.ahead, hands.now = -3_600_000, hands.now + 1_000
    assert abs(hands.clock() - hands.now) <= 2


def test_it_never_goes_back_and_is_right_in_the_end() -> None:
    """Ahead it goes at half speed until it is right; behind it is put right at once."""
    hands = Hands()
    hands.look()
    hands.clock.start()
    for theirs in (-1_000, 0):
        before = hands.clock()
        hands.look(theirs=theirs)
        for _ in range(300):
            hands.now += 10
            after = hands.clock()
            assert after >= before + 4
            before = after
        assert abs(hands.clock() - hands.now - theirs) <= 2


def test_of_several_looks_the_quickest_counts() -> None:
    """An answer that was long under way says little."""
    hands = Hands()
    hands.look(took=2)
    hands.clock.start()
    for late in (0, 900):
        hands.look(took=1_000, late=late)
        assert abs(hands.clock() - hands.now) <= 2


def test_a_server_with_another_time_is_believed_at_once() -> None:
    """What earlier looks said is no longer true, however quick they were."""
    hands = Hands()
    for _ in range(8):
        hands.look(took=2)
    hands.clock.start()
    hands.look(theirs=5_000, took=100, late=50)
    assert abs(hands.clock() - hands.now - 5_000) <= 100


def test_times_in_words_and_in_postgres_are_the_same_moment() -> None:
    """To the millisecond; the date is that of UTC."""
    at = 1_772_323_199_999
    assert rfc3339(at) == "2026-02-28T23:59:59.999Z"
    assert to_ms(to_datetime(at)) == at
    assert (today(at).isoformat(), today(at + 1).isoformat()) == ("2026-02-28", "2026-03-01")


def test_who_was_born_on_a_leap_day_is_older_on_the_first_of_march() -> None:
    born = date(2008, 2, 29)
    assert (age_on(born, date(2026, 2, 28)), age_on(born, date(2026, 3, 1))) == (17, 18)
    assert age_on(born, date(2028, 2, 29)) == 20


def test_a_time_of_postgres_is_told_as_any_other() -> None:
    """What is finer than a millisecond is rounded, and another zone is not what is told."""
    for ms in (0, 1, 999, 1_795_400_000_123, LATEST_MS):
        assert told(to_datetime(ms)) == rfc3339(ms)
    for micro in (1, 499, 500, 501, 999, 999_499, 999_501):
        moment = datetime(2026, 11, 23, 12, 30, 59, micro, UTC)
        assert told(moment) == rfc3339(to_ms(moment))
    assert told(datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-23T11:00:00.000Z"
