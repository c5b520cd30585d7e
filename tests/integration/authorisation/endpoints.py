"""How each endpoint is asked, by somebody, for something of the owner's.

What one may do once only is made anew for each who asks. An endpoint without parameters and body needs no
entry. One that is asked in several ways has a row for each: `name: what`.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from tests.integration.authorisation.asked import Asked, Way
from tests.integration.authorisation.groups import GROUPS
from tests.integration.authorisation.mentoring import MENTORING
from tests.integration.authorisation.people import PASSWORD, PICTURE, Caller, Scene
from tests.integration.authorisation.places import PLACES
from tests.integration.authorisation.posts import POSTS
from tests.integration.authorisation.rewards import REWARDS
from tests.patience import PATIENCE_S
from tests.rest.phones import a_number
from tests.rest.pictures import form
from tests.rest.server import new_person
from tests.rest.test_admin import matched


def _sends(**body: Any) -> Way:
    async def way(_scene: Scene, _caller: Caller) -> Asked:
        return Asked(sent={"json": body})

    return way


def _corrects(**body: Any) -> Way:
    async def way(scene: Scene, _caller: Caller) -> Asked:
        return Asked(path={"id": await scene.world.person()}, sent={"json": body})

    return way


def _decides(**body: Any) -> Way:
    async def way(scene: Scene, _caller: Caller) -> Asked:
        return Asked(path={"id": await scene.case()}, sent={"json": body} if body else {})

    return way


def _of_encounter(field: str, **params: str) -> Way:
    async def way(_scene: Scene, caller: Caller) -> Asked:
        return Asked(path={"id": getattr(caller.encounter, field)}, sent={"params": params})

    return way


async def _mute(_scene: Scene, caller: Caller) -> Asked:
    return Asked(path={"id": caller.encounter.room_id}, sent={"json": {"for_s": 3600}})


def _reports(kind: str) -> Way:
    async def way(scene: Scene, caller: Caller) -> Asked:
        encounter = caller.encounter
        ids = {"user": scene.owner.id, "call": encounter.call_id, "message": encounter.message_id}
        subject = {"type": kind, "id": ids[kind]}
        return Asked(sent={"json": {"subject": subject, "reason": "spam", "block": False}})

    return way


async def _at_owner(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": scene.owner.id})


async def _register(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": new_person()})


async def _login(_scene: Scene, caller: Caller) -> Asked:
    login = caller.person.account["user"]["username"] if caller.person else "nobody-at-all"
    return Asked(sent={"json": {"login": login, "password": PASSWORD}})


async def _refresh(scene: Scene, caller: Caller) -> Asked:
    given = await scene.signed_in(caller)
    return Asked(sent={"json": {"refresh_token": given["refresh_token"]}})


async def _logout(scene: Scene, caller: Caller) -> Asked:
    return Asked(token=(await scene.signed_in(caller))["access_token"])


async def _start_phone(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": {"phone": a_number()}})


async def _openid(_scene: Scene, _caller: Caller) -> Asked:
    """Of whom this server takes none."""
    return Asked(path={"provider": "google"}, sent={"json": {"id_token": "made up"}})


async def _login_of_the_owner(scene: Scene, _caller: Caller) -> Asked:
    """The password, which is the only way and stays."""
    return Asked(path={"id": scene.owner.id}, sent={"json": {}})


async def _end_session(scene: Scene, _caller: Caller) -> Asked:
    await scene.signed_in(scene.callers["owner"])
    query = "SELECT id FROM identity.sessions WHERE user_id = $1 ORDER BY created_at DESC LIMIT 1"
    return Asked(path={"id": await scene.world.pool.fetchval(query, scene.owner.id)})


async def _block(scene: Scene, caller: Caller) -> Asked:
    """The owner, where that changes nothing for what is asked later."""
    known = caller.role in {"owner", "blocker", "blocked"}
    return Asked(sent={"json": {"user_id": scene.owner.id if known else await scene.world.person()}})


async def _unblock(scene: Scene, _caller: Caller) -> Asked:
    """One whom the owner has blocked."""
    someone = await scene.world.person()
    await scene.world.block(scene.owner.id, someone)
    return Asked(path={"user_id": someone})


async def _ask_friend(scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": {"user_id": scene.owner.id}})


async def _friend_request(scene: Scene, _caller: Caller) -> Asked:
    """Which the owner has got."""
    return Asked(path={"id": await scene.world.asked(await scene.world.person(), scene.owner.id)})


async def _unfriend(scene: Scene, _caller: Caller) -> Asked:
    """A friend of the owner's."""
    someone = await scene.world.person()
    await scene.world.befriended((someone, scene.owner.id))
    return Asked(path={"user_id": someone})


def _device(**body: Any) -> Way:
    """One of one's own, by a name that others use too."""

    async def way(_scene: Scene, _caller: Caller) -> Asked:
        return Asked(path={"device_id": "phone"}, sent={"json": body} if body else {})

    return way


