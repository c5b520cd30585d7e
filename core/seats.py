"""Limits how many connections there are at once, in all and of each client. Pure counting."""


class Seats:
    """At most `most` in all and `most_each` of one client, which is any name; None has no own limit."""

    def __init__(self, most: int, most_each: int) -> None:
        self.most, self.most_each = most, most_each
        self._taken = 0
        self._of: dict[str, int] = {}

    @property
    def taken(self) -> int:
        """How many seats are taken."""
        return self._taken

    def take(self, client: str | None) -> "Seat | None":
        """A seat for this client; None if there is none left, or none left for them."""
        if self._taken >= self.most or not self._count(client):
            return None
        self._taken += 1
        return Seat(self, client)

    def _count(self, client: str | None) -> bool:
        if client is None:
            return True
        held = self._of.get(client, 0)
        if held >= self.most_each:
            return False
        self._of[client] = held + 1
        return True

    def _uncount(self, client: str | None) -> None:
        if client is None:
            return
        if left := self._of[client] - 1:
            self._of[client] = left
        else:
            del self._of[client]


class Seat:
    """A seat that is taken."""

    __slots__ = ("_client", "_seats")

    def __init__(self, seats: Seats, client: str | None) -> None:
        self._seats: Seats | None = seats
        self._client = client

    def move(self, client: str | None) -> bool:
        """Count it for another client from now on. False: they have too many, and nothing has changed."""
        seats = self._seats
        if seats is None or client == self._client:
            return True
        if not seats._count(client):
            return False
        seats._uncount(self._client)
        self._client = client
        return True

    def leave(self) -> None:
        """Give it back. A second time does nothing."""
        seats, self._seats = self._seats, None
        if seats is not None:
            seats._uncount(self._client)
            seats._taken -= 1
