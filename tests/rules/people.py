"""Two people and their tickets, for rules that need no store."""

from core.stored import StoredCard
from core.ticket import Claim, Ticket
from core.vocabulary import Gender

ANA = "00000000-0000-7000-8000-00000000000a"
BEN = "00000000-0000-7000-8000-00000000000b"
CALL = "00000000-0000-7000-8000-0000000000ca"


def card(user_id: str, gender: Gender = "female") -> StoredCard:
    return StoredCard(
        user_id=user_id, display_name=user_id[-1], age=30, gender=gender, intent="casual", languages=("en",)
    )


def ticket(user_id: str, gender: Gender = "female", joined_at: int = 1_000) -> Ticket:
    return Ticket(
        id=user_id.replace("-7000-", "-7001-"),
        user_id=user_id,
        region="main",
        mode="video",
        joined_at=joined_at,
        device=f"{user_id[-1]}-phone",
        card=card(user_id, gender),
        genders=("female", "male", "other"),
        age_min=18,
        age_max=99,
    )


def claim(first: Gender = "female", second: Gender = "male") -> Claim:
    return Claim(
        call_id=CALL, first=ticket(ANA, first, 1_000), second=ticket(BEN, second, 2_000), claimed_at=5_000
    )
