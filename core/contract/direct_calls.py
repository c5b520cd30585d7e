"""Direct calls: how one rings somebody with whom one has a connection, or a session now.

The rest is as in any call.
"""

from core.vocabulary import Id, Mode
from core.wire.message import Command, Wire


class Invited(Wire):
    """It rings, or seems to. `expires_in_ms`: for how long at most."""

    call_id: Id
    expires_in_ms: int


class CallInvite(Command, event="call:invite", reply=Invited, limits=("rings", "ring_one")):
    """Ring the other of a connection, or of a virtual session with a mentor while it lasts: one of the ids.

    It is the inviter's accept. The other one hears `call:offered` with `origin` `direct` on every device.
    Whoever does not answer, is in another call, or is not to be called by this user: `call:ended` says
    `no_answer`. Where the other rings just then, it is their call: `call:offered` asks to accept it.
    """

    mode: Mode
    connection_id: Id | None = None
    mentor_session_id: Id | None = None
