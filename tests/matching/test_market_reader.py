"""The lists of a market are read again and again: each time as somebody would who reads them first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from db.redis.market_reader import MarketReader
from db.redis.ticket_reader import TicketReader
from db.redis.unusable import Unusable

_KEPT = 8
PLACES = b"video video:female:male"
notes = st.sampled_from([b"10 " + PLACES, b"- " + PLACES, b"- " + PLACES + b" 20", b"no wait"])
changes = st.tuples(st.lists(notes, max_size=10), st.booleans())  # those who came, and whether all was lost


def a_reader() -> MarketReader:
    unusable = Unusable()
    return MarketReader(TicketReader(unusable), unusable)


@settings(max_examples=100)
@given(st.lists(changes, max_size=6))
def test_what_is_read_again_is_as_if_it_were_read_first(history: list[tuple[list[bytes], bool]]) -> None:
    """Entries that look the same, lists that are cut, and lists that are gone."""
    reader, entries = a_reader(), list[bytes]()
    for came, lost in history:
        entries = [*came, *([] if lost else entries)][:_KEPT]
        assert reader.waits("video", entries) == a_reader().waits("video", entries)
