"""What somebody holds dear, on the wire: values in categories of one's own, each with a strength."""

from typing import Annotated

from msgspec import Meta

from core.wire.endpoint import Endpoint
from core.wire.message import Input

MAX_VALUES = 50
MAX_CATEGORY = 50
MAX_NAME = 100

Strength = Annotated[
    int, Meta(ge=0, le=100, examples=[80], description="100: most dear. 50: indifferent. 0: the opposite.")
]


class OwnValue(Input):
    """A value. Case and spaces make no difference: `Honesty` and ` honesty ` are one, in one category."""

    category: Annotated[str, Meta(min_length=1, max_length=MAX_CATEGORY, examples=["character"])]
    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME, examples=["Honesty"])]
    strength: Strength


class OwnValues(Input):
    """All of one's values, none of them twice."""

    values: Annotated[list[OwnValue], Meta(max_length=MAX_VALUES)]


ENDPOINTS = (
    Endpoint(
        name="values",
        method="GET",
        path="/v1/me/values",
        area="me",
        summary="What one holds dear, in the order in which it was put.",
        reply=OwnValues,
    ),
    Endpoint(
        name="put_values",
        method="PUT",
        path="/v1/me/values",
        area="me",
        summary="Hold these values and no others; matching prefers people whose values are close.",
        body=OwnValues,
        reply=OwnValues,
    ),
)
