"""Media: pictures that users upload. So far only for reports, as evidence that moderators alone see."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from core.errors import Internal, NotFound, Unavailable
from core.media_settings import MOST_UPLOAD_BYTES
from core.vocabulary import Id, MediaState, MediaType
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.uploads import Form, Upload

# What a client may call a picture; which type it has is seen in its content.
PICTURES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")


class MediaUrls(Wire):
    """Where it can be got. Of a picture for a report only moderators are told, and not for long."""

    original: str | UnsetType = UNSET
    s160: str | UnsetType = UNSET
    s640: str | UnsetType = UNSET
    s1280: str | UnsetType = UNSET


class MediaView(Wire):
    """Something that was uploaded. While it is `processing`, nobody but its owner sees it."""

    id: Id
    type: MediaType
    state: MediaState
    size: Annotated[int, Meta(description="Bytes, as it is kept.")]
    urls: MediaUrls
    reason: str | UnsetType = UNSET
    width: int | UnsetType = UNSET
    height: int | UnsetType = UNSET
    duration_ms: int | UnsetType = UNSET
    blurhash: str | UnsetType = UNSET


class SignedAddress(Input):
    """For whom, until when (seconds since the epoch), and the server's signature."""

    viewer: Id
    expires: Annotated[int, Meta(ge=0, le=2**53)]
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", max_length=64, examples=["5e" * 32])]


ENDPOINTS = (
    Endpoint(
        name="upload_media",
        method="POST",
        path="/v1/media",
        area="media",
        summary="Upload a picture (JPEG, PNG or WebP); it is kept without position and other metadata.",
        upload=Form(
            parts={
                "purpose": Upload(media=("text/plain",), max_bytes=100),
                "file": Upload(media=PICTURES, max_bytes=MOST_UPLOAD_BYTES),
            }
        ),
        limits=("uploads", "network_uploads"),
        reply=MediaView,
        status=201,
        idempotent=True,
    ),
    Endpoint(
        name="media",
        method="GET",
        path="/v1/media/{id}",
        area="media",
        summary="What one has uploaded, until a report uses it; to moderators, what is for reports.",
        parameters=ById,
        reply=MediaView,
    ),
    Endpoint(
        name="delete_media",
        method="DELETE",
        path="/v1/media/{id}",
        area="media",
        summary="Delete what one has uploaded. What a report has used is evidence, and stays.",
        parameters=ById,
        status=204,
    ),
    Endpoint(
        name="original_media",
        method="GET",
        path="/v1/media/{id}/original",
        area="media",
        summary="The picture, by an address that a moderator was given; each look is on the audit log.",
        parameters=ById,
        query=SignedAddress,
        auth=False,
        media="image/jpeg",
        errors=(NotFound, Unavailable, Internal),
    ),
)
