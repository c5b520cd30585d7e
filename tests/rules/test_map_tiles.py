"""Where the pictures of a map come from: what an operator says, and what a page may load then."""

import pytest

from core.environment import SettingsError, load
from core.map_tiles import MapTiles

ADDRESS = "https://tiles.example.org/{z}/{x}/{y}.png"


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        (ADDRESS, "https://tiles.example.org"),
        ("http://10.0.0.7:8080/styles/a/{z}/{x}/{y}{r}.webp?key=k", "http://10.0.0.7:8080"),
        ("/tiles/{z}/{x}/{y}.png", ""),
    ],
)
def test_an_address_of_tiles(address: str, origin: str) -> None:
    """Elsewhere, or on the page's own server."""
    tiles = MapTiles.of(address, "")
    assert tiles == MapTiles(address, "", "")
    assert tiles.origin == origin


@pytest.mark.parametrize(
    "address",
    [
        "https://tiles.example.org/",
        "https://tiles.example.org/{z}/{x}.png",
        "https://{s}.tiles.example.org/{z}/{x}/{y}.png",
        "https://tiles.example.org/{z}/{x}/{y}/{key}.png",
        "https://*/{z}/{x}/{y}.png",
        "https://tiles.example.org;script-src */{z}/{x}/{y}.png",
        "ftp://tiles.example.org/{z}/{x}/{y}.png",
        "javascript:{z}{x}{y}",
        "//tiles.example.org/{z}/{x}/{y}.png",
    ],
)
def test_what_is_none_is_told_at_the_start(address: str) -> None:
    """It would stand in the page's policy, and a map would stay empty without a word."""
    with pytest.raises(SettingsError, match="MAP_TILES") as told:
        load({"MAP_TILES": address})
    assert len(str(told.value).splitlines()) == 1


def test_without_any_a_map_has_none() -> None:
    assert MapTiles.of("", "© Somebody") is None


@pytest.mark.parametrize(
    ("credit", "said", "link"),
    [
        ("", "", ""),
        ("© Somebody", "© Somebody", ""),
        ("© Somebody and others https://example.org/who", "© Somebody and others", "https://example.org/who"),
        ("https://example.org", "", "https://example.org"),
    ],
)
def test_whose_they_are(credit: str, said: str, link: str) -> None:
    """And where that leads."""
    tiles = MapTiles.of(ADDRESS, credit)
    assert tiles is not None
    assert (tiles.credit, tiles.link) == (said, link)
