"""Signing in by a code that is sent to a phone.

A code goes to every number that is asked for, whether anybody has it here or not, so that asking tells
nothing. How many go to one number is limited, and a code has few tries; both would let a stranger keep the
owner out. So an owner whose device is known, by the token that it was given at its last sign-in, has codes of
their own, with their own limits.
"""

from core.contract.logins import LoginView
from core.contract.phone import CodeSent, PhoneStart, PhoneVerify
from core.errors import Unavailable
from core.ids import new_id
from core.tokens import Access, Device
from db.postgres.logins import CodeUsed
from db.postgres.pool import Connection
from services.accounts import RequestOrigin
from services.codes import Codes, Shown, WrongCode
from services.jobs import JobQueue
from services.logins import Logins, Proven
from services.phones import hint, number
from services.post import SendSms
from services.sessions import SessionService
from services.sign_in_limits import SignInLimits
from services.sign_ins import Entered, SignIns


class Phones:
    """The use cases. Errors of an outage of Postgres or Redis pass through (`db.outage`)."""

    def __init__(
        self,
        codes: Codes,
        logins: Logins,
        sign_ins: SignIns,
        *,
        sessions: SessionService,
        limits: SignInLimits,
        jobs: JobQueue,
        sends: bool,
    ) -> None:
        self._sends = sends
        self._codes, self._logins, self._sign_ins = codes, logins, sign_ins
        self._sessions, self._limits, self._jobs = sessions, limits, jobs

    async def start(self, body: PhoneStart, now: int) -> CodeSent:
        """Send a code. Raises `InvalidRequest`, `RateLimited`, `Unavailable` where this server sends none."""
        if not self._sends:
            raise Unavailable("This server sends no codes to phones.")
        phone = number(body.phone)
        own = await self._own_device(phone, body.device_token, now)
        await self._limits.code_for(phone, own, now)
        issued = self._codes.new("phone", _lane(phone, own), now)
        text = f"{issued.text} is your code for Realtime Connect. Nobody else needs it: never pass it on."
        sms = SendSms(to=phone, text=text, sms_id=new_id(now), until_ms=issued.new.expires_at)

        async def send(connection: Connection) -> None:
            await self._jobs.add(sms, within=connection)

        await self._codes.issue(issued, now, send)
        await self._jobs.hurry()
        rule = self._codes.rule("phone")
        return CodeSent(expires_in_s=rule.lasts_ms // 1000, resend_after_s=rule.again_ms // 1000)

    async def sign_in(self, body: PhoneVerify, client: RequestOrigin, now: int) -> Entered:
        """Sign in or up with a code. Raises what `SignIns.enter` does, and what `_proven` does."""
        return await self._sign_ins.enter(await self._proven(body, client, now), body, client, now)

    async def link(self, access: Access, body: PhoneVerify, client: RequestOrigin, now: int) -> LoginView:
        """Sign in to this account with the number too. Raises `PasswordNeeded`, `Conflict`, and the same."""
        proven = await self._proven(body, client, now)
        try:
            return await self._logins.link(access, proven, body.password, client.network, now)
        except CodeUsed:
            raise WrongCode from None

    async def _proven(self, body: PhoneVerify, client: RequestOrigin, now: int) -> Proven:
        """Raises `InvalidRequest`, `WrongCode`, `Expired`, `RateLimited`."""
        phone = number(body.phone)
        own = await self._own_device(phone, body.device_token, now)
        async with self._limits.shown(client.network, own, now):
            shown = await self._shown(phone, own, body.code, now)
        return Proven(provider="phone", subject=phone, hint=hint(phone), code_id=shown.id)

    async def _shown(self, phone: str, own: Device | None, code: str, now: int) -> Shown:
        """The code that this device asked for; or one that was asked for without saying that it is known."""
        if own is not None:
            try:
                return await self._codes.typed("phone", _lane(phone, own), code, now)
            except WrongCode:
                pass
        return await self._codes.typed("phone", phone, code, now)

    async def _own_device(self, phone: str, token: str | None, now: int) -> Device | None:
        """The device that this token marks, if the owner of the number has signed in there."""
        device = self._sessions.device(token, now)
        if device is None:
            return None
        known = await self._logins.find(Proven(provider="phone", subject=phone, hint=None), now)
        return device if known and known.user_id == device.user_id else None


def _lane(phone: str, own: Device | None) -> str:
    """Whom a code is for: whoever has the number, or them on a device that is known."""
    return phone if own is None else f"{phone} on {own.id}"
