"""Rewards: the wallet, the codes by which they are shown, and what staff do with those.

A code says no more than which reward it is and when it was made, and holds for half a minute: a picture of
one is of no use later. What is redeemed is decided where it is stored, once (`db/postgres/redemptions.py`).
"""

import asyncio
import hashlib
import io

import segno

from core.contract.redemptions import Redeemed, Reversal, Scan, Scanned, ScannedUser
from core.errors import AlreadyRedeemed, Conflict, Expired, InvalidRequest
from core.signed_codes import Code, CodeRead, NotOurs, SignedCodes
from db.postgres.idempotency import IdempotencyKey
from db.postgres.redemptions import RedemptionStore
from db.postgres.rewards import RewardStore
from services.notifications import Notifications

_PIXELS = 6  # of each of a code's dots, in a picture of pixels


class Rewards:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(
        self,
        store: RewardStore,
        redemptions: RedemptionStore,
        codes: SignedCodes,
        notifications: Notifications,
    ) -> None:
        self._store, self._redemptions = store, redemptions
        self._codes, self._notifications = codes, notifications

    async def code(self, reward_id: str, user_id: str, now: int) -> Code:
        """What its owner shows now. Raises `NotFound`; for one that is not open `AlreadyRedeemed`, `Expired`
        or `Conflict`, and for a badge `Conflict`.
        """
        reward = await self._store.of(reward_id, user_id, now)
        if reward.state == "redeemed":
            raise AlreadyRedeemed(details={"redeemed_at": reward.redeemed_at})
        if reward.state == "expired":
            raise Expired("This reward has expired.")
        if reward.state == "reversed":
            raise Conflict("Its redemption was taken back: there is another reward in its place.")
        if reward.type == "badge":
            raise Conflict("A badge is for keeps: there is nothing to redeem.")
        return self._codes.write(reward_id, now)

    async def scan(self, staff_id: str, scan: Scan, now: int) -> Scanned:
        """What redeeming it would do. Raises `InvalidRequest` for what is no code of ours, `NotFound`."""
        read = self._read(scan, now)
        found = await self._redemptions.look(read.subject, scan.location_id, staff_id, now)
        reason = found.reason or (None if read.fresh else "code_expired")
        return Scanned(
            reward=found.reward,
            user=ScannedUser(display_name=found.display_name),
            can_redeem=reason is None,
            reason=reason,
        )

    async def redeem(self, staff_id: str, scan: Scan, key: IdempotencyKey | None, now: int) -> Redeemed:
        """Redeem it. Raises `InvalidRequest` as `scan`, and as the store does."""
        read = self._read(scan, now)
        about = key and key.including(hashlib.sha256(read.subject.encode()).digest())
        done, told = await self._redemptions.redeem(
            read.subject, scan.location_id, staff_id, fresh=read.fresh, key=about, now=now
        )
        await self._tell(told)
        return done

    async def reverse(self, staff_id: str, redemption_id: str, reversal: Reversal, now: int) -> Redeemed:
        """Take it back. Raises as the store does."""
        done, told = await self._redemptions.reverse(redemption_id, staff_id, reversal.reason, now)
        await self._tell(told)
        return done

    def _read(self, scan: Scan, now: int) -> CodeRead:
        try:
            return self._codes.read(scan.code, now)
        except NotOurs:
            raise InvalidRequest("This is no code of a reward.", details={"field": "code"}) from None

    async def _tell(self, user_id: str | None) -> None:
        if user_id is not None:
            await self._notifications.hurry(user_id)


async def drawn(text: str, kind: str) -> bytes:
    """The code as a picture, `svg` or `png`: dark on white whatever is around it. Takes some 10 ms."""
    return await asyncio.to_thread(_drawn, text, kind)


def _drawn(text: str, kind: str) -> bytes:
    made, picture = segno.make_qr(text, error="m", boost_error=False), io.BytesIO()
    if kind == "svg":
        made.save(picture, kind="svg", border=4, light="#fff", omitsize=True, xmldecl=False)
    else:
        made.save(picture, kind="png", border=4, scale=_PIXELS)
    return picture.getvalue()