async def _upload(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"data": form(PICTURE)})


async def _picture(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": await scene.upload()})


async def _its_address(scene: Scene, _caller: Caller) -> Asked:
    """Which a moderator was given."""
    media_id = await scene.upload()
    _, media = await scene.people["moderator"].rest("GET", f"/v1/media/{media_id}")
    address = urlsplit(media["urls"]["original"])
    query = dict(part.split("=") for part in address.query.split("&"))
    return Asked(path={"id": media_id}, sent={"params": query})


async def _upload_address(scene: Scene, _caller: Caller) -> Asked:
    """Which the owner was given."""
    plan = {"purpose": "photo", "content_type": "image/png", "size": len(PICTURE)}
    status, target = await scene.owner.rest("POST", "/v1/media/uploads", json=plan)
    assert status == 201, target
    query = dict(part.split("=") for part in urlsplit(target["url"]).query.split("&"))
    return Asked(path={"id": target["id"]}, sent={"params": query, "data": PICTURE})


async def _made_up_upload_address(scene: Scene, caller: Caller) -> Asked:
    right = await _upload_address(scene, caller)
    wrong = {**right.sent["params"], "signature": "5e" * 32}
    return Asked(path=right.path, sent={"params": wrong, "data": PICTURE})


async def _sent_upload(scene: Scene, caller: Caller) -> Asked:
    """The owner's, which has come."""
    to = await _upload_address(scene, caller)
    status, _ = await scene.owner.rest("PUT", f"/v1/media/uploads/{to.path['id']}", **to.sent)
    assert status == 204
    return Asked(path=to.path)


async def _photo(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": await scene.photo()})


async def _its_file(scene: Scene, _caller: Caller) -> Asked:
    """Which the owner was given."""
    media_id = await scene.photo()
    _, media = await scene.owner.rest("GET", f"/v1/media/{media_id}")
    query = dict(part.split("=") for part in urlsplit(media["urls"]["s640"]).query.split("&"))
    return Asked(path={"id": media_id, "name": "s640"}, sent={"params": query})


async def _export_address(scene: Scene, _caller: Caller) -> Asked:
    """Of a copy that the owner has got, which is made where jobs are done."""
    _, view = await scene.owner.rest("POST", "/v1/me/export")
    async with asyncio.timeout(PATIENCE_S):
        while view["state"] != "ready":
            await asyncio.sleep(0.05)
            _, view = await scene.owner.rest("GET", "/v1/me/export")
    address = urlsplit(view["url"])
    query = dict(part.split("=") for part in address.query.split("&"))
    return Asked(path={"id": address.path.rpartition("/")[2]}, sent={"params": query})


async def _made_up_export(scene: Scene, caller: Caller) -> Asked:
    right = await _export_address(scene, caller)
    return Asked(path=right.path, sent={"params": {**right.sent["params"], "signature": "5e" * 32}})


async def _delete_wrongly(_scene: Scene, _caller: Caller) -> Asked:
    """Without the password: nobody in this table leaves it."""
    return Asked(sent={"json": {}})


async def _made_up_file(scene: Scene, caller: Caller) -> Asked:
    right = await _its_file(scene, caller)
    return Asked(path=right.path, sent={"params": {**right.sent["params"], "signature": "5e" * 32}})


async def _made_up_address(scene: Scene, caller: Caller) -> Asked:
    right = await _its_address(scene, caller)
    wrong = {**right.sent["params"], "signature": "5e" * 32}
    return Asked(path=right.path, sent={"params": wrong})


async def _appeal(scene: Scene, caller: Caller) -> Asked:
    """Against one's own strike, of one who is out; of all others, against the owner's."""
    whom = caller.id if caller.role in {"suspended", "banned"} else scene.owner.id
    given = await scene.world.strike(whom, "warn")
    return Asked(path={"id": given.strike_id}, sent={"json": {"text": "That was not me."}})


async def _decide_appeal(scene: Scene, _caller: Caller) -> Asked:
    appeal = await scene.world.appeal(await scene.world.person())
    return Asked(path={"id": appeal}, sent={"json": {"grant": False}})


def _bans(role: str) -> Way:
    async def way(scene: Scene, _caller: Caller) -> Asked:
        someone = await scene.world.person()
        await scene.world.pool.execute("UPDATE identity.users SET role = $2 WHERE id = $1", someone, role)
        return Asked(sent={"json": {"user_id": someone, "reason": "spam"}})

    return way


async def _unban(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": await scene.world.ban(await scene.world.person())})


async def _undo(scene: Scene, _caller: Caller) -> Asked:
    """What a moderator has decided."""
    case_id = await scene.case()
    path, moderator = f"/v1/admin/reports/{case_id}/decide", scene.people["moderator"]
    status, body = await moderator.rest("POST", path, json={"action": "warn"})
    assert status == 200, body
    return Asked(path={"id": case_id})


def _decides_media(**body: Any) -> Way:
    async def way(scene: Scene, _caller: Caller) -> Asked:
        return Asked(path={"id": await scene.world.photo()}, sent={"json": body})

    return way


async def _undo_media(scene: Scene, _caller: Caller) -> Asked:
    """A removal by a moderator."""
    media_id = await scene.world.photo()
    path, moderator = f"/v1/admin/media/{media_id}/decide", scene.people["moderator"]
    status, body = await moderator.rest("POST", path, json={"action": "remove", "reason": "other"})
    assert status == 200, body
    return Asked(path={"id": media_id})


async def _suspect(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": await scene.suspect()})


async def _match(scene: Scene, _caller: Caller) -> Asked:
    call_id, _ = await matched(scene.world)
    return Asked(path={"id": call_id})


async def _change_profile(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": {"bio": "Hello."}, "headers": {"If-Match": "*"}})


async def _change_email(scene: Scene, caller: Caller) -> Asked:
    """Some time after the link that came before."""
    if caller.person:
        await scene.world.pool.execute("DELETE FROM identity.one_time_codes WHERE user_id = $1", caller.id)
    return Asked(sent={"json": {"email": "another@example.org"}})


async def _searches(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"params": {"q": "somebody"}})


async def _change_settings(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": {"theme": "dark"}, "headers": {"If-Match": "*"}})


WAYS: dict[str, Way] = {
    "register": _register,
    "login": _login,
    "refresh": _refresh,
    "logout": _logout,
    "end_session": _end_session,
    "start_phone": _start_phone,
    "verify_phone": _sends(phone="+4915112345678", code="000000"),
    "open_id": _openid,
    "remove_login": _login_of_the_owner,
    "forgot_password": _sends(email="somebody@example.org"),
    "reset_password": _sends(token="made up", password=PASSWORD),
    "change_password": _sends(password=PASSWORD, new_password=PASSWORD),
    "verify_email": _sends(token="made up"),
    "change_email": _change_email,
    "turn_on_totp": _sends(),
    "turn_off_totp": _sends(),
    "change_consent": _sends(kind="terms", version="2026-11", given=True),
    "put_values": _sends(values=[]),
    "change_settings": _change_settings,
    "change_me": _change_profile,
    "search_profiles": _searches,
    "profile": _at_owner,
    "compatibility": _at_owner,
    "block": _block,
    "unblock": _unblock,
    "ask_friend": _ask_friend,
    "accept_friend": _friend_request,
    "refuse_friend": _friend_request,
    "unfriend": _unfriend,
    "send_contacts": _sends(contacts=[{"phone": "+4915112345678", "name": "Somebody"}]),
    "read_notifications": _sends(all=True),
    "put_device": _device(platform="ios", token="of everybody"),
    "delete_device": _device(),
    "report: user": _reports("user"),
    "report: call": _reports("call"),
    "report: message": _reports("message"),
    "connection": _of_encounter("connection_id"),
    "room": _of_encounter("room_id"),
    "mute": _mute,
    "unmute": _of_encounter("room_id"),
    "messages": _of_encounter("room_id"),
    "receipts": _of_encounter("message_id"),
    "search_room": _of_encounter("room_id", q="hello"),
    "search_messages": _searches,
    "upload_media": _upload,
    "announce_upload": _sends(purpose="photo", content_type="image/png", size=10_000),
    "send_upload: signed": _upload_address,
    "send_upload: forged": _made_up_upload_address,
    "complete_upload": _sent_upload,
    "media: report": _picture,
    "media: photo": _photo,
    "delete_media": _picture,
    "original_media: signed": _its_address,
    "original_media: forged": _made_up_address,
    "delete_me": _delete_wrongly,
    "export_file: signed": _export_address,
    "export_file: forged": _made_up_export,
    "media_file: signed": _its_file,
    "media_file: forged": _made_up_file,
    "match_replay": _match,
    "call_timeline": _match,
    "appeal": _appeal,
    "decide_appeal": _decide_appeal,
    "ban: user": _bans("user"),
    "ban: moderator": _bans("moderator"),
    "ban: admin": _bans("admin"),
    "unban": _unban,
    "admin_user": _at_owner,
    "correct_user: gender": _corrects(gender="other"),
    "correct_user: role": _corrects(role="moderator"),
    "case": _decides(),
    "claim_case": _decides(),
    "decide_case": _decides(action="warn"),
    "undo_case": _undo,
    "decide_media: pass": _decides_media(action="pass"),
    "decide_media: remove": _decides_media(action="remove", reason="other"),
    "undo_media": _undo_media,
    "suspicions": _suspect,
    "clear_suspicions": _suspect,
    **GROUPS,
    **PLACES,
    **MENTORING,
    **POSTS,
    **REWARDS,
}
