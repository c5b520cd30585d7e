"""What the rules need of the outside, as interfaces. The composition roots choose what stands behind them."""

from typing import Protocol

from core.contract.base import Event


class Events(Protocol):
    """The one road by which events reach users."""

    async def send(
        self,
        user_id: str,
        event: Event,
        *,
        device: str | None = None,
        not_device: str | None = None,
        key: str | None = None,
    ) -> None:
        """To all devices of the user, to one, or to all but one.

        Durable events are stored first. The same `key` again (within minutes) has no effect.
        Raises `Unavailable` when Redis cannot be reached.
        """
