"""Matching: the pure policy, the stores of tickets, the matchmaker."""
