"""Profiles: a user's own, and the cards of others that they may see. Times are ms since the epoch."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from core.clock import DAY_MS
from core.contract.media import MediaView
from core.contract.profiles import Compatibility, Me, ProfileCard, ProfilePatch, ProfileView
from core.errors import NotFound, PreconditionFailed, Unauthenticated
from db.postgres.profiles import Profile, ProfileStore, Shown
from services import account_rules as rules
from services.compatibility import compatible
from services.shown_texts import ShownTexts


class Profiles:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`).

    `server`: as whose addresses say where media are; else they are relative to it.
    """

    def __init__(self, store: ProfileStore, shown_texts: ShownTexts, *, reserved_days: int) -> None:
        self._store, self._shown_texts = store, shown_texts
        self._reserved_ms = reserved_days * DAY_MS

    async def own(self, user_id: str, server: str = "") -> Profile:
        """The user's own account, with its version. Raises `Unauthenticated` if it is gone."""
        profile = await self._store.profile(user_id, server)
        if profile is None:
            raise Unauthenticated("This account is gone.")
        return profile

    async def change(
        self, user_id: str, patch: ProfilePatch, versions: frozenset[int] | None, now: int, server: str
    ) -> Profile:
        """Patch the user's own profile if it has one of these versions (None: any).

        A former username is reserved for some days. Raises `PreconditionFailed` if it has another version by
        now, `InvalidRequest`, `Conflict` for a username that is somebody else's, `RateLimited`.
        """
        profile = await self.own(user_id, server)
        if versions is not None and profile.version not in versions:
            raise PreconditionFailed
        changed, shown = Profile(rules.patched(profile.me, patch), profile.version), _shown(profile.me, patch)
        if changed.me == profile.me and shown == Shown():
            return profile
        await self._shown_texts.check(_shown_anew(profile.me, changed.me))
        until = None if changed.me.username == profile.me.username else now + self._reserved_ms
        if not await self._store.change(changed, shown, now, reserved_until=until):
            raise PreconditionFailed
        return await self.own(user_id, server)

    async def found(
        self, words: str, viewer_id: str, *, before: str | None, limit: int, now: int
    ) -> list[ProfileCard]:
        """Cards of those who let themselves be found by these words, the newest accounts first."""
        return await self._store.found(words, viewer_id, before=before, limit=limit, now=now)

    async def compatibility(self, user_id: str, viewer_id: str, now: int) -> Compatibility:
        """How close their values are. Raises `NotFound` for who is neither a friend nor connected."""
        values = await self._store.both_values(user_id, viewer_id, now)
        if values is None:
            raise NotFound
        return compatible(*values)

    async def card(self, user_id: str, viewer_id: str, now: int, server: str) -> ProfileView:
        """The card, if the viewer may see it. Raises `NotFound`: gone, banned, blocked, or a stranger."""
        card = await self._store.visible_card(user_id, viewer_id, now, server)
        if card is None:
            raise NotFound
        return card


def _shown(me: Me, patch: ProfilePatch) -> Shown:
    """The media that the profile is to show, each once, where that is not what it shows."""
    return Shown(_chosen(me.photos, patch.photos), _chosen(me.videos, patch.videos))


def _chosen(now_shown: Sequence[MediaView], chosen: Sequence[str] | UnsetType) -> list[str] | None:
    if chosen is UNSET:
        return None
    ids = list(dict.fromkeys(chosen))
    return None if ids == [media.id for media in now_shown] else ids


def _shown_anew(before: Me, after: Me) -> dict[str, str | None]:
    """The texts that strangers read and that have changed, by their fields."""
    texts = {"display_name": after.display_name, "bio": after.bio, "city": after.city}
    return {field: text for field, text in texts.items() if text != getattr(before, field)}
