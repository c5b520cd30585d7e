"""Devices to push notifications to. Each belongs to the session in which it was named, and goes with it."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from core.vocabulary import DeviceId
from core.wire.endpoint import Endpoint
from core.wire.message import Input

PushKey = Annotated[str, Meta(min_length=1, max_length=200)]


class PushKeys(Input, forbid_unknown_fields=False):
    """With what a push to a browser is encrypted, in the words of the Push API."""

    p256dh: PushKey
    auth: PushKey


class PushSubscription(Input, forbid_unknown_fields=False):
    """A browser's subscription, as it gives it itself; what else is in it is ignored."""

    endpoint: Annotated[
        str,
        Meta(
            max_length=1000,
            pattern=r"^https://[^\x00-\x20\x7f]+$(?!\n)",
            examples=["https://push.example.org/send/1"],
        ),
    ]
    keys: PushKeys


class ByDevice(Input):
    """The client's own id of the device, as at CONNECT."""

    device_id: DeviceId


class Device(Input):
    """How it is reached: a phone by the `token` of its push service, a browser by its `subscription`.

    An iPhone may name the `service` whose token that is, and the `voip_token` of PushKit, by which it rings.
    """

    secrets: ClassVar[tuple[str, ...]] = ("token", "voip_token", "subscription")

    platform: Literal["ios", "android", "web"]
    service: Literal["fcm", "apns"] = "fcm"
    token: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    voip_token: (
        Annotated[
            str, Meta(min_length=1, max_length=1000, pattern=r"^[0-9A-Fa-f]+$(?!\n)", examples=["00ff00ff"])
        ]
        | None
    ) = None
    subscription: PushSubscription | None = None


ENDPOINTS = (
    Endpoint(
        name="put_device",
        method="PUT",
        path="/v1/devices/{device_id}",
        area="me",
        summary="Push to this device from now on, until one signs out on it.",
        parameters=ByDevice,
        body=Device,
        status=204,
    ),
    Endpoint(
        name="delete_device",
        method="DELETE",
        path="/v1/devices/{device_id}",
        area="me",
        summary="Push to this device no longer.",
        parameters=ByDevice,
        status=204,
    ),
)
