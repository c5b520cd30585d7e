"""How the endpoints of groups are asked: of a group that the owner leads, and the peer is in."""

from collections.abc import Mapping
from typing import Any

from tests.integration.authorisation.asked import Asked, Way
from tests.integration.authorisation.people import Caller, Scene
from tests.stores.grouping import Party


async def _made(scene: Scene) -> str:
    return (await Party(scene.world).of(scene.owner.id, scene.people["peer"].id)).id


def _group(**body: Any) -> Way:
    async def way(scene: Scene, _caller: Caller) -> Asked:
        return Asked(path={"id": await _made(scene)}, sent={"json": body} if body else {})

    return way


def _member(whom: str, **body: Any) -> Way:
    """The peer, or the owner."""

    async def way(scene: Scene, _caller: Caller) -> Asked:
        path = {"id": await _made(scene), "user_id": scene.people[whom].id}
        return Asked(path=path, sent={"json": body} if body else {})

    return way


async def _adds_friend(scene: Scene, caller: Caller) -> Asked:
    """A friend of whoever asks and is in the group."""
    someone = await scene.world.person()
    if caller.role in {"owner", "peer"}:
        await scene.world.befriended((someone, caller.id))
    return Asked(path={"id": await _made(scene), "user_id": someone}, sent={"json": {"role": "member"}})


async def _invite(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": await _made(scene)}, sent={"json": {}})


async def _invitation(scene: Scene, _caller: Caller) -> Asked:
    group_id = await _made(scene)
    status, made = await scene.owner.rest("POST", f"/v1/groups/{group_id}/invitations", json={})
    assert status == 201, made
    return Asked(path={"id": group_id, "invitation_id": made["id"]})


async def _join(scene: Scene, caller: Caller) -> Asked:
    """By an invitation of the owner's."""
    to = await _invitation(scene, caller)
    _, standing = await scene.owner.rest("GET", f"/v1/groups/{to.path['id']}/invitations")
    codes = {each["id"]: each["code"] for each in standing["items"]}
    return Asked(sent={"json": {"code": codes[to.path["invitation_id"]]}})


async def _create(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": {"name": "Runners"}})


GROUPS: Mapping[str, Way] = {
    "create_group": _create,
    "join_group": _join,
    "preview_group": _join,
    "group": _group(),
    "change_group": _group(name="Walkers"),
    "end_group": _group(),
    "group_members": _group(),
    "put_member: role": _member("peer", role="admin"),
    "put_member: friend": _adds_friend,
    "remove_member: peer": _member("peer"),
    "remove_member: owner": _member("owner"),
    "invitations": _group(),
    "invite": _invite,
    "revoke_invitation": _invitation,
}
