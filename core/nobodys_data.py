"""Tables that say nothing of anybody, or only for moments: each with its columns, by why that is so.

Nothing of them is exported or erased. `core/personal_data.py` has the others.
"""

from collections.abc import Mapping

NOBODYS: Mapping[str, Mapping[str, str]] = {
    "Counts.": {
        "communication.rooms": "id connection_id last_seq created_at last_news kind ended_at forgotten_seq",
        "public.alembic_version": "version_num",
    },
    "Groups: what they are called, and who is in them is a matter of rooms.": {
        "communication.groups": "id room_id name description photo_id history created_at keep_days",
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
    "Places where people go, which are open to all.": {
        "places.locations": "id name type address city country position radius_m hours description amenities"
        " anxiety_level contact media_ids verified beginner_friendly has_qr_reward code_version"
        " partner_id active rating_sum review_count check_in_count source source_id created_at updated_at"
        " words trigrams",
    },
    "Businesses, and what earns which reward.": {
        "places.partners": "id name type partnership_level description contact active budget granted"
        " created_at updated_at",
        "places.reward_rules": "id kind every at reaches milestone type title description partner_id"
        " valid_days active budget granted created_at updated_at",
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
