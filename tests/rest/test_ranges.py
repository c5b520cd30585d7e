"""Parts of a file."""

import pytest

from rest.http.ranges import RangeAsked

TAG = '"1.original"'


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-", range(100)),
        ("bytes=0-0", range(1)),
        ("bytes=10-19", range(10, 20)),
        ("bytes=90-1000", range(90, 100)),
        ("bytes=-10", range(90, 100)),
        ("bytes=-1000", range(100)),
        ("bytes= 10-19", range(10, 20)),
        ("bytes=100-", range(100, 100)),
        ("bytes=-0", range(0)),
        ("bytes=10-9", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=" + "9" * 30 + "-", None),
        ("bytes=٣-", None),
        ("", None),
    ],
)
def test_which_part_is_asked_for(wanted: str, part: range | None) -> None:
    """One, which begins in the file; all of it where it is asked in another way."""
    found = RangeAsked(wanted).of(100, TAG)
    assert (found is None) == (part is None)
    assert list(found or ()) == list(part or ())


@pytest.mark.parametrize("other", ['"1.s640"', f"W/{TAG}", "Sun, 22 Nov 2026 12:00:00 GMT"])
def test_a_part_of_another_version_is_not_what_somebody_has_begun(other: str) -> None:
    assert RangeAsked("bytes=1-", TAG).of(100, TAG) == range(1, 100)
    assert RangeAsked("bytes=1-", other).of(100, TAG) is None
