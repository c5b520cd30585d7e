"""One's own settings: how the product looks and how it writes times. Kept here, for all of one's devices."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from core.vocabulary import Language, Theme
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire

TimeZone = Annotated[
    str, Meta(min_length=1, max_length=64, description="IANA time zone name", examples=["Europe/Berlin"])
]


class SettingsView(Wire):
    """All of one's settings. Times are written in `language`, as of `time_zone`; null: the device's own."""

    theme: Theme
    language: Language | None
    time_zone: TimeZone | None


class SettingsPatch(Input):
    """What may change; what is left out stays, null puts back what it was at first."""

    theme: Theme | UnsetType | None = UNSET
    language: Language | UnsetType | None = UNSET
    time_zone: TimeZone | UnsetType | None = UNSET


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
