"""Which connection of this process follows what, users or posts, and what each was told last. In memory.

Bounded by the length of a list, which the contract limits, and by the number of entries in all.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeVar

from core.errors import Unavailable

Listener = Callable[[bytes], None]
S = TypeVar("S")


class Watches(Generic[S]):
    """A table in both directions, of at most `most` entries. What is watched has one listener here.

    What connections are told is an `S`. What is said here of users holds for posts as well.
    """

    def __init__(self, most: int = 500_000) -> None:
        self._most = most
        self._entries = 0
        self._told: dict[str, dict[str, S | None]] = {}
        self._watchers: dict[str, dict[str, str]] = {}
        self._listeners: dict[str, Listener] = {}

    @property
    def watched(self) -> tuple[str, ...]:
        """All users who are watched here."""
        return tuple(self._watchers)

    def watchers(self, user_id: str) -> tuple[tuple[str, str], ...]:
        """The `sid` and the user of each connection that watches this user."""
        return tuple(self._watchers.get(user_id, {}).items())

    def follows(self, sid: str, user_ids: Collection[str]) -> bool:
        """Whether this connection watches these users, and no others, already."""
        return self._told.get(sid, {}).keys() == set(user_ids)

    def replace(
        self, sid: str, watcher: str, user_ids: Iterable[str], listen: Callable[[str], Listener]
    ) -> tuple[dict[str, Listener], dict[str, Listener]]:
        """This connection now watches these users. Gives their listeners, and the listeners to remove.

        Raises `Unavailable` and changes nothing if this process follows as many users as it can.
        """
        wanted = dict.fromkeys(user_ids)
        before = self._told.get(sid, {})
        if self._entries - len(before) + len(wanted) > self._most:
            raise Unavailable("Too much is watched here.", retry_after_ms=10_000)
        unwatched = {u: listener for u in before.keys() - wanted if (listener := self._drop(sid, u))}
        for user_id in wanted:
            self._watchers.setdefault(user_id, {})[sid] = watcher
            self._listeners.setdefault(user_id, listen(user_id))
        self._entries += len(wanted) - len(before)
        self._told[sid] = dict.fromkeys(wanted)
        return {user_id: self._listeners[user_id] for user_id in wanted}, unwatched

    def forget(self, sid: str) -> dict[str, Listener]:
        """This connection watches nobody any more. Gives the listeners to remove."""
        before = self._told.pop(sid, {})
        self._entries -= len(before)
        return {user_id: listener for user_id in before if (listener := self._drop(sid, user_id))}

    def uses(self, user_id: str, listener: Listener) -> bool:
        """Whether this is the listener of that user."""
        return self._listeners.get(user_id) is listener

    def _drop(self, sid: str, user_id: str) -> Listener | None:
        watchers = self._watchers[user_id]
        del watchers[sid]
        if watchers:
            return None
        del self._watchers[user_id]
        return self._listeners.pop(user_id)

    def tell(self, sid: str, user_id: str, shown: S) -> bool:
        """Whether this is new to the connection. From now on it counts as told."""
        told = self._told.get(sid, {})
        if user_id not in told or told[user_id] == shown:
            return False
        told[user_id] = shown
        return True

    def tell_first(self, sid: str, presences: Mapping[str, S]) -> list[str]:
        """Note what the answer to a new list tells. Gives users of whom an event was sent before the answer.

        Their event may have been newer than the answer, so their presence has to be read again.
        """
        told = self._told.get(sid, {})
        overtaken = [user_id for user_id in presences if told.get(user_id) is not None]
        told.update((user_id, shown) for user_id, shown in presences.items() if user_id in told)
        return overtaken
