"""To each device by the service of those who made it."""

from db.postgres.devices import Target
from services.ports import Push, Pushed


class Pushes:
    """Implements `services.ports.Push`. None: those are not reached, and keep their place until they are."""

    def __init__(self, *, web: Push | None, phones: Push | None) -> None:
        self._web, self._phones = web, phones

    async def send(self, device: Target, pushed: Pushed) -> None:
        """It was taken, if there is a service for it. Raises `Unavailable`, `Undeliverable`."""
        by = self._web if device.platform == "web" else self._phones
        if by is not None:
            await by.send(device, pushed)
