"""How many may be in at once. Pure."""

from hypothesis import given
from hypothesis import strategies as st

from core.seats import Seat, Seats


def test_each_client_has_a_share_and_all_have_a_bound() -> None:
    seats = Seats(3, 2)
    first, second = seats.take("a"), seats.take("a")
    assert first is not None
    assert second is not None
    assert seats.take("a") is None
    assert seats.take("b") is not None
    assert seats.take("c") is None
    first.leave()
    first.leave()
    assert seats.take("a") is not None
    assert seats.take("d") is None


def test_a_seat_moves_to_whom_it_serves() -> None:
    """To somebody with too many it does not, and stays where it was."""
    seats = Seats(3, 1)
    proxied, own = seats.take(None), seats.take("a")
    assert proxied is not None
    assert own is not None
    assert not proxied.move("a")
    assert proxied.move("b")
    assert seats.take("b") is None
    assert proxied.move(None)
    assert seats.take("b") is not None


@given(st.lists(st.tuples(st.sampled_from("tml"), st.sampled_from(["a", "b", None]), st.integers(0, 5))))
def test_what_is_taken_is_given_back(steps: list[tuple[str, str | None, int]]) -> None:
    seats = Seats(4, 2)
    held: list[Seat] = []
    for what, client, number in steps:
        if what == "t" and (seat := seats.take(client)) is not None:
            held.append(seat)
        elif what == "m" and held:
            held[number % len(held)].move(client)
        elif what == "l" and held:
            held.pop(number % len(held)).leave()
        assert seats.taken == len(held) <= 4
    for seat in held:
        seat.leave()
    assert seats.taken == 0
    assert all(seats.take(client) for client in ("a", "a", "b", "b"))
