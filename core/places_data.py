"""The part of the registry of personal data (`core/personal_data.py`) that is about places."""

from core.data_rules import OTHERS, OURS, Deleted, Emptied, Lasts, Table

PLACES: tuple[Table, ...] = (
    Table(
        "places.mentor_notes",
        "What you have noted about sessions with mentors, or as one. What the other noted is theirs.",
        file="mentor_notes",
        told="session_id=session notes updated_at",
        untold={OURS: "id"},
    ),
    Table(
        "places.mentor_sessions",
        "Your sessions with mentors, or as one.",
        of=":user IN (user_id, mentor_user_id)",
        file="mentor_sessions",
        told="id=session mentor_id=mentor mentor_user_id=whose user_id=by starts_at ends_at type"
        " location_id=place status created_at decided_at",
        untold={OTHERS: "decided_by", OURS: "reminded_at"},
        erased=Emptied(
            sets="status = 'cancelled'; decided_at = :now",
            only="status = 'scheduled'",
            says="cancelled. An id that leads to nobody stays",
        ),
    ),
    Table(
        "places.mentors",
        "What people read of you as a mentor, and when you have time.",
        file="mentor",
        told="id=mentor title specialization bio verified available schedule_type schedule session_m"
        " location_id=place total_sessions created_at updated_at",
        untold={OTHERS: "rating_sum review_count"},
        erased=Emptied(
            sets="title = ''; specialization = '{}'; bio = ''; verified = false; available = false;"
            ' schedule = \'{"zone": "UTC", "week": {}}\'; location_id = NULL',
            says="emptied: an id stays, which sessions and reviews have",
        ),
    ),
    Table(
        "places.reviews",
        "What you have said of places.",
        file="reviews",
        told="location_id=place mentor_id=mentor rating title content verified_visit created_at edited_at",
        untold={OURS: "id", OTHERS: "hidden_at"},
        lasts="as long as the account, or until it is deleted",
    ),
    Table(
        "places.check_ins",
        "Where you have checked in, when, and how you were.",
        file="check_ins",
        told="location_id=place local_day=day zone at created_at=sent_at verified_by counts reason=why_not"
        " mood note flagged_at=taken_back_at",
        untold={OURS: "id location_type", OTHERS: "flagged_by flag_reason"},
        erased=Deleted(says="deleted; how often people checked in at a place stays, as a number"),
        lasts=Lasts(
            setting="check_in_days",
            since="the quarter of its day",
            by="services/check_in_keeping.py",
        ),
    ),
    Table(
        "places.journeys",
        "What your check-ins have come to.",
        file="journey",
        told="level total_check_ins current_streak longest_streak milestones updated_at",
        untold={OURS: "state carried carried_until"},
    ),
)
