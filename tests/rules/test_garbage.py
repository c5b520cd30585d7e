"""What a server's collector looks at in one piece."""

import gc
from collections.abc import Iterator

import pytest

from core.garbage import collect_little

_MADE = 50_000
_FEW = 7_000


@pytest.fixture
def as_a_server() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.collect()
    collect_little()
    yield
    gc.set_threshold(*usual)


def test_a_collection_looks_at_few_objects_however_many_live(as_a_server: None) -> None:
    """Whoever is served waits for it: what was looked at twice is left alone for long."""
    seen: list[int] = []

    def noted(phase: str, about: dict[str, int]) -> None:
        if phase == "start":
            young = range(about["generation"] + 1)
            seen.append(sum(len(gc.get_objects(generation=each)) for each in young))

    gc.callbacks.append(noted)
    try:
        alive = [[number] for number in range(_MADE)]
    finally:
        gc.callbacks.remove(noted)
    assert len(alive) == _MADE
    assert len(seen) > 10, "what lives was never looked at"
    assert max(seen) <= _FEW
