"""Parts of a profile from a row. Pure: the stores whose queries give the columns own the SQL."""

from datetime import date

from core.clock import age_on
from core.contract.profiles import ProfileCard, Seeking
from db.postgres.pool import Record


def card(row: Record, today: date) -> ProfileCard:
    """The card in a row with the columns of `identity.cards` and `hidden`.

    `hidden`: the two have nothing to do with each other (any more). The reader keeps the name that they knew
    and sees nothing else. Whether a block is the reason cannot be told.
    """
    shown = ProfileCard(
        user_id=row["user_id"],
        display_name=row["display_name"],
        age=age_on(row["birth_date"], today),
        gender=row["gender"],
        intent=row["intent"],
        languages=[],
    )
    if row["hidden"]:
        return shown
    return ProfileCard(
        user_id=shown.user_id,
        display_name=shown.display_name,
        age=shown.age,
        gender=shown.gender,
        intent=shown.intent,
        languages=row["languages"],
        country=row["country"],
        city=row["city"],
        bio=row["bio"],
        photo_url=row["photo_url"],
    )


def seeking(row: Record) -> Seeking:
    """The people whom the user seeks, from the `seeking_…` columns of `identity.profiles`."""
    return Seeking(
        genders=row["seeking_genders"], age_min=row["seeking_age_min"], age_max=row["seeking_age_max"]
    )
