"""The boundary for commands: decode, handle, acknowledge. Nothing passes unchecked or unanswered."""

from collections.abc import Mapping
from inspect import iscoroutinefunction
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from core.clock import Clock
from core.errors import AppError, Internal, InvalidRequest, Unavailable
from core.ids import new_id
from core.later import Later, follow
from core.limits import LIMITS
from core.wire.decode import decode
from core.wire.message import Command, Empty
from db.outage import OUTAGES
from realtime.gateway.binding import Handler
from realtime.gateway.caller import Caller
from services.limits import Limits

_log = structlog.get_logger()
_DONE = {"ok": True, "data": {}}  # what most are answered: nobody changes an answer


class CommandBoundary:
    """Turns what a client sent into an answer; only `begin` raises.

    `prompt` are the commands whose handlers give a future or a `Later` at once, and which wait for no count
    of their limits: they need no task.
    """

    def __init__(self, handlers: Mapping[type[Command], Handler], limits: Limits, clock: Clock) -> None:
        self._handlers, self._limits, self._clock = handlers, limits, clock
        self._counted_at_once = frozenset(kind for kind in handlers if kind.limits and _counted_at_once(kind))
        self.prompt = frozenset(
            kind
            for kind, handler in handlers.items()
            if not iscoroutinefunction(handler) and _counted_at_once(kind)
        )

    async def answer(self, caller: Caller, name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """`{"ok": true, "data"}` or `{"ok": false, "error"}`."""
        try:
            command = _command(Command.registry.get(name), name, arguments)
            if (kind := type(command)) in self._counted_at_once:
                self._limits.count_at_once(command.limits, self._clock(), account=caller.user_id)
            elif command.limits:
                await self._limits.count(command.limits, self._clock(), account=caller.user_id, network=None)
            reply = await self._handlers[kind](caller, command)
        except Exception as error:
            return failed(caller, name, error)
        return done(reply)

    def begin(self, caller: Caller, kind: type[Command], arguments: tuple[Any, ...]) -> Later[Struct | None]:
        """The reply to a `prompt` command. Raises what is wrong with it at once."""
        command = _command(kind, kind.event, arguments)
        if command.limits:
            self._limits.count_at_once(command.limits, self._clock(), account=caller.user_id)
        work: Any = self._handlers[kind](caller, command)
        return follow(work)  # which `prompt` says


def _command(kind: type[Command] | None, name: str, arguments: tuple[Any, ...]) -> Command:
    if kind is None:
        raise InvalidRequest("There is no such command.", details={"command": name[:64]})
    if len(arguments) > 1:
        raise InvalidRequest("A command takes one object.")
    payload = arguments[0] if arguments else None
    if type(payload) is kind:  # `CommandReader` has read it
        return payload
    return decode({} if payload is None else payload, kind)


def _counted_at_once(kind: type[Command]) -> bool:
    return all(LIMITS[limit].where == "shares" for limit in kind.limits)


def done(reply: Struct | None) -> dict[str, Any]:
    """The acknowledgement of a command that was carried out; one without a reply has nothing to say."""
    if reply is None or type(reply) is Empty:
        return _DONE
    return {"ok": True, "data": msgspec.to_builtins(reply)}


def failed(caller: Caller, name: str, error: BaseException) -> dict[str, Any]:
    """The acknowledgement of a command that raised this."""
    if isinstance(error, AppError):
        return refused(error)
    if isinstance(error, OUTAGES):
        _log.debug("a command found no store", command=name, error=repr(error))
        return refused(Unavailable())
    reference = new_id()
    _log.error("a command failed", command=name, user_id=caller.user_id, reference=reference, exc_info=error)
    return refused(Internal(details={"reference": reference}))


def refused(error: AppError) -> dict[str, Any]:
    """The acknowledgement of a command that was not carried out."""
    return {"ok": False, "error": describe(error)}


def describe(error: AppError) -> dict[str, Any]:
    """An error as it stands in an acknowledgement and in a refusal to connect."""
    described: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.retry_after_ms is not None:
        described["retry_after_ms"] = error.retry_after_ms
    if error.details:
        described["details"] = error.details
    return described
