"""`python -m bench.media`: what it costs to take a photo of a telephone, in the process in which it is read,
and to make it AVIF in another one afterwards.

CPU of that process, from its start to its end. Prints Markdown. Ends by itself.
"""

import argparse
import asyncio
import resource
from collections.abc import Sequence
from io import BytesIO
from statistics import median

from PIL import Image

from core.settings import Settings
from services.decoders import Decoders
from services.media_rules import SIZES

_PIXELS = {"64 by 48 pixels: what the process itself costs": (64, 48), "12 megapixels": (4000, 3000)}
_LATER = ", as AVIF later"
_QUALITY = 92


def photo(width: int, height: int) -> bytes:
    """A JPEG with edges and grain, as a telephone's: neither flat nor noise alone."""
    grain = Image.effect_noise((width, height), 24)
    waves = Image.linear_gradient("L").resize((width // 8 or 1, height // 8 or 1)).resize((width, height))
    mandelbrot = Image.effect_mandelbrot((width // 2, height // 2), (-3, -2.5, 2, 2.5), 40)
    shapes = mandelbrot.resize((width, height))
    made = BytesIO()
    Image.merge("RGB", [Image.blend(grain, shapes, 0.6), Image.blend(grain, waves, 0.7), shapes]).save(
        made, "JPEG", quality=_QUALITY
    )
    return made.getvalue()


def _spent_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


async def costs_s(decoders: Decoders, data: bytes) -> tuple[float, float]:
    """Seconds of CPU of all that is started: to take one, and to make it AVIF afterwards."""
    sizes, begun = tuple(SIZES.values()), _spent_s()
    taken = await decoders.picture(data, "somebody", sizes=sizes)
    between = _spent_s()
    await decoders.avif(taken.original, "somebody", sizes=sizes)
    return between - begun, _spent_s() - between


async def measured(times: int) -> dict[str, tuple[int, list[float]]]:
    """Bytes of each picture, and what it has cost each time, in turns."""
    decoders = Decoders.of(Settings())
    pictures = {name: photo(*size) for name, size in _PIXELS.items()}
    found = {
        what: (len(data), list[float]()) for name, data in pictures.items() for what in (name, name + _LATER)
    }
    for _ in range(times):
        for name, data in pictures.items():
            for what, cost in zip((name, name + _LATER), await costs_s(decoders, data), strict=True):
                found[what][1].append(cost)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.media", description=__doc__)
    parser.add_argument("--times", type=int, default=9, help="how often each is taken")
    found = asyncio.run(measured(parser.parse_args(arguments).times))
    print("| picture | KB | s of CPU: least, median, most | a second a core |\n| --- | --- | --- | --- |")
    for name, (size, costs) in found.items():
        middle = median(costs)
        figures = f"{min(costs):.2f}, {middle:.2f}, {max(costs):.2f}"
        print(f"| {name} | {size // 1024} | {figures} | {1 / middle:.1f} |")


if __name__ == "__main__":
    main()
