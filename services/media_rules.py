"""What may be uploaded for what, who may see it, and when two pictures are alike. Pure."""

from collections.abc import Mapping
from typing import Literal, get_args

from core.errors import InvalidRequest
from core.vocabulary import MediaPurpose, MediaState, Rendition

# What can be uploaded so far.
SERVED: tuple[MediaPurpose, ...] = ("photo", "post", "chat", "place", "report")
# For what there may be more than pictures: videos, and for these also voice messages.
RECORDED: tuple[MediaPurpose, ...] = ("photo", "chat")
SPOKEN: tuple[MediaPurpose, ...] = ("chat",)
# And for these any file, which is kept as it comes and only ever downloaded.
FILED: tuple[MediaPurpose, ...] = ("chat",)
# The longest sides in which pictures are shown, by the name of the rendition.
SIZES: Mapping[str, int] = {"s160": 160, "s640": 640, "s1280": 1280}
# What is made of these later, for whoever reads AVIF.
AVIF: Mapping[str, str] = {"s160": "a160", "s640": "a640", "s1280": "a1280"}
# What people show to people they do not know; everything else has its own rule of who sees it.
PUBLIC: tuple[MediaPurpose, ...] = ("photo", "post", "place")

_HEADS = ((0, b"\xff\xd8\xff"), (0, b"\x89PNG\r\n\x1a\n"), (8, b"WEBP"))
_RECORDINGS = ((4, b"ftyp"), (0, b"\x1a\x45\xdf\xa3"), (0, b"OggS"))
ALIKE_BITS = 10  # in which the difference hashes of pictures differ that people would call the same
_FEWEST_EDGES = 12


def checked_purpose(given: str) -> MediaPurpose:
    """The same. Raises `InvalidRequest` for what cannot be uploaded."""
    for purpose in SERVED:
        if given == purpose:
            return purpose
    known = " or ".join(f"`{purpose}`" for purpose in SERVED)
    raise InvalidRequest(f"Upload something with the purpose {known}.", details={"field": "purpose"})


def looks_like_a_picture(data: bytes) -> bool:
    """Whether it begins as JPEG, PNG or WebP does; what it is called, and by whom, does not count."""
    return any(data[at : at + len(head)] == head for at, head in _HEADS)


def looks_like_a_recording(data: bytes) -> bool:
    """Whether it begins as MP4, WebM or Ogg does."""
    return any(data[at : at + len(head)] == head for at, head in _RECORDINGS)


def first_state(
    purpose: MediaPurpose, *, review: Literal["before", "after"], scanned: bool, production: bool
) -> MediaState | None:
    """In which state a picture begins; None: it is not taken.

    What strangers are to see waits for a scan or a moderator, unless the operator has it looked at
    afterwards. In production somebody has to be there to look: without a scanner there are no such pictures.
    Elsewhere nobody would ever pass them, so they are shown.
    """
    if purpose not in PUBLIC or review == "after":
        return "ready"
    if scanned:
        return "processing"
    return None if production else "ready"


def may_be_seen(
    state: MediaState, *, purpose: MediaPurpose, by_owner: bool, by_staff: bool, used: bool, gone: bool
) -> bool:
    """Whether somebody may see a media who may see what it is `used` for: its post, or its owner's profile.

    Until a scan or a moderator has passed it, nobody but its owner and those who decide. Evidence is theirs
    alone; its owner keeps what has not become any. What would be `gone` without a report is gone to its
    owner, who is not to know by it that there is one.
    """
    if gone and by_owner:
        return False
    if by_staff:
        return True
    if purpose == "report":
        return by_owner and not used
    return by_owner or (used and not gone and state == "ready")


def objects_of(key: str) -> list[str]:
    """The names that the objects of a media may have: of its original, its renditions, and what was sent."""
    return [object_of(key, name) for name in (*get_args(Rendition), *AVIF.values(), "sent")]


def object_of(key: str, name: str) -> str:
    """The name of the object of this rendition."""
    return key if name == "original" else f"{key}.{name}"


def differing_bits(one: int, other: int) -> int:
    """In how many of their 64 bits two difference hashes differ, signed as the database has them or not."""
    return ((one ^ other) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def alike(one: int, other: int) -> bool:
    """Whether these are the difference hashes of what people would call the same picture."""
    return differing_bits(one, other) <= ALIKE_BITS


def tells(hash_: int) -> bool:
    """Whether a difference hash tells a picture from others.

    All that is plain, or only grows brighter or darker to one side, has the same.
    """
    return _FEWEST_EDGES <= differing_bits(hash_, 0) <= 64 - _FEWEST_EDGES


def signed(hash_: int) -> int:
    """A hash of 64 bits as the database's integers, which have a sign."""
    return hash_ - (1 << 64) if hash_ >> 63 else hash_
