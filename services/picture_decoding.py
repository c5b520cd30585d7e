"""What a stranger's picture becomes: its pixels, upright, and nothing else. A program of its own.

Decoders are written in C and are fed by strangers, so each picture is decoded in a process of its own, which
`services/pictures.py` starts as `python -I picture_decoding.py MAX_PIXELS CPU_S`. It imports nothing of
ours. It is given the bytes on its standard input, bounds its own CPU and memory, and answers with a line of
JSON and the new JPEG; or with a line that says why it is refused.
"""

import json
import resource
import sys
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

# The longest side that is kept.
SIDE = 2560
_QUALITY = 88
_OWN_MEMORY = 256 * 1024 * 1024
_BYTES_A_PIXEL = 12  # decoded, and once more within a decoder
_FORMATS = ("JPEG", "PNG", "WEBP")
_HASHED = (9, 8)


class Refused(Exception):  # it says what is wrong with the picture
    """Why a picture is not taken, in a sentence for its owner."""


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


def decoded(data: bytes, max_pixels: int) -> tuple[Mapping[str, Any], bytes]:
    """The picture as it is kept, and its width, height and difference hash. Raises `Refused`."""
    try:
        image = _upright(_opened(data, max_pixels))
    except Refused:
        raise
    except MemoryError:
        raise Refused("The picture is too large.") from None
    except Exception as error:  # decoders raise whatever they like
        raise Refused("The picture cannot be read: it is damaged, or none.") from error
    out = BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    about = {"width": image.width, "height": image.height, "hash": difference_hash(image)}
    return about, out.getvalue()


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


def _upright(image: Image.Image) -> Image.Image:
    """The pixels alone, small enough, turned as the camera was held, on white where nothing is."""
    image.draft("RGB", (SIDE, SIDE))  # a large JPEG is decoded at a fraction of its size
    image.load()
    image.thumbnail((SIDE, SIDE))
    image = ImageOps.exif_transpose(image)
    clean = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        clean.paste(image, mask=image)
    else:
        clean.paste(image.convert("RGB"))
    return clean


def main() -> None:
    """Decode what comes on standard input."""
    max_pixels, cpu_s = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))  # the signal for the first says why
    memory = _OWN_MEMORY + _BYTES_A_PIXEL * max_pixels
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        about, kept = decoded(sys.stdin.buffer.read(), max_pixels)
    except Refused as refusal:
        about, kept = {"refused": str(refusal)}, b""
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n" + kept)


if __name__ == "__main__":
    main()
