"""Servers that nobody asks any more, and that may still have to answer."""

from collections.abc import Iterator

from db.redis.multiplexed.node import Node


class Leaving:
    """Each is left when it has answered, or what was asked has expired: then its connection is closed."""

    def __init__(self) -> None:
        self._nodes: set[Node] = set()

    def __iter__(self) -> Iterator[Node]:
        """Those that are not left yet."""
        return iter(self._nodes)

    def add(self, node: Node) -> None:
        """Nobody asks it from now on."""
        self._nodes.add(node)

    def look(self, tick: int) -> bool:
        """Ends what has expired. Whether any is still to be left."""
        waiting = {node for node in self._nodes if node.look(tick)}
        for node in self._nodes - waiting:
            if not node.is_opening:
                self._nodes.remove(node)
                node.hang_up()
        return bool(self._nodes)
