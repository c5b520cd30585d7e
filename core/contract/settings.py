"""One's own settings: how the product looks and writes times, who finds one, what one wants to be told.

Kept for all devices.
"""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from core.vocabulary import DirectCalls, Language, NotificationKind, Theme
from core.wire.endpoint import Cache, Endpoint
from core.wire.message import Input, Wire

TimeZone = Annotated[
    str, Meta(min_length=1, max_length=64, description="IANA time zone name", examples=["Europe/Berlin"])
]


class Privacy(Wire):
    """What others see of one, and who finds one.

    `show_last_seen`: when one was last here. `find_by_search`: by username or display name; `find_by_phone`:
    by one's number, for whoever has it. `hide_from_contacts`: neither finds one nor is offered to one who has
    one's number, or whose number one has sent. `read_receipts`: others see how far one has read, and one sees
    how far they have; off, neither does. `direct_calls`: who may call one directly;
    for others it seems to ring, and nobody answers. `match_by_places`: one is rather offered to those who go
    to the same places, if they want it as well; which places, and whether it was so, nobody is told.
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
    match_by_places: bool


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
    match_by_places: bool | UnsetType = UNSET


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
    has not been read by then is sent afterwards. `kinds` has all of them. `push_messages`: with `push`, also
    what is said in one's rooms, which is in no list; `push_calls`: that somebody calls; `push_offers`: that
    somebody is there while one waits; `push_decisions`: that both want to stay in touch.
    """

    push: bool
    email: bool
    kinds: dict[NotificationKind, bool]
    push_messages: bool = True
    push_calls: bool = True
    push_offers: bool = False
    push_decisions: bool = True
    quiet_from: TimeOfDay | None = None
    quiet_to: TimeOfDay | None = None


class NotificationPatch(Input):
    """What may change; what is left out stays, null puts back what it was at first."""

    push: bool | UnsetType | None = UNSET
    email: bool | UnsetType | None = UNSET
    push_messages: bool | UnsetType | None = UNSET
    push_calls: bool | UnsetType | None = UNSET
    push_offers: bool | UnsetType | None = UNSET
    push_decisions: bool | UnsetType | None = UNSET
    quiet_from: TimeOfDay | UnsetType | None = UNSET
    quiet_to: TimeOfDay | UnsetType | None = UNSET
    kinds: dict[NotificationKind, bool | None] | UnsetType = UNSET


class SettingsView(Wire):
    """All of one's settings. Times are written in `language`, as of `time_zone`; null: the device's own.

    `relay_only`: media of one's calls goes through relays only, so that nobody one talks to sees one's
    network address. It counts for what begins afterwards: an offer, a call that is answered, the next epoch
    of one that goes on. `relay_missing`: one wishes so, and without relays (TURN) no call connects.
    """

    theme: Theme
    language: Language | None
    time_zone: TimeZone | None
    relay_only: bool
    privacy: Privacy
    notifications: NotificationSettings
    relay_missing: bool = False


class SettingsPatch(Input):
    """What may change; what is left out stays, null puts back what it was at first."""

    theme: Theme | UnsetType | None = UNSET
    language: Language | UnsetType | None = UNSET
    time_zone: TimeZone | UnsetType | None = UNSET
    relay_only: bool | UnsetType | None = UNSET
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
        versioned=True,
        cache=Cache(max_age_s=0),
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
