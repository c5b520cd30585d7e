"""Tables that say nothing of anybody, or only for moments: each with its columns, by why that is so.

Nothing of them is exported or erased. `core/personal_data.py` has the others.
"""

from collections.abc import Mapping

NOBODYS: Mapping[str, Mapping[str, str]] = {
    "Counts.": {
        "communication.rooms": "id connection_id last_seq created_at last_news kind ended_at",
        "public.alembic_version": "version_num",
    },
    "Which keys there are and which process has them, and keys that are sealed with others.": {
        "identity.data_keys": "id proof used_since retired_at",
        "identity.kept_keys": "purpose kid box key_id writes added_at",
        "identity.key_holders": "node secret known writes hashes seen_at",
    },
    "What is to have its effect, or to be announced; gone after seconds.": {
        "communication.outbox": "lane number event subject",
        "social.notification_outbox": "lane number event subject",
        "interaction.pending_reports": "report_id block taken_until",
        "interaction.pending_blocks": "id blocker_id blocked_id connection_id taken_until friendship_id"
        " request_id",
    },
    "By which a picture that was removed is known again, whosever it was.": {
        "safety.removed_pictures": "media_id hash removed_at",
    },
    "What is to be done, sealed: gone after that, or 30 days after it failed; lines about it after 7.": {
        "jobs.pgqueuer": "id entrypoint payload headers status priority dedupe_key execute_after attempts"
        " queue_manager_id slot heartbeat created updated",
        "jobs.pgqueuer_log": "id job_id entrypoint status priority traceback aggregated created",
        "jobs.pgqueuer_schedules": "id entrypoint expression status next_run last_run heartbeat created"
        " updated",
    },
}
