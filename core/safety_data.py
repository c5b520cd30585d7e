"""The part of the registry of personal data (`core/personal_data.py`) that is there to keep people safe.

A report has to be decided, and a ban to hold, though an account is gone.
"""

from core.data_rules import (
    A_CASE_IS_OPEN,
    BANNED,
    DECIDED,
    GUARDED,
    MY_STRIKES,
    OTHERS,
    OURS,
    YOURS,
    Deleted,
    Emptied,
    Lasts,
    Stays,
    Table,
)

SAFETY: tuple[Table, ...] = (
    Table(
        "interaction.reports",
        "What you have reported. Who has reported you is not told.",
        of="reporter_id = :user",
        file="reports",
        told="subject_type subject_id=subject call_id=call reason note created_at",
        untold={
            YOURS: "reporter_id",
            OTHERS: "reported_id status case_id evidence evidence_key_id evidence_media_id",
            OURS: "id",
        },
        erased=Emptied(
            sets="note = NULL",
            waits="evidence IS NOT NULL"
            " OR case_id IN (SELECT c.id FROM safety.cases c WHERE c.state <> 'decided')",
            says="emptied of words, when the case is over and its evidence gone",
        ),
        lasts=Lasts(setting="evidence_days", since="the case was decided: its evidence"),
    ),
    Table(
        "safety.strikes",
        "Decisions of moderators about you.",
        file="strikes",
        told="action reason at until lifted_at",
        untold={OTHERS: "by case_id", OURS: "id ban_id"},
        erased=DECIDED,
        lasts="for good: what was decided counts the next time",
    ),
    Table(
        "identity.bans",
        "When you were banned or suspended.",
        file="bans",
        told="reason created_at begins_at until lifted_at",
        untold={OTHERS: "created_by", OURS: "id during enforced_at taken_until strike_id"},
        erased=DECIDED,
        lasts="for good: who is banned stays so",
    ),
    Table(
        "safety.appeals",
        "What you have said against decisions.",
        of=f"strike_id IN {MY_STRIKES}",
        file="appeals",
        told="text at state decided_at",
        untold={OTHERS: "decided_by note", OURS: "id strike_id"},
        erased=Deleted(waits="state = 'open'", says="deleted, when it is decided"),
        lasts="as long as the strike",
    ),
    Table(
        "safety.cases",
        "Cases of moderators, which gather reports about you. `strikes` has what came of them.",
        untold={
            OTHERS: "severity state opened_at claimed_by claimed_until decided_by decided_at action days note"
            " undone_by undone_at",
            OURS: "id",
        },
        erased=Emptied(
            sets="note = NULL",
            only=f"NOT {BANNED}",
            waits="state <> 'decided'",
            says="emptied of words, when it is over; of somebody who is banned, kept",
        ),
        lasts="for good: what was decided counts the next time",
    ),
    Table(
        "safety.looks",
        "Which reports a moderator was shown.",
        untold={OTHERS: "case_id reports"},
        erased=Stays("A decision counts for what its moderator has seen."),
        lasts="as long as the case",
    ),
    Table(
        "safety.known_marks",
        "Keyed hashes of address, number, device and the like, by which one who is banned is found again.",
        untold={GUARDED: "kind mark first_seen last_seen barred"},
        erased=Deleted(
            only="NOT barred",
            waits=A_CASE_IS_OPEN,
            says="deleted; of somebody who is or was banned kept, as hashes that only this server can make",
        ),
        lasts=Lasts(setting="mark_days", since="they were last seen; of somebody banned, as long as the ban"),
    ),
    Table(
        "safety.suspicions",
        "That an account may be that of somebody who was banned.",
        untold={GUARDED: "of_user_id kind shared weight suspect at cleared_at cleared_by"},
        lasts=Lasts(setting="suspicion_days", since="it came up"),
    ),
    Table(
        "safety.apart",
        "Who is kept apart by such a suspicion.",
        of="suspected = :user",
        untold={YOURS: "suspected", GUARDED: "one other"},
        erased=Stays("It goes with the suspicion."),
        lasts="as long as the suspicion",
    ),
    Table(
        "identity.audit_log",
        "What you did that concerns the safety of an account.",
        of="actor_id = :user",
        file="acts",
        told="at action",
        untold={YOURS: "actor_id", OTHERS: "subject_id details", OURS: "id"},
        erased=Stays("Nobody, not even the server, can change it. Ids and counts, no words."),
        lasts="for good",
    ),
)
