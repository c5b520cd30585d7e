"""Settings of what people have here of their own: copies of it, how it is deleted, and how long it is kept.

`core/settings.py` has those of the product, and says what holds for all. `core/personal_data.py` says what
each of these means for which table.
"""

from typing import Annotated

from msgspec import Meta

from core.media_settings import MediaSettings
from core.server_settings import Count, Pause, Seconds, about


class OwnDataSettings(MediaSettings, frozen=True, kw_only=True):
    """What would be there whatever people do here."""

    # One's own data
    erasure_grace_days: Annotated[
        Pause,
        about("Days for which somebody who has deleted their account may come back; then it is erased."),
    ] = 14
    export_days: Annotated[Count, about("Days for which a copy of somebody's own data is kept.")] = 7
    export_every_h: Annotated[
        Count, about("Hours that have to pass before somebody gets another copy; until then it is the same.")
    ] = 24
    export_address_s: Annotated[
        Seconds, about("Seconds for which the address of such a copy is valid; whoever asks gets a new one.")
    ] = 900
    message_days: Annotated[
        Pause,
        about(
            "Days for which messages are kept; 0: as long as their senders' accounts. A group may keep its"
            " own for a shorter time. What is older is deleted for good, within an hour or two."
        ),
    ] = 0
    call_record_days: Annotated[
        Count,
        about("Days for which a call is on record that led neither to a connection nor to a report."),
    ] = 365
    check_in_days: Annotated[
        int,
        Meta(ge=100, le=36_500),
        about(
            "Days for which check-ins are kept, after their quarter; what they have come to stays. As long"
            " as a calendar at least."
        ),
    ] = 730
    consent_record_days: Annotated[
        Count, about("Days after the end of an account for which is kept what it had agreed to.")
    ] = 1095
