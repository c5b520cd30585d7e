"""Parts of a profile from a row. The stores whose queries give the columns own the SQL."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from core.clock import age_on
from core.contract.media import MediaView
from core.contract.profiles import ProfileCard, Seeking
from core.stored import StoredCard
from core.vocabulary import MediaType
from db.postgres.media_views import MediaViews
from db.postgres.pool import Record


class Cards:
    """Reads cards, with the addresses at which photos are read; without `media` they show none."""

    def __init__(self, media: MediaViews | None = None) -> None:
        self._media = media

    def card(self, row: Record, today: date, server: str = "") -> ProfileCard:
        """The card in a row with the columns of `identity.cards` and `hidden`; `server`: as for `MediaViews`.

        `hidden`: the two have nothing to do with each other (any more). The reader keeps the name that they
        knew and sees nothing else. Whether a block is the reason cannot be told.
        """
        age = age_on(row["birth_date"], today) if row["show_age"] else None
        if row["hidden"]:
            return ProfileCard(
                user_id=row["user_id"],
                display_name=row["display_name"],
                age=age,
                gender=row["gender"],
                intent=row["intent"],
                languages=[],
            )
        return ProfileCard(
            user_id=row["user_id"],
            display_name=row["display_name"],
            age=age,
            gender=row["gender"],
            intent=row["intent"],
            languages=row["languages"],
            country=row["country"],
            city=row["city"],
            bio=row["bio"],
            photo_url=self.photo(row["photo_id"], server),
        )

    def photo(self, media_id: str | None, server: str = "") -> str | None:
        """Where this photo is read."""
        return self._media.photo(media_id, server) if self._media and media_id else None

    def stored(self, row: Record, today: date) -> StoredCard:
        """The same as tickets and calls store it."""
        age = age_on(row["birth_date"], today)
        return StoredCard.of(
            self.card(row, today), age=age, country=row["own_country"], relay_only=row["relay_only"]
        )

    def attached(self, found: Mapping[str, Any]) -> MediaView | None:
        """A media that a message shows, from a row of `social.media` as JSON."""
        return self._media.kept(found) if self._media else None

    def media(self, row: Record, kind: MediaType, *, own: bool, server: str = "") -> list[MediaView]:
        """Those of this type in the row's `media`, of `social.profile_media`; others see what was passed."""
        views, found = self._media, row["media"]
        if views is None or not found:
            return []
        return [
            views.kept(media, server)
            for media in found
            if media["type"] == kind and (own or media["state"] == "ready")
        ]


NO_PHOTOS = Cards()


def seeking(row: Record) -> Seeking:
    """The people whom the user seeks, from the `seeking_…` columns of `identity.profiles`."""
    return Seeking(
        genders=row["seeking_genders"], age_min=row["seeking_age_min"], age_max=row["seeking_age_max"]
    )
