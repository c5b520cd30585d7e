"""Who may do what in a group. Pure: `db/postgres/groups.py` asks once it has locked the room."""

from core.contract.chat import MemberRole
from core.errors import Conflict, Forbidden

LEADING: frozenset[MemberRole] = frozenset({"owner", "admin"})


def check_leads(role: MemberRole) -> None:
    """Whether this member may change the group, invite and add others. Raises `Forbidden`."""
    if role not in LEADING:
        raise Forbidden("The owner and admins of a group do that.")


def check_ends(role: MemberRole) -> None:
    """Whether this member may end the group. Raises `Forbidden`."""
    if role != "owner":
        raise Forbidden("The owner of a group ends it.")


def check_removes(role: MemberRole, other: MemberRole) -> None:
    """Whether one may remove another member. Raises `Forbidden`."""
    check_leads(role)
    if role != "owner" and other != "member":
        raise Forbidden("The owner of a group removes its admins.")


def check_gives(role: MemberRole, *, oneself: bool) -> None:
    """Whether one may give a member, or oneself, another role. Raises `Forbidden`, `Conflict`."""
    if role != "owner":
        raise Forbidden("The owner of a group gives roles.")
    if oneself:
        raise Conflict("Hand the group over to somebody else.")


def check_adds(role: MemberRole, new: MemberRole) -> None:
    """Whether one may add somebody in this role. Raises `Forbidden`, `Conflict`."""
    check_leads(role)
    if new != "member":
        raise Conflict("They are no member yet: add them as one.", details={"field": "role"})
