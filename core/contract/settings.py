"""One's own settings: how the product looks and writes times, who finds one, what one wants to be told.

Kept for all devices.
"""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from core.vocabulary import DirectCalls, Language, NotificationKind, Theme
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire

TimeZone = Annotated[
    str, Meta(min_length=1, max_length=64, description="IANA time zone name", examples=["Europe/Berlin"])
]


class Privacy(Wire):
    """What others see of one, and who finds one.

    `show_last_seen`: when one was last here. `find_by_search`: by username or display name; `find_by_phone`:
    by one's number, for whoever has it. `hide_from_contacts`: neither finds one nor is offered to one who has
    one's number, or whose number one has sent. `read_receipts`: others see how far one has read, and one sees
    how far they have; off, neither does. `direct_calls`: who may call one directly, as soon as such calls can
    be made.
    """

    show_age: bool
    show_city: bool
    show_country: bool
    show_last_seen: bool
    find_by_search: bool
    find_by_phone: bool
    hide_from_contacts: bool
    read_receipts: bool
    direct_calls: DirectCalls


class PrivacyPatch(Input):
    """What may change; what is left out stays."""

    show_age: bool | UnsetType = UNSET
    show_city: bool | UnsetType = UNSET
    show_country: bool | UnsetType = UNSET
    show_last_seen: bool | UnsetType = UNSET
    find_by_search: bool | UnsetType = UNSET
    find_by_phone: bool | UnsetType = UNSET
    hide_from_contacts: bool | UnsetType = UNSET
    read_receipts: bool | UnsetType = UNSET
    direct_calls: DirectCalls | UnsetType = UNSET


TimeOfDay = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)",
        description="In one's own time zone; without one in UTC",
        examples=["22:00"],
    ),
]


class NotificationSettings(Wire):
    """What one is told, and how. Of kinds that are off there are no notifications.

    Decisions of moderators and what the service itself has to say are listed all the same. `push`: also to
    devices that are not in use; `email`: also by mail. From `quiet_from` to `quiet_to` neither is sent; what
    has not been read by then is sent afterwards. `kinds` has all of them.
    """

    push: bool
    email: bool
    kinds: dict[NotificationKind, bool]
    quiet_from: TimeOfDay | None = None
    quiet_to: TimeOfDay | None = None


class NotificationPatch(Input):
    """What may change; what is left out stays, null puts back what it was at first."""

    push: bool | UnsetType | None = UNSET
    email: bool | UnsetType | None = UNSET
    quiet_from: TimeOfDay | UnsetType | None = UNSET
    quiet_to: TimeOfDay | UnsetType | None = UNSET
    kinds: dict[NotificationKind, bool | None] | UnsetType = UNSET


class SettingsView(Wire):
    """All of one's settings. Times are written in `language`, as of `time_zone`; null: the device's own."""

    theme: Theme
    language: Language | None
    time_zone: TimeZone | None
    privacy: Privacy
    notifications: NotificationSettings


class SettingsPatch(Input):
    """What may change; what is left out stays, null puts back what it was at first."""

    theme: Theme | UnsetType | None = UNSET
    language: Language | UnsetType | None = UNSET
    time_zone: TimeZone | UnsetType | None = UNSET
    privacy: PrivacyPatch | UnsetType = UNSET
    notifications: NotificationPatch | UnsetType | None = UNSET


ENDPOINTS = (
    Endpoint(
        name="settings",
        method="GET",
        path="/v1/me/settings",
        area="me",
        summary="One's own settings.",
        reply=SettingsView,
    ),
    Endpoint(
        name="change_settings",
        method="PATCH",
        path="/v1/me/settings",
        area="me",
        summary="Change some of one's settings; the others stay.",
        body=SettingsPatch,
        reply=SettingsView,
    ),
)
