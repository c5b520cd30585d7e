"""Chance that is the same for everybody with the same seed. Each thing has its own: more people are not other
people.
"""

from random import Random


def chance(seed: int, *about: object) -> Random:
    """The chance of this one thing."""
    return Random("/".join(map(str, (seed, *about))))  # noqa: S311 - it decides what a town looks like
