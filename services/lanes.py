"""Lanes: what is told in one has numbers, and is told in their order and once (`core/numbered_event.py`).

What is said in a room has the room's own lane.
"""


def receipts(room_id: str, reader: str) -> str:
    """How far somebody has read: any greater number may follow, as an older receipt says nothing new."""
    return f"{room_id}.{reader[-12:]}"


def end(connection_id: str) -> str:
    """That the connection has ended, of which there is nothing but number 1."""
    return f"{connection_id}:end"


def friends(id_: str) -> str:
    """A request (1), and that it is closed (2); or that two are friends (1), and are no longer (2)."""
    return f"{id_}:friends"
