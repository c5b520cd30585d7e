"""The error catalogue: one class for each code. The docstring is the message, over Socket.IO and REST alike.

Raise `NotFound()` for the standard sentence, or `InvalidRequest("...")` for a more precise one. `details` may
name what was wrong; `retry_after_ms` says when it makes sense to try again.
"""

from typing import Any, ClassVar


class AppError(Exception):
    """The request could not be carried out."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(
        self,
        message: str | None = None,
        *,
        details: dict[str, Any] | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.details = details
        self.retry_after_ms = retry_after_ms
        super().__init__(self.message)


class InvalidRequest(AppError):
    """The request is malformed."""

    code, status = "invalid_request", 400


class Unauthenticated(AppError):
    """Sign in first."""

    code, status = "unauthenticated", 401


class TokenExpired(AppError):
    """The access token has expired: refresh it."""

    code, status = "token_expired", 401


class Forbidden(AppError):
    """You may not do this."""

    code, status = "forbidden", 403


class ProfileIncomplete(AppError):
    """Complete your profile first."""

    code, status = "profile_incomplete", 403


class Underage(AppError):
    """You have to be 18 or older."""

    code, status = "underage", 403


class Banned(AppError):
    """This account is banned."""

    code, status = "banned", 403


class Blocked(AppError):
    """One of you has blocked the other."""

    code, status = "blocked", 403


class NotFound(AppError):
    """There is no such thing, or it is not for you to see."""

    code, status = "not_found", 404


class MethodNotAllowed(AppError):
    """This address does not answer to this method."""

    code, status = "method_not_allowed", 405


class Conflict(AppError):
    """This does not fit the present state."""

    code, status = "conflict", 409


class AlreadyInCall(AppError):
    """You are in a call or have an offer waiting."""

    code, status = "already_in_call", 409


class NotInCall(AppError):
    """You are not in a call."""

    code, status = "not_in_call", 409


class NotQueued(AppError):
    """You are not in the queue."""

    code, status = "not_queued", 409


class StaleEpoch(AppError):
    """The call has been restarted since: use the epoch of the last call:started."""

    code, status = "stale_epoch", 409


class AlreadyDecided(AppError):
    """You have decided already, and the other way."""

    code, status = "already_decided", 409


class AlreadyRedeemed(AppError):
    """This reward has been redeemed before."""

    code, status = "already_redeemed", 409


class Gone(AppError):
    """This has ended."""

    code, status = "gone", 410


class Expired(AppError):
    """The time for this has passed."""

    code, status = "expired", 410


class PreconditionFailed(AppError):
    """It has changed since you read it: read it again."""

    code, status = "precondition_failed", 412


class PayloadTooLarge(AppError):
    """This is longer than allowed."""

    code, status = "payload_too_large", 413


class IdempotencyConflict(AppError):
    """This idempotency key was used for another request."""

    code, status = "idempotency_conflict", 422


class RateLimited(AppError):
    """Too many requests: slow down."""

    code, status = "rate_limited", 429


class Internal(AppError):
    """Something went wrong on our side."""

    code, status = "internal", 500


class Unavailable(AppError):
    """The service is not available right now: try again shortly."""

    code, status = "unavailable", 503


CATALOGUE: tuple[type[AppError], ...] = tuple(AppError.__subclasses__())
