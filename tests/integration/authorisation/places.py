"""How the endpoints of places are asked."""

from collections.abc import Mapping

from tests.integration.authorisation.asked import Asked, Way
from tests.integration.authorisation.people import Caller, Scene
from tests.stores.places import PLACE, a_check_in, a_place, a_review


async def _place(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": await a_place(scene.world.pool)})


async def _change_place(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": await a_place(scene.world.pool)}, sent={"json": {"verified": True}})


async def _new_place(_scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": PLACE})


async def _review(scene: Scene, _caller: Caller) -> Asked:
    return Asked(path={"id": await a_place(scene.world.pool)}, sent={"json": {"rating": 4}})


async def _own_review(scene: Scene, _caller: Caller) -> Asked:
    """One of the owner's."""
    return Asked(path={"id": await a_review(scene.world.pool, scene.owner.id)})


async def _change_review(scene: Scene, _caller: Caller) -> Asked:
    review_id = await a_review(scene.world.pool, scene.owner.id)
    return Asked(path={"id": review_id}, sent={"json": {"rating": 2}})


async def _report_review(scene: Scene, _caller: Caller) -> Asked:
    subject = {"type": "review", "id": await a_review(scene.world.pool, scene.owner.id)}
    return Asked(sent={"json": {"subject": subject, "reason": "spam", "block": False}})


async def _check_in(scene: Scene, _caller: Caller) -> Asked:
    return Asked(sent={"json": {"location_id": await a_place(scene.world.pool)}})


async def _flag_check_in(scene: Scene, _caller: Caller) -> Asked:
    """The owner's."""
    check_in_id = await a_check_in(scene.world.pool, scene.owner.id)
    return Asked(path={"id": check_in_id}, sent={"json": {"reason": "Nobody was here."}})


PLACES: Mapping[str, Way] = {
    "location": _place,
    "create_location": _new_place,
    "change_location": _change_place,
    "reviews": _place,
    "review": _review,
    "change_review": _change_review,
    "delete_review": _own_review,
    "check_in": _check_in,
    "flag_check_in": _flag_check_in,
    "place_code": _place,
    "visits": _place,
    "report: review": _report_review,
}
