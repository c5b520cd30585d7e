"""Media: what users upload for their profile, and for reports, as evidence that moderators alone see.

Of which type something is its content says; the purpose says who may see it.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from core.errors import Conflict, Internal, InvalidRequest, NotFound, PayloadTooLarge, Unavailable
from core.media_settings import MOST_UPLOAD_BYTES
from core.vocabulary import Id, MediaPurpose, MediaState, MediaType, Rendition, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.uploads import Form, Upload

# What a client may call an upload; which type it has is seen in its content.
FILES = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "audio/mp4",
    "audio/webm",
    "audio/ogg",
    "application/octet-stream",
)


FileName = Annotated[str, Meta(description="Of a file, as it was called when it was uploaded.")]


class MediaUrls(Wire):
    """Where it can be got, for some time. Of a picture for a report only moderators are told.

    `original` is what was uploaded, made anew without metadata; the others are WebP, no longer than so many
    pixels on a side.
    """

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
    name: (
        Annotated[str, Meta(description="Of a file, as it was called when it was uploaded.")] | UnsetType
    ) = UNSET


Signature = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", max_length=64, examples=["5e" * 32])]
Expires = Annotated[int, Meta(ge=0, le=2**53)]


class SignedAddress(Input):
    """For whom, until when (seconds since the epoch), and the server's signature."""

    viewer: Id
    expires: Expires
    signature: Signature


class FileAddress(Input):
    """Until when (seconds since the epoch), and the server's signature."""

    expires: Expires
    signature: Signature


class UploadPlan(Input):
    """What somebody wants to upload; `name`: what a file for a chat is called.

    Evidence (`report`) is not uploaded so: it is never kept in clear.
    """

    purpose: MediaPurpose
    content_type: Annotated[str, Meta(max_length=100, examples=["image/jpeg"])]
    size: Annotated[int, Meta(ge=1, le=MOST_UPLOAD_BYTES, description="Bytes.")]
    name: Annotated[str, Meta(max_length=1000, examples=["Plan.pdf"])] | None = None


class UploadTarget(Wire):
    """Where to send it, until when. `id` is that of the media that it becomes."""

    id: Id
    url: str
    method: Literal["PUT"]
    headers: dict[str, str]
    expires_at: Timestamp


class FileOf(Input):
    """Which of the files of a media."""

    id: Id
    name: Rendition


ENDPOINTS = (
    Endpoint(
        name="upload_media",
        method="POST",
        path="/v1/media",
        area="media",
        summary="Upload a picture, video or voice message, kept without metadata; for a chat any file.",
        upload=Form(
            parts={
                "purpose": Upload(media=("text/plain",), max_bytes=100),
                "file": Upload(media=FILES, max_bytes=MOST_UPLOAD_BYTES),
            }
        ),
        limits=("uploads", "network_uploads"),
        reply=MediaView,
        status=201,
        idempotent=True,
    ),
    Endpoint(
        name="announce_upload",
        method="POST",
        path="/v1/media/uploads",
        area="media",
        summary="Be given an address to upload something to; it is taken when it is completed.",
        body=UploadPlan,
        limits=("uploads", "network_uploads"),
        reply=UploadTarget,
        status=201,
        idempotent=True,
    ),
    Endpoint(
        name="send_upload",
        method="PUT",
        path="/v1/media/uploads/{id}",
        area="media",
        summary="Upload what was announced, to its address. Where S3 is used, that address is there.",
        parameters=ById,
        query=FileAddress,
        upload=Upload(media=FILES, max_bytes=MOST_UPLOAD_BYTES),
        auth=False,
        status=204,
        errors=(NotFound,),
    ),
    Endpoint(
        name="complete_upload",
        method="POST",
        path="/v1/media/{id}/complete",
        area="media",
        summary="Check and take what was uploaded to the address that was given. Again: the same media.",
        parameters=ById,
        reply=MediaView,
        lengthy=True,
        errors=(Conflict, InvalidRequest, PayloadTooLarge),
    ),
    Endpoint(
        name="media",
        method="GET",
        path="/v1/media/{id}",
        area="media",
        summary="What one has uploaded, until a report uses it; what one sees in profiles and messages.",
        parameters=ById,
        reply=MediaView,
    ),
    Endpoint(
        name="delete_media",
        method="DELETE",
        path="/v1/media/{id}",
        area="media",
        summary="Delete what one has uploaded, from one's profile too. What posts and messages show stays.",
        parameters=ById,
        status=204,
        errors=(Conflict,),
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
    Endpoint(
        name="media_file",
        method="GET",
        path="/v1/media/{id}/files/{name}",
        area="media",
        summary="A file of a media, by an address that somebody was given who may see it.",
        parameters=FileOf,
        query=FileAddress,
        auth=False,
        unlimited=True,
        media="application/octet-stream",
        ranged=True,
        errors=(NotFound, Unavailable, Internal),
    ),
)
