"""A body that is accepted, for every endpoint that takes one."""

from collections.abc import Iterator
from typing import Any

from core.ids import new_id
from tests.rest.phones import a_number
from tests.rest.server import PASSWORD, new_person
from tests.stores.mentoring import MENTOR
from tests.stores.places import PLACE
from tests.stores.rewarding import A_RULE


def good_bodies(
    signed_in: Any, other: str, token: str, another: str, numbers: Iterator[int], place: str = ""
) -> dict[str, Any]:
    """By endpoint: of somebody who is signed in, about one or `another` user, with the `token` of a mail.

    `place`: the id of one that is there.
    """
    return {
        "register": new_person(),
        "login": {"login": signed_in["user"]["email"], "password": PASSWORD},
        "refresh": {"refresh_token": signed_in["refresh_token"]},
        "start_phone": {"phone": a_number()},
        "verify_phone": {"phone": a_number(), "code": "000000"},
        "open_id": {"id_token": "made up"},
        "remove_login": {},
        "delete_me": {"password": PASSWORD},
        "logout": {},
        "change_me": {"bio": "new"},
        "put_values": {"values": [{"category": "character", "name": "Honesty", "strength": 80}]},
        "change_settings": {"theme": "dark"},
        "mute": {"for_s": 3600},
        "create_group": {"name": f"Group {next(numbers)}"},
        "change_group": {"name": "New"},
        "put_member": {"role": "admin"},
        "join_group": {"code": token},
        "preview_group": {"code": token},
        "invite": {"max_uses": next(numbers)},
        "read_notifications": {"all": True},
        "put_device": {"platform": "ios", "token": "made up"},
        "change_consent": {"kind": "analytics", "version": "1", "given": True},
        "block": {"user_id": another},
        "ask_friend": {"user_id": another},
        "send_contacts": {"contacts": [{"phone": "+4915112345678"}]},
        "report": {"subject": {"type": "user", "id": another}, "reason": "spam"},
        "decide_case": {"action": "warn"},
        "decide_media": {"action": "pass"},
        "forgot_password": {"email": signed_in["user"]["email"]},
        "reset_password": {"token": token, "password": PASSWORD},
        "change_password": {"new_password": PASSWORD},
        "verify_email": {"token": token},
        "change_email": {"email": f"{new_id()}@example.org"},
        "turn_on_totp": {},
        "turn_off_totp": {},
        "appeal": {"text": f"Not so, {next(numbers)}."},
        "decide_appeal": {"grant": True},
        "correct_user": {"gender": "other"},
        "announce_upload": {
            "purpose": "photo",
            "content_type": "image/png",
            "size": 10_000 + next(numbers),
        },
        "change_post": {"caption": "New"},
        "add_comment": {"content": f"Number {next(numbers)}."},
        "change_comment": {"content": "New"},
        "ban": {"user_id": other, "reason": f"spam {next(numbers)}"},
        "create_location": {**PLACE, "name": f"Place {next(numbers)}"},
        "change_location": {"verified": True},
        "review": {"rating": 4, "title": f"Well {next(numbers)}"},
        "change_review": {"rating": 2},
        "check_in": {"location_id": place, "note": f"Number {next(numbers)}."},
        "flag_check_in": {"reason": f"Not so, {next(numbers)}."},
        "reverse_redemption": {"reason": "By mistake."},
        "create_partner": {"name": f"Partner {next(numbers)}"},
        "change_partner": {"partnership_level": "gold"},
        "create_reward_rule": {**A_RULE, "title": f"Reward {next(numbers)}"},
        "change_reward_rule": {"active": False},
        "preview_reward_rule": {"kind": "first_call", "type": "coffee", "title": "A coffee"},
        "create_mentor": {**MENTOR, "user_id": another},
        "change_mentor": {"title": "New"},
        "change_session": {"notes": "Shy."},
        "review_mentor": {"rating": 4, "title": f"Well {next(numbers)}"},
    }
