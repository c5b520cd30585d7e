"""Real PostgreSQL and real Redis as child processes, for people who have neither and want to begin now.

One server process owns a data folder at a time. Its children run in sessions of their own, so that Ctrl-C in
a terminal reaches only the server, which drains and then stops them. If the server is killed, a watchdog
process stops them.
"""

from db.embedded.errors import EmbeddedError
from db.embedded.servers import EmbeddedServers, Urls

__all__ = ["EmbeddedError", "EmbeddedServers", "Urls"]
