"""Who may do what in a group, and the codes by which people join."""

import pytest

from core.contract.chat import MemberRole
from core.errors import AppError, Conflict, Forbidden
from core.group_rules import check_adds, check_ends, check_gives, check_leads, check_removes
from core.ids import new_id
from core.invitation_codes import read, written
from core.keys import Keyring

ROLES: tuple[MemberRole, ...] = ("owner", "admin", "member")
KEYS = Keyring("a secret of an operator", "the one before").keys("invitation")


def outcome(check: object, *given: object, **more: object) -> str:
    try:
        check(*given, **more)  # type: ignore[operator]
    except AppError as error:
        return error.code
    return "ok"


@pytest.mark.parametrize(
    ("check", "outcomes"),
    [
        (check_leads, ["ok", "ok", Forbidden.code]),
        (check_ends, ["ok", Forbidden.code, Forbidden.code]),
    ],
)
def test_who_leads_and_who_ends(check: object, outcomes: list[str]) -> None:
    assert [outcome(check, role) for role in ROLES] == outcomes


def test_who_removes_whom() -> None:
    """The owner anybody, admins members, members nobody."""
    removed = {
        role: [other for other in ROLES if outcome(check_removes, role, other) == "ok"] for role in ROLES
    }
    assert removed == {"owner": ["owner", "admin", "member"], "admin": ["member"], "member": []}


def test_who_gives_roles() -> None:
    """The owner, and not to themselves; whoever is added is a member at first."""
    assert [outcome(check_gives, role, oneself=False) for role in ROLES] == ["ok", "forbidden", "forbidden"]
    assert outcome(check_gives, "owner", oneself=True) == Conflict.code
    assert [outcome(check_adds, role, "member") for role in ROLES] == ["ok", "ok", "forbidden"]
    assert outcome(check_adds, "owner", "admin") == Conflict.code


def test_a_code_is_read_with_the_keys_of_now_and_before() -> None:
    """Also at the end of an address; and nothing else is one."""
    invitation = new_id()
    for key in KEYS:
        code = written(key, invitation)
        assert read(code, KEYS) == read(f"https://example.org/#/join/{code}", KEYS) == invitation
    other = Keyring("another secret").keys("invitation")
    forged = written(KEYS[0], new_id())[:22] + written(KEYS[0], invitation)[22:]
    for wrong in (written(other[0], invitation), forged, code[:-2], code + "AAAA", "", "ä", "a", code[:21]):
        assert read(wrong, KEYS) is None
