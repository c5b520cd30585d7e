"""Distances on the earth, and boxes that hold what is near: also at the poles and at the date line."""

from math import acos, asin, atan2, cos, degrees, isclose, pi, radians, sin
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.geography import FARTHEST_M, RADIUS_M, Position, boxes, distance_m, first_look_m, next_look_m

latitudes = st.floats(-90, 90) | st.sampled_from((-90.0, -89.9999, 0.0, 89.9999, 90.0))
longitudes = st.floats(-180, 180) | st.sampled_from((-180.0, -179.9999, 0.0, 179.9999, 180.0))
positions = st.builds(Position, latitudes, longitudes)
lengths = st.floats(1, FARTHEST_M) | st.sampled_from((10.0, 1000.0, 50_000.0))


def towards(begin: Position, bearing: float, length_m: float) -> Position:
    """Where one comes to."""
    angle, lat, lon = length_m / RADIUS_M, radians(begin.lat), radians(begin.lon)
    to_lat = asin(max(-1.0, min(1.0, sin(lat) * cos(angle) + cos(lat) * sin(angle) * cos(bearing))))
    to_lon = lon + atan2(sin(bearing) * sin(angle) * cos(lat), cos(angle) - sin(lat) * sin(to_lat))
    turned = (degrees(to_lon) + 540) % 360 - 180
    return Position(degrees(to_lat), max(-180.0, min(180.0, turned)))


def by_vectors(one: Position, other: Position) -> float:
    """The same through the middle of the earth, which is exact enough where it is not near."""
    a, b, c, d = map(radians, (one.lat, one.lon, other.lat, other.lon))
    return RADIUS_M * acos(max(-1.0, min(1.0, sin(a) * sin(c) + cos(a) * cos(c) * cos(b - d))))


@given(positions, positions)
def test_a_distance_is_that_through_the_middle_of_the_earth(one: Position, other: Position) -> None:
    assert isclose(distance_m(one, other), by_vectors(one, other), rel_tol=1e-6, abs_tol=1.0)
    assert distance_m(one, other) == distance_m(other, one) <= FARTHEST_M


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        (Position(51.5074, -0.1278), Position(48.8566, 2.3522), 343_557),  # London, Paris
        (Position(0, 179.999), Position(0, -179.999), 222),
        (Position(90, 0), Position(90, 135), 0),
        (Position(0, 0), Position(0, 180), 20_015_114),
    ],
)
def test_distances_that_are_known(one: Position, other: Position, metres: int) -> None:
    assert round(distance_m(one, other)) == metres


@given(positions, lengths, st.floats(0, 2 * pi), st.floats(0, 1))
@example(Position(89.9999, 0), 50_000.0, 0.0, 1.0)
@example(Position(0, 179.9999), 1000.0, pi / 2, 1.0)
@example(Position(60, 179.0), 200_000.0, pi / 3, 1.0)
def test_boxes_hold_all_that_is_near(around: Position, radius: float, bearing: float, part: float) -> None:
    """Whatever lies within the radius, also on its border."""
    place = towards(around, bearing, radius * part)
    if distance_m(around, place) <= radius:
        assert any(box.holds(place) for box in boxes(around, radius)), boxes(around, radius)


@given(positions, positions, lengths)
def test_boxes_hold_anything_near(around: Position, place: Position, radius: float) -> None:
    if distance_m(around, place) <= radius:
        assert any(box.holds(place) for box in boxes(around, radius))


@pytest.mark.parametrize("around", [Position(51.5, 0.1), Position(-33.9, 151.2), Position(0, 179.999)])
def test_boxes_hold_little_else(around: Position) -> None:
    """Those of two kilometres are about four by four."""
    height, width = (4000 / 111_195, 4000 / (111_195 * cos(radians(around.lat))))
    found = [box for box in boxes(around, 2000) if box.west <= 180]
    assert isclose(sum(box.east - box.west for box in found), width, rel_tol=0.001)
    assert all(isclose(box.north - box.south, height, rel_tol=0.001) for box in found)


@given(st.floats(0, 1e6), st.floats(1, FARTHEST_M), st.lists(st.integers(0, 100), min_size=40, max_size=40))
def test_looking_comes_to_the_limit(known: float, limit: float, found: Any) -> None:
    """However little there is: in fewer than 40 looks, each wider than the one before."""
    looked = first_look_m(known, limit)
    for number in found:
        wider = next_look_m(looked, number, 51, limit)
        assert looked < wider <= limit or looked == wider == limit
        looked = wider
    assert looked == limit
