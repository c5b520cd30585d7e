"""To each device by the service of those who made it."""

from db.postgres.devices import Target
from outside.apns_words import rings_itself
from services.ports import Push, Pushed


class Pushes:
    """Implements `services.ports.Push`. None: those are not reached, and keep their place until they are."""

    def __init__(
        self, *, web: Push | None = None, phones: Push | None = None, apple: Push | None = None
    ) -> None:
        """`apple`: of iPhones those whose token is Apple's, and all that ring by themselves."""
        self._web, self._phones, self._apple = web, phones, apple

    async def send(self, device: Target, pushed: Pushed) -> None:
        """It was taken, if there is a service for it. Raises as those do."""
        by = self._by(device, pushed)
        if by is not None:
            await by.send(device, pushed)

    def _by(self, device: Target, pushed: Pushed) -> Push | None:
        if device.platform == "web":
            return self._web
        if self._apple is not None and rings_itself(device, pushed):
            return self._apple
        if device.voip_token is not None and device.token is None:
            return None  # it rings, and shows nothing
        return self._apple if device.platform == "ios" and device.service == "apns" else self._phones
