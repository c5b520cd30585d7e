"""What a stranger's picture becomes: its pixels, upright, in the sizes that are shown, and nothing else."""

from collections.abc import Sequence
from io import BytesIO

import blurhash
from PIL import Image, ImageOps

from services.decoding.answers import Decoded, Refused

# The longest side that is kept: of evidence, and of what is shown, for which a telephone's JPEG of 12
# megapixels is decoded at half its size.
SIDE, SHOWN_SIDE = 2560, 1920
_QUALITY = 88
_SHOWN_QUALITY = 78
_EFFORT = 1  # of 6: half the CPU of 4, for hardly more bytes
_AVIF_QUALITY = 60  # looks as WebP does at 78
_AVIF_SPEED = 9  # of 10: a third of the CPU of 8, for a fifth more bytes
_FORMATS = ("JPEG", "PNG", "WEBP")
_HASHED = (9, 8)
_BLURRED = 32


def difference_hash(image: Image.Image) -> int:
    """64 bits that stay nearly the same when a picture is scaled, recoloured or compressed (dHash).

    The picture is shrunk to 9 by 8 shades of grey; from the top left on, a bit each says whether the pixel to
    the right is brighter. Two pictures are alike when few of the bits differ (`services/media_rules.py`).
    """
    grey = image.convert("L").resize(_HASHED, Image.Resampling.BOX).tobytes()
    bits = 0
    for at in range(len(grey)):
        if (at + 1) % _HASHED[0]:
            bits = bits << 1 | (grey[at] < grey[at + 1])
    return bits


def blurred(image: Image.Image) -> str:
    """What a page draws until the picture has come (blurhash), with more detail along the longer side."""
    small = image.copy()
    small.thumbnail((_BLURRED, _BLURRED), Image.Resampling.BOX)
    across, down = (4, 3) if small.width >= small.height else (3, 4)
    pixels = small.tobytes()
    points = [tuple(pixels[at : at + 3]) for at in range(0, len(pixels), 3)]
    rows = [points[at : at + small.width] for at in range(0, len(points), small.width)]
    text: str = blurhash.encode(rows, across, down)
    return text


def decoded(data: bytes, max_pixels: int, sizes: Sequence[int]) -> Decoded:
    """The picture as it is kept, and what is known of it. Raises `Refused`.

    `sizes`: the longest sides in which it is shown as well, as WebP; a smaller picture is not blown up.
    """
    try:
        image = _upright(_opened(data, max_pixels), SHOWN_SIDE if sizes else SIDE)
        return Decoded(*_kept(image, sizes))
    except Refused:
        raise
    except MemoryError:
        raise Refused("The picture is too large.") from None
    except Exception as error:  # decoders raise whatever they like
        raise Refused("The picture cannot be read: it is damaged, or none.") from error


def _kept(image: Image.Image, sizes: Sequence[int]) -> tuple[dict[str, object], dict[str, bytes]]:
    about: dict[str, object] = {"width": image.width, "height": image.height, "hash": difference_hash(image)}
    parts = {"original": _encoded(image, "JPEG", quality=_QUALITY)}
    if sizes:
        parts |= shown(image, sizes)
        about["blurhash"] = blurred(image)
    return about, parts


def poster(image: Image.Image, sizes: Sequence[int]) -> Decoded:
    """What stands for a video until it plays: no original, that is the video."""
    image.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    return Decoded({"hash": difference_hash(image), "blurhash": blurred(image)}, shown(image, sizes))


def shown(image: Image.Image, sizes: Sequence[int]) -> dict[str, bytes]:
    """The picture in these sizes, each made of the next larger one."""
    parts = {}
    for side in sorted(sizes, reverse=True):
        image.thumbnail((side, side))
        parts[f"s{side}"] = _encoded(image, "WEBP", quality=_SHOWN_QUALITY, method=_EFFORT)
    return parts


def smaller(data: bytes, max_pixels: int, sizes: Sequence[int]) -> Decoded:
    """A picture of ours in these sizes as AVIF, which is made later. Raises what Pillow does."""
    image, parts = _opened(data, max_pixels).convert("RGB"), {}
    for side in sorted(sizes, reverse=True):
        image.thumbnail((side, side))
        parts[f"a{side}"] = _encoded(image, "AVIF", quality=_AVIF_QUALITY, speed=_AVIF_SPEED, max_threads=1)
    return Decoded({}, parts)


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _opened(data: bytes, max_pixels: int) -> Image.Image:
    """What its head says is looked at before anything is decoded."""
    Image.MAX_IMAGE_PIXELS = None  # it would raise at twice as many only
    image = Image.open(BytesIO(data), formats=_FORMATS)
    if image.width * image.height > max_pixels:
        raise Refused(f"A picture may have {max_pixels} pixels.")
    # A telephone's JPEG may have a second picture behind the first, which is left out.
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise Refused("The picture moves: send one that does not.")
    return image


def _upright(image: Image.Image, side: int) -> Image.Image:
    """The pixels alone, small enough, turned as the camera was held, on white where nothing is."""
    image.draft("RGB", (side, side))  # a large JPEG is decoded at a fraction of its size
    image.load()
    image.thumbnail((side, side))
    image = ImageOps.exif_transpose(image)
    clean = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        clean.paste(image, mask=image)
    else:
        clean.paste(image.convert("RGB"))
    return clean
