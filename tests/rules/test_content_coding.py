"""Who takes a compressed answer."""

import pytest

from core.content_coding import accepts_gzip


@pytest.mark.parametrize(
    ("header", "accepts"),
    [
        ("gzip", True),
        ("GZIP;q=0.5, br", True),
        ("br, *", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("br", False),
        ("", False),
    ],
)
def test_who_takes_gzip(header: str, accepts: bool) -> None:
    assert accepts_gzip(header) is accepts
