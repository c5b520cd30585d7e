"""How loud a voice message is, part by part."""

import pytest

from services.decoding.waveforms import PARTS, drawn


@pytest.mark.parametrize(
    ("peaks", "told"),
    [
        ([], None),
        ([0], [0]),
        ([128, 32_767, 32_768], [1, 255, 255]),
        ([0] * 127 + [32_768], [0] * 63 + [255]),
    ],
    ids=["nothing", "silence", "short", "two pieces a part"],
)
def test_each_part_is_as_loud_as_its_loudest_piece(peaks: list[int], told: list[int] | None) -> None:
    assert drawn(peaks) == told


@pytest.mark.parametrize("pieces", [1, PARTS - 1, PARTS, PARTS + 1, 1000])
def test_there_are_never_more_parts_than_are_drawn(pieces: int) -> None:
    """And none is lost."""
    told = drawn([*[0] * (pieces - 1), 256])
    assert told is not None
    assert (len(told), told[-1]) == (min(pieces, PARTS), 2)
