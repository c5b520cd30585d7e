"""How much is said in a push: as much as its service takes."""

from collections.abc import Callable


def fitting(say: Callable[[str], bytes], body: str, most: int) -> bytes:
    """What is said with this body, which is shortened until all of it has `most` bytes. Pure."""
    while len(said := say(body)) > most and body:
        body = f"{body[: len(body) // 2]}…" if len(body) > 1 else ""
    return said
