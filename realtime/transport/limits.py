"""How much one client may ask of the server, and what happens to one that does not read.

Pure values, passed to the server. The protocol itself prescribes none of them.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OutputPolicy:
    """What the server holds for a client that cannot be written to at once.

    Volatile frames are dropped first. If that is not enough, the connection ends with the reason `slow
    consumer`, without a Socket.IO DISCONNECT, so that an official client comes back. Where
    `max_bytes_together` wait for all who are slow, each may have an equal share of that and no more: so those
    who read least go first.
    """

    max_bytes: int = 512 * 1024
    max_messages: int = 4096
    max_bytes_together: int = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one client sends, beside `max_http_buffer_size` (the setting `max_packet_bytes`).

    That one bounds each packet, and each body over long-polling, in bytes; text and attachments of one binary
    packet are summed against it. A client with more than `max_running` handlers under way, or `max_held`
    packets behind a connect handler, is not read from until half of them are done.
    """

    max_attachments: int = 16
    max_depth: int = 64
    max_namespaces: int = 16
    max_packets_per_post: int = 1000
    max_running: int = 256
    max_held: int = 256
    max_unanswered: int = 1000
    output: OutputPolicy = field(default_factory=OutputPolicy)
