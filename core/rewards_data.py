"""The part of the registry of personal data (`core/personal_data.py`) that is about rewards and partners."""

from core.data_rules import AN_ID, OTHERS, OURS, Table

REWARDS: tuple[Table, ...] = (
    Table(
        "places.rewards",
        "What you have earned.",
        file="rewards",
        told="type title description partner_id=partner earned_at expires_at redeemed_at reversed_at"
        " expired_at",
        untold={OURS: "id rule_id occasion replaces"},
        erased=AN_ID,
        lasts="as long as partners have to be shown what was redeemed",
    ),
    Table(
        "places.reward_ledger",
        "What became of your rewards, and what you have scanned at work for a partner.",
        of=":user = by_id OR reward_id IN"
        " (SELECT mine.id FROM places.rewards mine WHERE mine.user_id = :user)",
        file="redemptions",
        told="kind at location_id=place partner_id=partner",
        untold={OTHERS: "by_id reason", OURS: "id reward_id redemption_id"},
        erased=AN_ID,
        lasts="as long as the rewards",
    ),
    Table(
        "places.partner_staff",
        "Partners at whose places you scan rewards.",
        file="work_for_partners",
        told="partner_id=partner since",
        lasts="as long as you work there",
    ),
)
