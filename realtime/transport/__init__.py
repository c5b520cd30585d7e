"""The socket path: Engine.IO and Socket.IO servers under python-socketio's API, at a fraction of its cost.

`make_server` is what an application calls: it tries the servers of this package out and falls back to
stock python-socketio where a private name that they lean on is gone.
"""

from .engine import EngineServer
from .limits import Limits, OutputPolicy
from .selftest import Chosen, find_fault, make_server
from .server import SocketServer

__all__ = ["Chosen", "EngineServer", "Limits", "OutputPolicy", "SocketServer", "find_fault", "make_server"]
