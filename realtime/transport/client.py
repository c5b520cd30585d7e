"""What one Socket.IO client sends, in order: its packets are decoded, checked and given to handlers.

A CONNECT, a DISCONNECT, an answer whose callback suspends and the end of the session hold back what
comes after them; events run as they come, or one after the other with `async_handlers=False`. Anything
that is not Socket.IO ends the session.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from functools import partial
from types import CoroutineType
from typing import Any

from socketio import exceptions

from core.later import Later, Waits

from . import handlers, packets, reasons
from .eager_tasks import PENDING
from .namespaces import Namespaces
from .packets import Packet, PacketError, Partial
from .rooms import Held, Member
from .session import Session

Delayed = partial[None]


class SocketClient:
    """The receiver of one session: a member in each namespace that it has joined."""

    __slots__ = ("_busy", "_held", "_members", "_partial", "_server", "session")

    def __init__(self, server: Namespaces, session: Session) -> None:
        self._server = server
        self.session = session
        self._members: dict[str, Member] = {}
        self._partial: Partial | None = None
        self._held: deque[Delayed] | None = None
        self._busy = False

    # What the session brings.

    def text(self, data: bytearray) -> None:
        """A packet, or the head of one with attachments."""
        if self._busy:
            return self._hold_back(partial(self.text, data))
        if self._partial is not None:
            return self.session.fail("text while attachments are due")
        try:
            packet = packets.decode(data, self._server.limits.max_depth, self._server.read_event)
        except PacketError as error:
            return self.session.fail(str(error))
        return self._event(packet) if packet[0] == packets.EVENT else self._other(packet)

    def binary(self, data: bytes) -> None:
        """An attachment."""
        if self._busy:
            return self._hold_back(partial(self.binary, data))
        awaited = self._partial
        if awaited is None:
            return self.session.fail("attachment without a packet")
        try:
            awaited.add(data)
            if not awaited.complete:
                return None
            packet = awaited.whole()
        except PacketError as error:
            return self.session.fail(str(error))
        self._partial = None
        return self._event(packet) if packet[0] == packets.EVENT else self._answer(packet)

    def closed(self, reason: str) -> None:
        """The session has ended: run the disconnect handlers, then forget it."""
        self._partial = None
        self._server.expect_nothing(self.session)
        if self._busy:
            self._held = deque((partial(self._leave_all, reason),))
        else:
            self._leave_all(reason)

    def _other(self, packet: Packet) -> None:
        kind, namespace, _, payload, _ = packet
        if kind == packets.CONNECT:
            return self._hold(self._join(namespace, payload))
        member = self._members.get(namespace)
        if member is None:
            return self._not_joined()
        if kind == packets.DISCONNECT:
            return self._hold(self.leave(member, reasons.CLIENT_DISCONNECT))
        if kind == packets.ACK:
            return self._answer(packet)
        return self._await_attachments(packet)

    def _await_attachments(self, packet: Packet) -> None:
        limits = self._server.limits
        try:
            self._partial = Partial(packet, limits.max_attachments, self._server.eio.max_http_buffer_size)
        except PacketError as error:
            return self.session.fail(str(error))
        if self._partial.complete:  # a binary packet without attachments
            whole, self._partial = self._partial.whole(), None
            return self._event(whole) if whole[0] == packets.EVENT else self._answer(whole)
        return None

    def _not_joined(self) -> None:
        # A packet may cross our DISCONNECT on its way. One before any CONNECT is a violation.
        if not self._members:
            self.session.fail("packet before CONNECT")

    # Events.

    def _event(self, packet: Packet) -> None:
        _, namespace, ack_id, values, _ = packet
        member = self._members.get(namespace)
        if member is None or not member.connected or member.leaving:
            return self._not_joined()
        server = self._server
        found = handlers.find(values[0], namespace, server.handlers, server.namespace_handlers)
        if found is None:
            return None
        handler, before = found
        if before:
            values[:1] = (*before, member.sid)
        else:
            values[0] = member.sid
        try:
            value = handler(*values)
            if type(value) is CoroutineType:
                value = server.eio.eager_tasks.run(value, self._event_done, member, ack_id)
            elif type(value) is Waits:
                value = server.eio.eager_tasks.begin(value.coroutine, self._event_done, member, ack_id)
            elif isinstance(value, Later):  # which needs no task
                self._event_runs()
                value.then(self._answered, member, ack_id)
                return None
        except (Exception, asyncio.CancelledError) as error:
            return server.failed("event handler", error)
        if value is PENDING:
            return self._event_runs()
        return self._acknowledge(member, ack_id, value) if ack_id else None

    def _event_runs(self) -> None:
        session = self.session
        session.answering += 1
        if not self._server.async_handlers:
            self._busy = True
        elif session.answering >= self._server.limits.max_running:
            session.pause_reading()

    def _event_done(self, value: Any, error: BaseException | None, member: Member, ack_id: bytes) -> None:
        if error is not None:
            self._server.failed("event handler", error)
        elif ack_id:
            self._acknowledge(member, ack_id, value)
        session = self.session
        session.answering -= 1
        if not self._server.async_handlers:
            self._go_on()
        elif session.answering <= self._server.limits.max_running // 2 and not self._busy:
            session.resume_reading()

    def _answered(self, value: Any, member: Member, ack_id: bytes) -> None:
        error = value if isinstance(value, BaseException) else None
        self._event_done(value, error, member, ack_id)

    def _acknowledge(self, member: Member, ack_id: bytes, value: Any) -> None:
        values = list(value) if isinstance(value, tuple) else [] if value is None else [value]
        try:
            frame = packets.array_frame(member.space.ack_head, ack_id, values)
        except (TypeError, ValueError) as error:
            return self._server.failed("answer of an event handler", error)
        write = member.sink.write
        return write(frame) if write is not None else member.sink.send(frame)

    def _answer(self, packet: Packet) -> None:
        _, namespace, ack_id, values, _ = packet
        member = self._members.get(namespace)
        if member is None:
            return self._not_joined()
        callback = self._server.manager.take_callback(member.sid, int(ack_id))
        if callback is None:
            return None
        try:
            value = callback(*values)
        except Exception as error:
            return self._server.failed("callback", error)
        return self._hold(value) if asyncio.iscoroutine(value) else None

    # Holding back.

    def _hold(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run this while the packets that follow wait for it."""
        try:
            value = self._server.eio.eager_tasks.run(coroutine, self._hold_done)
        except (Exception, asyncio.CancelledError) as error:
            return self._server.failed("callback", error)
        if value is PENDING:
            self._busy = True
        return None

    def _hold_done(self, _value: Any, error: BaseException | None) -> None:
        if error is not None:
            self._server.failed("callback", error)
        self._go_on()

    def _hold_back(self, later: Delayed) -> None:
        if self._held is None:
            self._held = deque()
        self._held.append(later)
        if len(self._held) >= self._server.limits.max_held:
            self.session.pause_reading()

    def _go_on(self) -> None:
        self._busy = False
        held = self._held
        while held and not self._busy:
            held.popleft()()
        if not held:
            self._held = None
            self.session.resume_reading()

    # Coming and going.

    async def _join(self, namespace: str, auth: dict[str, Any] | None) -> None:
        refusal = self._unwelcome(namespace)
        held = Held(self._server.limits.output.max_bytes)
        member = None if refusal else self._server.manager.add(self.session.sid, namespace, held)
        if member is None:
            return self._refuse(namespace, {"message": refusal or "Already connected"})
        self._members[namespace] = member
        if self._server.always_connect:
            self._admit(member, held)
        try:
            refused = await self._ask(member, auth)
        except BaseException:
            self._forget(member)
            raise
        if refused is None:
            return None if member.connected else self._admit(member, held)
        self._forget(member)
        if not member.connected:
            return self._refuse(namespace, refused)
        return self._turn_away(packets.control_frame(packets.DISCONNECT, namespace))

    def _unwelcome(self, namespace: str) -> str | None:
        server = self._server
        if not handlers.accepts_namespace(
            namespace, server.namespaces, server.handlers, server.namespace_handlers
        ):
            return "Invalid namespace"
        return "Too many namespaces" if len(self._members) >= server.limits.max_namespaces else None

    async def _ask(self, member: Member, auth: dict[str, Any] | None) -> Any:
        """Run the connect handler. Gives what it refuses the client with; None: it lets the client in."""
        try:
            verdict = await self._server.call_connect(member, self.session, auth)
        except exceptions.ConnectionRefusedError as refused:
            return refused.error_args
        except ConnectionRefusedError:
            return {"message": "Connection refused by server"}
        except Exception as error:
            self._server.failed("connect handler", error)
            verdict = False
        return exceptions.ConnectionRefusedError().error_args if verdict is False else None

    def _admit(self, member: Member, held: Held) -> None:
        answer = {"sid": member.sid, **(member.answer or {})}
        self.session.send(packets.control_frame(packets.CONNECT, member.space.namespace, answer))
        held.release(self.session)
        self._server.manager.admit(member, self.session)
        self._server.expect_nothing(self.session)

    def _refuse(self, namespace: str, reason: Any) -> None:
        self._turn_away(packets.control_frame(packets.CONNECT_ERROR, namespace, reason))

    def _turn_away(self, words: bytes) -> None:
        self.session.send(words)
        if not self._members:
            self._server.expect_going(self.session)

    def _forget(self, member: Member) -> None:
        self._server.manager.remove(member)
        self._left(member)

    def alone(self, member: Member) -> bool:
        """The client is in no other namespace."""
        return list(self._members.values()) == [member]

    async def leave(self, member: Member, reason: str) -> None:
        """Run a member's disconnect handler, once, and forget it."""
        if member.leaving:
            return
        self._server.manager.silence(member)
        try:
            await self._server.call_handler("disconnect", member, reason)
        except Exception as error:
            self._server.failed("disconnect handler", error)
        finally:
            self._forget(member)

    def _left(self, member: Member) -> None:
        """A member was removed from the tables."""
        self._members.pop(member.space.namespace, None)
        if self._members:
            return
        if self.session.closed:
            self._server.eio.forget(self.session)
        else:
            self._server.expect_connect(self.session)

    def _leave_all(self, reason: str) -> None:
        if not self._members:
            return self._server.eio.forget(self.session)
        return self._hold(self._leave_each(reason))

    async def _leave_each(self, reason: str) -> None:
        for member in list(self._members.values()):
            await self.leave(member, reason)
