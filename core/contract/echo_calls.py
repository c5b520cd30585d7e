"""Echo calls: a call with the server itself, which sends back what it gets."""

from core.vocabulary import Id, Mode
from core.wire.message import Command, Wire


class EchoBegun(Wire):
    """The call, of which this device hears as of any other."""

    call_id: Id


class CallEcho(Command, event="call:echo", reply=EchoBegun, limits=("joins",)):
    """Hear and see yourself: `call:offered` with `origin` `echo` follows, to this device alone."""

    mode: Mode
