"""What Prometheus is told of chat, and of what was stored and could not be announced at once."""

from collections.abc import Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from services.announcer import Announcer
from services.chat import Chat


class ChatMetrics(Collector):
    """Reads what they have counted. `announcers` by what they announce."""

    def __init__(self, chat: Chat, announcers: Mapping[str, Announcer]) -> None:
        self._chat, self._announcers = chat, announcers

    def collect(self) -> Iterator[Metric]:
        """All of them, each from the start."""
        for name, about, count in (
            (
                "realtime_chat_messages",
                "Messages stored, each once however often it is sent.",
                self._chat.sent,
            ),
            (
                "realtime_chat_receipts",
                "Times that somebody said how far they have read.",
                self._chat.receipts,
            ),
        ):
            family = CounterMetricFamily(name, about)
            family.add_metric([], count)
            yield family
        late = CounterMetricFamily(
            "realtime_announced_late",
            "Stored things that this node found left to be announced, as after an outage; others do too.",
            labels=["what"],
        )
        for what, announcer in self._announcers.items():
            late.add_metric([what], announcer.late)
        yield late
