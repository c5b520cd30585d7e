"""Which passwords may be chosen."""

import pytest

from core.errors import InvalidRequest
from services.passwords import checked

COMMON = ("password", "PassWord1", "iloveyou1", "trustno1", "qwerty123", "\uff50assword")
RUNS = (
    "aaaaaaaaaaaa",
    "12345678901234",
    "98765432",
    "stuvwxyz",
    "zyxwvuts",
    "asdfghjklasdfghjkl",
    "lkjhgfdsa",
)
OWN = ("Ana-of-Berlin", "ana.of.berlin@example.org", "ana.of.berlin", "Ana of Berlin")
GOOD = (
    *(
        "correct horse battery",
        "password of mine",
        "Ana of Berlin!",
        "aaaaaaab",
        "12345687 and so on",
        "ü" * 128,
    ),
    *("qwertzui-op", "ana@example.org is me"),
)


@pytest.mark.parametrize("password", [*COMMON, *RUNS, *OWN])
def test_what_is_tried_first_is_refused(password: str) -> None:
    """Whatever the letters' size and width; the field is named."""
    with pytest.raises(InvalidRequest) as refused:
        checked(password, "ana-of-berlin", None, "ana.of.berlin@example.org", "ana of berlin", field="new")
    assert refused.value.details
    assert refused.value.details["field"] == "new"
    assert refused.value.details["reason"] in ("common", "own")


@pytest.mark.parametrize("password", GOOD)
def test_everything_else_is_allowed(password: str) -> None:
    """Also what contains a common one, or a name."""
    assert checked(password, "ana-of-berlin", "ana.of.berlin@example.org", "Ana of Berlin") == password
