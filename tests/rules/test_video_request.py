"""Who may say whether calls have video, and what becomes of an answer."""

from typing import Any

import pytest

from core.errors import AlreadyDecided, AppError, Conflict, Expired, Forbidden, Gone, RateLimited
from core.vocabulary import DecisionPolicy
from signaling.video_requests import Side, VideoRequestRow, answer, approver, check_pause, check_request

ANA, BEN = Side("ana", "female"), Side("ben", "male")
EVE = Side("eve", "female")


@pytest.mark.parametrize(
    ("policy", "requester", "other", "who"),
    [
        ("female_decides", BEN, ANA, "ana"),
        ("female_decides", ANA, BEN, "ana"),
        ("female_decides", ANA, EVE, "eve"),
        ("mutual", ANA, BEN, "ben"),
        ("either", BEN, ANA, "ana"),
    ],
)
def test_who_answers(policy: DecisionPolicy, requester: Side, other: Side, who: str) -> None:
    assert approver(policy, requester, other) == who


def request(**what: Any) -> VideoRequestRow:
    usual = {
        "id": "request", "connection_id": "connection", "requester_id": "ben", "approver_id": "ana",
        "status": "pending", "requested_at": 0, "responded_at": None, "expires_at": 100,
    }  # fmt: skip
    return VideoRequestRow(**{**usual, **what})


def test_a_refusal_is_followed_by_a_pause() -> None:
    check_pause(None, 0, 100)
    check_pause(50, 150, 100)
    check_pause(50, 51, 0)
    with pytest.raises(RateLimited) as refused:
        check_pause(50, 149, 100)
    assert refused.value.retry_after_ms == 1


def test_an_answer_and_its_second_copy() -> None:
    assert answer(request(), "ana", True, 1, ended=False) == "approved"
    assert answer(request(), "ana", False, 1, ended=False) == "rejected"
    assert answer(request(status="rejected"), "ana", False, 500, ended=True) == "rejected"


@pytest.mark.parametrize(
    ("what", "user", "approve", "now", "ended", "error"),
    [
        ({}, "ben", True, 1, False, Forbidden),
        ({"status": "approved"}, "ana", False, 1, False, AlreadyDecided),
        ({"status": "expired"}, "ana", True, 1, False, Expired),
        ({}, "ana", True, 100, False, Expired),
        ({}, "ana", True, 1, True, Gone),
    ],
)
def test_what_is_no_answer(
    what: dict[str, Any], user: str, approve: bool, now: int, ended: bool, error: type[AppError]
) -> None:
    with pytest.raises(error):
        answer(request(**what), user, approve, now, ended=ended)


def test_nothing_to_ask_for() -> None:
    with pytest.raises(Gone):
        check_request(ended=True, video_enabled=False)
    with pytest.raises(Conflict):
        check_request(ended=False, video_enabled=True)
