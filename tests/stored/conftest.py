"""Both stores of tickets and a node on real servers, for what another version has written."""

from tests.calls.conftest import node
from tests.matching.conftest import store

__all__ = ["node", "store"]
