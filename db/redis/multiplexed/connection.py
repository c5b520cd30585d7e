"""One connection: what is asked for in one turn of the loop is one write, and answers come in order."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, cast

import hiredis
from redis.exceptions import ConnectionError as RedisConnectionError

from core.later import another
from db.redis.multiplexed.errors import read_error
from db.redis.multiplexed.request import Ahead, Own, Request
from db.redis.multiplexed.words import Words

MORE = object()  # the answer is not whole yet
_CLOSING_S = 1.0


class Owner(Protocol):
    """Who is told what becomes of a connection."""

    def asked(self) -> None:
        """Something has gone out, and somebody waits for the answer."""

    def answered(self) -> None:
        """Something was answered."""

    def refused(self, connection: "Connection", request: Request, error: Exception) -> None:
        """Redis answers a request with an error."""

    def lost(self, sent: Sequence[Request], unsent: Sequence[Request], error: Exception) -> None:
        """It is gone, with requests that were not answered, and others that had not gone out."""

    def writable(self) -> None:
        """Redis reads again."""


class Connection(asyncio.Protocol):
    """Its owner gives it requests while it `takes` them, and takes back what is not answered when it ends."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(
            protocolError=RedisConnectionError, replyError=read_error, notEnoughData=MORE
        )
        self._unsent: list[Request] = []
        self._last: list[Request] = []
        self._loaded: dict[str, Request] = {}
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self.sent: deque[Request] = deque()
        self.takes = False
        self._error: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The network lets us through."""
        self._transport = cast("asyncio.Transport", transport)
        self.takes = True

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for what it has sent, or is about to send."""
        return not (self.sent or self._unsent or self._last)

    @property
    def unanswered(self) -> int:
        """For how much of that somebody waits."""
        return len(self.sent) + len(self._unsent) + len(self._last)

    async def ask(self, commands: Sequence[Words]) -> list[Any]:
        """For what a connection begins with. Gives the answers; raises what goes wrong."""
        requests = [Own(words) for words in commands]
        for request in requests:
            self.send(request)
        return [await request.future for request in requests]

    def check(self) -> None:
        """Raises why it has ended, if it has."""
        if self._error is not None:
            raise another(self._error)

    def send(self, request: Request) -> None:
        """With the others of this turn. A script's text goes before it, once."""
        if not self._unsent and not self._last:
            self._loop.call_soon(self._flush)
        if request.script is not None and request.script.sha not in self._loaded:
            load = self._loaded[request.script.sha] = Ahead(("SCRIPT", "LOAD", request.script.text))
            self._unsent.append(load)
        where = self._last if request.last else self._unsent
        where.extend(request.ahead)
        where.append(request)

    def forgot(self, sha: str) -> None:
        """Redis does not know the script any more; its text may be on its way already."""
        if (load := self._loaded.get(sha)) is not None and load.future.done():
            del self._loaded[sha]

    def _flush(self) -> None:
        requests, self._unsent, self._last = [*self._unsent, *self._last], [], []
        if self._error is not None:
            for request in requests:
                request.fail(another(self._error))
        if self._error is not None or not requests:
            return
        assert self._transport is not None
        if self._transport.is_closing():  # uvloop would raise RuntimeError
            self._unsent = requests
            self.end(RedisConnectionError("The connection was lost."))
            return
        self.sent.extend(requests)
        for request in requests:
            request.close()
        try:
            self._transport.write(b"".join([request.packed for request in requests]))
        except (OSError, RuntimeError) as fault:
            self.end(RedisConnectionError(f"The connection was lost: {fault}"))
        else:
            self._owner.asked()

    def data_received(self, data: bytes) -> None:
        """Answers, or parts of them."""
        answered = False
        try:
            self._reader.feed(data)
            answered = self.take(self._reader.gets)
        except Exception as error:
            self.end(error)
        if answered:
            self._owner.answered()

    def take(self, gets: Callable[[], Any]) -> bool:
        """All that is whole, as `gets` gives it. Whether anything was answered."""
        sent, answered = self.sent, False
        while (answer := gets()) is not MORE:
            if sent and not isinstance(answer, Exception):  # as `answer` does, and this is what costs
                sent.popleft().answered(answer)
                answered = True
            else:
                self.answer(answer)
        return answered

    def answer(self, answer: Any) -> bool:
        """To the oldest request. Whether it is no error."""
        if not self.sent:  # as when there are too many clients
            raise answer if isinstance(answer, Exception) else RedisConnectionError("Nobody asked.")
        request = self.sent.popleft()
        if isinstance(answer, Exception):
            self._owner.refused(self, request, answer)
            return False
        request.answered(answer)
        return True

    def pause_writing(self) -> None:
        """Redis does not read as fast as we write."""
        self.takes = False

    def resume_writing(self) -> None:
        """It does again."""
        if self._error is None:
            self.takes = True
            self._owner.writable()

    def eof_received(self) -> None:
        """Redis has closed it: so does the transport then."""

    def connection_lost(self, fault: Exception | None) -> None:
        """By either side, or the network."""
        if not self._gone.done():
            self._gone.set_result(None)
        self.end(RedisConnectionError(f"The connection was lost: {fault or 'Redis has closed it'}"))

    def end(self, error: Exception) -> None:
        """Nothing is sent or received any more; what is not answered goes back to the owner."""
        if self._error is not None:
            return
        self._error, self.takes = error, False
        if self._transport is not None:
            self._transport.abort()
        sent, unsent = self._given_back(self.sent), self._given_back((*self._unsent, *self._last))
        self.sent.clear()
        self._unsent.clear()
        self._last.clear()
        self._owner.lost(sent, unsent, error)

    def _given_back(self, requests: Iterable[Request]) -> Sequence[Request]:
        assert self._error is not None
        others = []
        for request in requests:
            if isinstance(request, Own):
                request.fail(another(self._error))
            else:
                others.append(request)
        return others

    async def close(self) -> None:
        """In good order: what was asked for still goes out."""
        if self._error is None and self._transport is not None:
            self._flush()
            self._transport.close()
            await asyncio.wait([self._gone], timeout=_CLOSING_S)
            self.end(RedisConnectionError("It was closed."))
