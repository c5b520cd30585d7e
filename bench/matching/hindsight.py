"""The best that could have been done: every permitted pair, and a maximum-weight matching with hindsight."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from bench.matching.population import DIMENSIONS, LANGUAGES
from core.ticket import Ticket
from matching.policy import Policy


class Best(Struct, frozen=True):
    """What hindsight reaches: total score, the number of pairs, and who is in one."""

    score: float
    pairs: int
    matched: frozenset[str]


class Hindsight:
    """Scores of all permitted pairs of women and men at once; `check` holds them against the policy's."""

    def __init__(self, people: Sequence[Ticket]) -> None:
        self.women = [ticket for ticket in people if ticket.card.gender == "female"]
        self.men = [ticket for ticket in people if ticket.card.gender == "male"]

    @cached_property
    def scores(self) -> NDArray[np.float32]:
        """Women by men; negative where the rules forbid the pair."""
        w, m = _Columns(self.women), _Columns(self.men)
        fit = (w.values @ m.values.T + 1) * 0.25
        fit += 0.35 * (w.intent[:, None] == m.intent)
        fit += 0.15 * (w.country[:, None] == m.country)
        fit[(w.languages[:, None] & m.languages) == 0] = -1
        fit[(m.age < w.age_min[:, None]) | (m.age > w.age_max[:, None])] = -1
        fit[(w.age[:, None] < m.age_min) | (w.age[:, None] > m.age_max)] = -1
        fit[w.suspect[:, None] != m.suspect] = -1
        return fit

    def check(self, policy: Policy, seed: int, number: int = 2_000) -> None:
        """Compare so many pairs with what the policy itself says of them. Raises AssertionError."""
        chance = np.random.default_rng(seed)
        for _ in range(number):
            i, j = int(chance.integers(len(self.women))), int(chance.integers(len(self.men)))
            one, other, told = self.women[i], self.men[j], float(self.scores[i, j])
            permitted = policy.removed(one, other, frozenset(), 0) is None
            assert permitted == (told >= 0), (one, other)
            assert not permitted or abs(policy.score(one, other, 0) - told) < 1e-5, (one, other)

    def best(self, patience_ms: Mapping[str, int]) -> Best:
        """A maximum-weight matching over the permitted pairs whose presence overlaps."""
        w, m = (np.array([t.joined_at for t in side]) for side in (self.women, self.men))
        w_ends, m_ends = (
            np.array([t.joined_at + patience_ms[t.id] for t in side]) for side in (self.women, self.men)
        )
        together = (w[:, None] < m_ends) & (m < w_ends[:, None])
        weights = np.where(together, self.scores, -1)
        np.maximum(weights, 0, out=weights)
        rows, columns = linear_sum_assignment(weights, maximize=True)
        won = weights[rows, columns]
        matched = {self.women[i].id for i in rows[won > 0]} | {self.men[j].id for j in columns[won > 0]}
        return Best(float(won.sum(dtype=np.float64)), int((won > 0).sum()), frozenset(matched))


class _Columns:
    """One side, as arrays."""

    def __init__(self, people: Sequence[Ticket]) -> None:
        # Whoever says nothing of their values is half close to everybody: as a vector of nothing is.
        self.values = np.array([list(t.values.values()) or [0.0] * DIMENSIONS for t in people], np.float32)
        self.suspect = np.array([t.tier == "suspect" for t in people])
        self.intent = np.array([t.card.intent for t in people])
        self.country = np.array([t.card.country for t in people])
        bits = {name: 1 << n for n, name in enumerate(LANGUAGES)}
        self.languages = np.array([sum(bits[name] for name in t.card.languages) for t in people])
        self.age = np.array([t.card.age for t in people])
        self.age_min = np.array([t.age_min for t in people])
        self.age_max = np.array([t.age_max for t in people])
