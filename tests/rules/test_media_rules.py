"""What may be uploaded, who may see it, when pictures are alike, and which addresses open one."""

from functools import partial
from typing import get_args

import pytest
from PIL import Image

from core.contract.media import FileAddress, SignedAddress
from core.errors import InvalidRequest
from core.ids import new_id
from core.keys import Keyring
from core.vocabulary import MediaPurpose, MediaState
from services.decoding.pictures import difference_hash
from services.media_addresses import ExportAddresses, FileAddresses, MediaAddresses, UploadAddresses
from services.media_rules import (
    PUBLIC,
    SERVED,
    SIZES,
    alike,
    checked_purpose,
    differing_bits,
    first_state,
    looks_like_a_picture,
    looks_like_a_recording,
    may_be_seen,
    objects_of,
    signed,
    tells,
)

OLD, NEW = "a secret of some length", "another one of some length"
NOW = 1_800_000_000_000


def test_what_is_plain_is_not_known_again() -> None:
    """All plain pictures have one hash, whatever they show; so have those that grow brighter to one side."""
    plain, shaded = Image.new("RGB", (90, 80), "teal"), Image.linear_gradient("L").rotate(90)
    assert not any(tells(signed(difference_hash(image))) for image in (plain, shaded, shaded.rotate(180)))
    assert tells(signed(difference_hash(Image.effect_mandelbrot((90, 80), (-2, -1.5, 1, 1.5), 50))))


@pytest.mark.parametrize("purpose", [*get_args(MediaPurpose), "evil"])
def test_some_purposes_are_served(purpose: str) -> None:
    if purpose in SERVED:
        assert checked_purpose(purpose) == purpose
    else:
        with pytest.raises(InvalidRequest, match="with the purpose `photo`"):
            checked_purpose(purpose)


