"""Metrics of sockets for Prometheus: read off the server when it asks, so that an event costs an addition.

A look at who reads slowly goes through all sockets, a tenth of a microsecond each.
"""

from collections.abc import Collection, Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from .server import SocketServer
from .websocket import WebSocket

OTHER = "other"


class SocketMetrics(Collector):
    """Of one server. `events` are the names that an event may have; what another version says is `other`."""

    def __init__(self, server: SocketServer, events: Collection[str]) -> None:
        self._server, self._events = server, sorted(events)

    def collect(self) -> Iterator[Metric]:
        """All of them, each from the start."""
        engine = self._server.eio
        yield from self._slow()
        opened = CounterMetricFamily("realtime_sockets_opened", "Sockets that clients have opened.")
        opened.add_metric([], engine.opened)
        yield opened
        yield _counted(
            "realtime_sockets_ended",
            "Sockets that have ended; `slow consumer`: it did not read.",
            "reason",
            engine.ended,
        )
        yield _counted(
            "realtime_socket_requests_refused",
            "Requests to open or to serve a socket that were refused with a status of HTTP.",
            "reason",
            engine.refused,
        )
        emitted = dict.fromkeys(self._events, 0) | {OTHER: 0}
        for event, count in self._server.emitted.items():
            emitted[event if event in emitted else OTHER] += count
        yield _counted("realtime_events", "Events sent to sockets, one for each socket.", "event", emitted)

    def _slow(self) -> Iterator[Metric]:
        """Sockets by what carries them, and what waits for those that do not read."""
        carried = {"websocket": 0, "polling": 0}
        frames = size = slow = 0
        dropped = self._server.eio.dropped_volatile
        for session in self._server.eio.sockets.values():
            carried["websocket" if isinstance(session.carrier, WebSocket) else "polling"] += 1
            if (backlog := session.backlog) is not None and not session.closed:
                frames, size, dropped = frames + len(backlog), size + backlog.size, dropped + backlog.dropped
                slow += bool(backlog)
        sockets = GaugeMetricFamily("realtime_sockets", "Sockets that are open.", labels=["transport"])
        for transport, count in carried.items():
            sockets.add_metric([transport], count)
        yield sockets
        for name, about, value in (
            ("realtime_backlog_sockets", "Sockets for which something waits, as they do not read.", slow),
            ("realtime_backlog_messages", "Messages that wait for sockets to read.", frames),
            ("realtime_backlog_bytes", "Bytes that wait for sockets to read.", size),
        ):
            yield GaugeMetricFamily(name, about, value=value)
        about = "Volatile events that were dropped, as a socket did not read."
        yield CounterMetricFamily("realtime_volatile_dropped", about, value=dropped)


def _counted(name: str, about: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, about, labels=[label])
    for word, count in counts.items():
        family.add_metric([word], count)
    return family
