"""The socket path: Engine.IO and Socket.IO servers under python-socketio's API, at a fraction of its cost.

An application calls `make_server`: it tests the servers of this package, and falls back to stock
python-socketio if a private name that they need is gone.
"""

from .engine import EngineServer
from .limits import Limits, OutputPolicy
from .selftest import Chosen, find_fault, make_server
from .server import SocketServer

__all__ = ["Chosen", "EngineServer", "Limits", "OutputPolicy", "SocketServer", "find_fault", "make_server"]
