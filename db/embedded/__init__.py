"""Real PostgreSQL and real Redis as child processes, for whoever has neither and wants to begin now.

One server owns a data folder at a time. Its children live in sessions of their own, so that Ctrl-C in a
terminal reaches the server alone, which drains and then stops them; a guardian stops them when it was killed.
"""

from db.embedded.errors import EmbeddedError
from db.embedded.servers import EmbeddedServers, Urls

__all__ = ["EmbeddedError", "EmbeddedServers", "Urls"]
