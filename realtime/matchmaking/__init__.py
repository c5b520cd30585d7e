"""Matching people who wait: a pure policy decides, the matchmaker carries it out, Redis owns the tickets."""
