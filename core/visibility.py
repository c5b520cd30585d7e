"""The rule of who may see whom: one for profiles, lists, blocks, matching, chat and all that shows people.

Queries ask its twin in SQL, `identity.visible_to` (migration 0012), whose comment says what it means in each
of its uses. `tests/stores/test_visibility.py` compares the two. Pure; times are ms since the epoch.

People are shown by queries, so nothing in the server asks this module yet. It says the rule where it can be
read and tried without a database, the stores' twins in memory ask it, and so does whatever comes to decide
in Python about users whose facts it has read anyway.
"""

from msgspec import Struct


class Ban(Struct, frozen=True, kw_only=True):
    """`begins_at` None: at once; `until` None: for good."""

    begins_at: int | None = None
    until: int | None = None
    lifted: bool = False

    def holds(self, at: int) -> bool:
        """Whether it holds at this time: from its beginning on, up to its end."""
        begun = self.begins_at is None or self.begins_at <= at
        return not self.lifted and begun and (self.until is None or at < self.until)


class UserFacts(Struct, frozen=True, kw_only=True):
    """What decides who may see a user.

    `erasing`: their account awaits erasure. `probe`: they are synthetic. `blocks`: ids of those whom they
    have blocked; `reports`: of those whom they have reported; `connected`: of those with whom they have a
    connection now; `friends`: of their friends; `asked`: of those whom they have asked to be one, and who
    have not answered; `met`: of those with whom they were in a call that was answered. `findable`: they let
    anybody find them by name; `by_phone`: whoever has their number, by that. `contacts`: of those whose
    number they have; `hides`: from those, and from whoever has theirs. `suspected`: of banned users who they
    may be.
    """

    id: str
    erased: bool = False
    erasing: bool = False
    probe: bool = False
    findable: bool = False
    by_phone: bool = False
    hides: bool = False
    bans: tuple[Ban, ...] = ()
    blocks: frozenset[str] = frozenset()
    connected: frozenset[str] = frozenset()
    friends: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    met: frozenset[str] = frozenset()
    reports: frozenset[str] = frozenset()
    suspected: frozenset[str] = frozenset()


def is_banned(user: UserFacts, at: int) -> bool:
    """Whether they are out: any of their bans holds, or their account awaits erasure."""
    return user.erasing or any(ban.holds(at) for ban in user.bans)


def is_blocked(one: UserFacts, other: UserFacts) -> bool:
    """Whether one of the two has blocked the other."""
    return other.id in one.blocks or one.id in other.blocks


def is_apart(one: UserFacts, other: UserFacts) -> bool:
    """Whether one may be somebody whom the other has blocked or reported, and the two are not connected.

    Those who are connected, or friends, have both said yes.
    """
    return other.id not in one.connected | one.friends and (
        _may_be_avoided(one, other) or _may_be_avoided(other, one)
    )


def _may_be_avoided(suspected: UserFacts, avoider: UserFacts) -> bool:
    return suspected.id != avoider.id and not suspected.suspected.isdisjoint(avoider.blocks | avoider.reports)


def can_see(viewer: UserFacts, seen: UserFacts, at: int) -> bool:
    """The rule: `seen` is not erased, not banned, and neither has blocked the other or who that may be.

    Probes see each other, and people see people.

    Oneself is no exception: a user who is banned is visible to nobody.
    """
    apart = is_blocked(viewer, seen) or is_apart(viewer, seen)
    return not seen.erased and not is_banned(seen, at) and not apart and viewer.probe == seen.probe


def can_name(viewer: UserFacts, seen: UserFacts, at: int) -> bool:
    """Whether the viewer may block, report and ask them: as `can_see`, also where a suspicion stands between.

    A probe is named by nobody, not even the other one.

    Else who comes back would find out, from all whom the old account has met, who has reported that one.
    """
    there = not seen.erased and not is_banned(seen, at) and not seen.probe
    return there and not is_blocked(viewer, seen)


def is_hidden(viewer: UserFacts, seen: UserFacts) -> bool:
    """Whether `seen` hides from contacts, of whom the viewer is one."""
    return seen.hides and (seen.id in viewer.contacts or viewer.id in seen.contacts)


def can_meet(one: UserFacts, other: UserFacts, at: int) -> bool:
    """Whether each may see the other, and neither hides. Two who may not are never offered to each other."""
    hidden = is_hidden(one, other) or is_hidden(other, one)
    return can_see(one, other, at) and can_see(other, one, at) and not hidden


def can_find(viewer: UserFacts, seen: UserFacts) -> bool:
    """Whether they let the viewer find them: by name, or by the number that the viewer has."""
    by_name = seen.findable and not is_hidden(viewer, seen)
    return by_name or (seen.by_phone and not seen.hides and seen.id in viewer.contacts)


def sees_card(viewer: UserFacts, seen: UserFacts, at: int) -> bool:
    """Whether lists show the viewer more of them than a name: they are connected or friends, and visible."""
    return seen.id in viewer.connected | viewer.friends and can_see(viewer, seen, at)


def sees_profile(viewer: UserFacts, seen: UserFacts, at: int) -> bool:
    """Whether their profile is shown: visible, and oneself, met, found, a friend or one who asks to be.

    An id opens none.
    """
    known = seen.id in viewer.met | viewer.friends or viewer.id in seen.asked or can_find(viewer, seen)
    return (viewer.id == seen.id or known) and can_see(viewer, seen, at)