def test_a_picture_begins_as_one() -> None:
    heads = (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\x00\x00\x00WEBPVP8 ")
    assert all(map(looks_like_a_picture, heads))
    assert not any(map(looks_like_a_picture, (b"", b"GIF89a", b"<svg>", b"WEBP", b"RIFFWEBP", b"%PDF-1.7")))


@pytest.mark.parametrize("purpose", get_args(MediaPurpose))
@pytest.mark.parametrize("scanned", [True, False])
@pytest.mark.parametrize("production", [True, False])
def test_what_strangers_see_is_looked_at_before(
    purpose: MediaPurpose, scanned: bool, production: bool
) -> None:
    """Unless the operator wants that afterwards. Where nobody is there to look, production takes none."""
    begins = partial(first_state, purpose, scanned=scanned, production=production)
    assert begins(review="after") == "ready"
    if purpose not in PUBLIC:
        assert begins(review="before") == "ready"
    else:
        unseen = None if production else "ready"
        assert begins(review="before") == ("processing" if scanned else unseen)


@pytest.mark.parametrize("purpose", get_args(MediaPurpose))
@pytest.mark.parametrize("state", get_args(MediaState))
def test_who_may_see_what(purpose: MediaPurpose, state: MediaState) -> None:
    """Owners their own, but for evidence; staff everything; others what has been passed and is used."""

    def seen(
        *, by_owner: bool = False, by_staff: bool = False, used: bool = False, gone: bool = False
    ) -> bool:
        return may_be_seen(state, purpose=purpose, by_owner=by_owner, by_staff=by_staff, used=used, gone=gone)

    assert seen(by_staff=True)
    assert seen(by_staff=True, used=True, gone=True)
    assert seen(by_owner=True)
    assert seen(by_owner=True, used=True) is (purpose != "report")
    assert not seen()
    assert seen(used=True) is (purpose != "report" and state == "ready")
    assert not seen(by_owner=True, by_staff=True, used=True, gone=True)
    assert not seen(used=True, gone=True)


def scene() -> Image.Image:
    """A bright window in a wall that darkens to the right."""
    image = Image.linear_gradient("L").rotate(90).resize((320, 240))
    image.paste(240, (200, 40, 280, 120))
    return image


def test_a_picture_stays_alike_when_it_is_changed_a_little() -> None:
    """Smaller, darker, in grey; another one is not."""
    image = scene()
    first = difference_hash(image)
    for changed in (image.resize((80, 60)), image.point(lambda shade: shade // 2), image.convert("RGB")):
        assert alike(first, difference_hash(changed))
    assert not alike(first, difference_hash(image.rotate(180)))
    assert 0 <= first < 1 << 64


def test_the_bits_of_a_hash() -> None:
    """From the top left, brighter to the right is a one; as the database has them they are signed."""
    rising = Image.linear_gradient("L").rotate(90)
    assert {difference_hash(rising), difference_hash(rising.rotate(180))} == {0, (1 << 64) - 1}
    assert [signed(0), signed((1 << 63) - 1), signed(1 << 63), signed((1 << 64) - 1)] == [
        0,
        (1 << 63) - 1,
        -(1 << 63),
        -1,
    ]
    assert (differing_bits(-1, (1 << 64) - 1), differing_bits(-1, 0), differing_bits(5, 6)) == (0, 64, 2)


def test_a_file_is_read_where_the_operator_says() -> None:
    """At a CDN, where there is one; else it is relative to the server. A card's shows it small too."""
    media_id, keys = new_id(), Keyring(NEW).keys("address of a file")
    here, there = (
        FileAddresses(keys, base=base, valid_ms=60_000) for base in ("", "https://cdn.example.org/")
    )
    path = here.of(media_id, "s640", NOW)
    assert path.startswith(f"/v1/media/{media_id}/files/s640?expires=")
    assert there.of(media_id, "s640", NOW) == f"https://cdn.example.org{path}"
    given = FileAddress(expires=NOW // 1000 + 120, signature=path[-64:])
    assert here.opens(media_id, "s640", given, NOW + 119_999)
    assert not here.opens(media_id, "s640", given, NOW + 120_000)
    assert [here.opens(media_id, name, given, NOW) for name in SIZES] == [True, True, False]
    small = FileAddress(expires=NOW // 1000 + 120, signature=here.of(media_id, "s160", NOW)[-64:])
    assert [here.opens(media_id, name, small, NOW) for name in SIZES] == [True, False, False]


def test_what_was_announced_is_uploaded_to_its_address() -> None:
    """Until it expires, and nothing else."""
    media_id, other = new_id(), new_id()
    addresses = UploadAddresses(Keyring(NEW).keys("address of an upload"), valid_ms=60_000)
    url = addresses.of(media_id, "https://example.org", NOW + 60_000)
    assert url.startswith(
        f"https://example.org/v1/media/uploads/{media_id}?expires={NOW // 1000 + 60}&signature="
    )
    given = FileAddress(expires=NOW // 1000 + 60, signature=url[-64:])
    assert addresses.takes(media_id, given, NOW + 59_999)
    assert not addresses.takes(media_id, given, NOW + 60_000)
    assert not addresses.takes(other, given, NOW)


def test_the_objects_of_a_media() -> None:
    """Its original is called as the media is; all others are beside it."""
    assert objects_of("photo/1") == [
        "photo/1",
        "photo/1.s160",
        "photo/1.s640",
        "photo/1.s1280",
        "photo/1.a160",
        "photo/1.a640",
        "photo/1.a1280",
        "photo/1.sent",
    ]


def test_an_address_is_for_one_media_one_viewer_and_a_minute() -> None:
    ana, media_id, other = new_id(), new_id(), new_id()
    old, both, new = (
        MediaAddresses(keys.keys("address of a media"), valid_ms=60_000)
        for keys in (Keyring(OLD), Keyring(NEW, OLD), Keyring(NEW))
    )
    url = old.original(media_id, ana, "https://example.org", NOW)
    head, signature = url[:-64], url[-64:]
    assert head == (
        f"https://example.org/v1/media/{media_id}/original?viewer={ana}&expires={NOW // 1000 + 60}&signature="
    )
    given = SignedAddress(viewer=ana, expires=NOW // 1000 + 60, signature=signature)
    assert old.opens(media_id, given, NOW + 59_999)
    assert both.opens(media_id, given, NOW)
    assert not old.opens(media_id, given, NOW + 60_000)
    assert not old.opens(other, given, NOW)
    assert not new.opens(media_id, given, NOW)
    wrong = (
        SignedAddress(viewer=other, expires=given.expires, signature=signature),
        SignedAddress(viewer=ana, expires=given.expires + 1, signature=signature),
    )
    assert not any(old.opens(media_id, address, NOW) for address in wrong)


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (b"\0\0\0\x20ftypisom", True),
        (b"\x1aE\xdf\xa3", True),
        (b"OggS", True),
        (b"RIFF....WAVE", False),
        (b"ID3", False),
        (b"", False),
    ],
)
def test_a_recording_is_known_by_how_it_begins(head: bytes, is_one: bool) -> None:
    assert looks_like_a_recording(head + bytes(64) if head else head) is is_one


def test_the_address_of_a_copy_opens_that_copy_for_a_while() -> None:
    addresses = ExportAddresses(Keyring(NEW).keys("address of an export"), valid_ms=60_000)
    mine, other = new_id(), new_id()
    url = addresses.of(mine, "https://example.org", NOW)
    address = FileAddress(expires=NOW // 1000 + 60, signature=url[-64:])
    assert addresses.opens(mine, address, NOW + 59_000)
    assert not addresses.opens(mine, address, NOW + 60_000)
    assert not addresses.opens(other, address, NOW)
    assert not ExportAddresses(Keyring(OLD).keys("address of an export"), valid_ms=60_000).opens(
        mine, address, NOW
    )
