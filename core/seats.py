"""How many may be in at once: in all, and of one client. Pure counting; whoever takes a seat leaves it."""


class Seats:
    """So many in all, and so many of each client. A client is any name; None is counted in all alone."""

    def __init__(self, most: int, most_each: int) -> None:
        self.most, self.most_each = most, most_each
        self._taken = 0
        self._of: dict[str, int] = {}

    @property
    def taken(self) -> int:
        """How many are in."""
        return self._taken

    def take(self, client: str | None) -> "Seat | None":
        """A seat for this client, or None: there is none left, or none for them."""
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
    """One that is taken."""

    __slots__ = ("_client", "_seats")

    def __init__(self, seats: Seats, client: str | None) -> None:
        self._seats: Seats | None = seats
        self._client = client

    def move(self, client: str | None) -> bool:
        """Count for another client from now on. False: there is none for them, and nothing has changed."""
        seats = self._seats
        if seats is None or client == self._client:
            return True
        if not seats._count(client):
            return False
        seats._uncount(self._client)
        self._client = client
        return True

    def leave(self) -> None:
        """Give it back; again it does nothing."""
        seats, self._seats = self._seats, None
        if seats is not None:
            seats._uncount(self._client)
            seats._taken -= 1
