"""What this node knows of watched users, and of who may see them: as it was a second ago at most.

Only of users to whose channels it listens: what it knew is forgotten at once when it is announced that it may
have changed. Where that was never announced, as by a node that died, it is forgotten within the second. In
memory, bounded by the users who are watched here.
"""

import time
from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from core.clock import rfc3339
from core.contract.presence import Presence as Shown
from core.presence import PresenceState, shown
from core.vocabulary import OwnStatus

_FRESH_S = 1.0


class View(Struct, frozen=True):
    """A user as read at one moment, and which users could see them then, of those about whom was `asked`."""

    user_id: str
    state: PresenceState
    in_call: bool
    queuing: bool
    hides_last_seen: bool = False
    asked: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    until: float = 0.0

    @property
    def shown(self) -> Shown:
        """As those who may see the user do."""
        last_seen = self.state.last_seen
        return Shown(
            user_id=self.user_id,
            status=shown(self.state, in_call=self.in_call, queuing=self.queuing),
            last_seen=None if last_seen is None or self.hides_last_seen else rfc3339(last_seen),
        )

    def choosing(self, own: OwnStatus, last_seen: int) -> "View":
        """The same user after a choice of status."""
        return replace(self, state=replace(self.state, own=own, last_seen=last_seen))


class Reading:
    """Under way: what it finds is not kept for those of whom there has been news since it began."""

    __slots__ = ("until",)

    def __init__(self, until: float) -> None:
        self.until = until


class Views:
    """`monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._kept: dict[str, View | Reading] = {}

    def of(self, user_id: str) -> View | None:
        """What is known of this user."""
        view = self._kept.get(user_id)
        return view if isinstance(view, View) and self._monotonic() < view.until else None

    def seen_by(self, watcher: str, user_ids: Iterable[str]) -> list[View] | None:
        """What is known of these, if it is of each, and that this watcher may see all of them."""
        kept, now, found = self._kept, self._monotonic(), list[View]()
        for user_id in user_ids:
            view = kept.get(user_id)
            if not isinstance(view, View) or now >= view.until or watcher not in view.allowed:
                return None
            found.append(view)
        return found

    def begin(self, user_ids: Iterable[str]) -> Reading:
        """These are read from now on: listen to their channels already, and ask who may see them after it."""
        reading = Reading(self._monotonic() + _FRESH_S)
        self._kept.update(dict.fromkeys(user_ids, reading))
        return reading

    def keep(self, reading: Reading, view: View) -> None:
        """What was found."""
        if self._kept.get(view.user_id) is reading:
            self._kept[view.user_id] = replace(view, until=reading.until)

    def change(self, view: View) -> None:
        """There was news of this user that says all that is new."""
        self._kept[view.user_id] = view

    def forget(self, user_id: str) -> None:
        """There may be news of this user."""
        self._kept.pop(user_id, None)

    def forget_all(self) -> None:
        """There may be news of anybody."""
        self._kept.clear()
