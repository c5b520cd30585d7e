"""Where things are on the earth, taken as a sphere. Pure. Angles in degrees, lengths in metres.

PostgreSQL has the same distance as `places.distance_m`. It looks for what is near by boxes of longitude and
latitude, which an index knows, and then by distance.
"""

from math import asin, cos, degrees, radians, sin, sqrt

from msgspec import Struct

RADIUS_M = 6_371_008.8
# No two places are further apart.
FARTHEST_M = 20_015_115
# By which a box is larger than it has to be, so that no rounding leaves anything out: less than a millimetre.
_SLACK = 1e-8
_NEAREST_M = 500.0


class Position(Struct, frozen=True):
    """A point on the earth."""

    lat: float
    lon: float


class Box(Struct, frozen=True):
    """What lies between two longitudes and two latitudes; `west` is never greater than `east`."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, place: Position) -> bool:
        """Whether it lies inside, or on the border."""
        return self.west <= place.lon <= self.east and self.south <= place.lat <= self.north


# Nothing is there.
NOWHERE = Box(999, 999, 999, 999)


def distance_m(one: Position, other: Position) -> float:
    """Along the surface."""
    north, east = radians(other.lat - one.lat) / 2, radians(other.lon - one.lon) / 2
    half_chord = sin(north) ** 2 + cos(radians(one.lat)) * cos(radians(other.lat)) * sin(east) ** 2
    return 2 * RADIUS_M * asin(min(1.0, sqrt(half_chord)))


def boxes(around: Position, radius_m: float) -> tuple[Box, Box]:
    """Two that hold all that is so near, and as little else as boxes can; the second for the date line."""
    angle = radius_m / RADIUS_M
    reach = degrees(angle) + _SLACK
    south, north = max(around.lat - reach, -90.0), min(around.lat + reach, 90.0)
    if south == -90.0 or north == 90.0:  # a pole is inside, and with it every longitude
        return Box(-180.0, south, 180.0, north), NOWHERE
    # The farthest to the east is not on one's own parallel, but nearer to the pole.
    across = degrees(asin(min(1.0, sin(angle) / cos(radians(around.lat))))) + _SLACK
    west, east = around.lon - across, around.lon + across
    if west <= -180.0:
        return Box(-180.0, south, east, north), Box(west + 360.0, south, 180.0, north)
    if east >= 180.0:
        return Box(west, south, 180.0, north), Box(-180.0, south, east - 360.0, north)
    return Box(west, south, east, north), NOWHERE


def first_look_m(known_m: float, limit_m: float) -> float:
    """How far to look first for what is beyond `known_m`, and not beyond `limit_m`."""
    return min(max(_NEAREST_M, known_m * 1.2), limit_m)


def next_look_m(looked_m: float, found: int, wanted: int, limit_m: float) -> float:
    """How far to look next, where so many of those that are wanted have been found so near.

    As far as the rest should be, if they lie as close everywhere; so a look costs as much near a market as
    in a desert.
    """
    wider = 4.0 if not found else min(max(1.3 * sqrt(wanted / found), 1.5), 4.0)
    return min(looked_m * wider, limit_m)
