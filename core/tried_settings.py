"""The settings of matching that an operator tries beside those in force, without effect (`MATCH_SHADOW`)."""

from typing import get_type_hints

import msgspec
from msgspec.structs import replace

from core.settings import Settings

_OF = "match_"
TRIED = tuple(
    name.removeprefix(_OF)
    for name in Settings.__struct_fields__
    if name.startswith(f"{_OF}weight_")
    or name in {"match_wait_cost", "match_departure_cost", "match_last_call"}
)


def tried(settings: Settings) -> Settings | None:
    """These settings with those to be tried in place of theirs; None where nothing is tried.

    They are `weight_values=50,departure_cost=1`: names of settings without `MATCH_`. Raises ValueError with
    what is wrong.
    """
    if not settings.match_shadow.strip():
        return None
    hints, found = get_type_hints(Settings, include_extras=True), dict[str, object]()
    for each in settings.match_shadow.split(","):
        name, _, value = (part.strip() for part in each.partition("="))
        if name not in TRIED:
            raise ValueError(f"{name!r} is none of {', '.join(TRIED)}")
        try:
            found[_OF + name] = msgspec.convert(value, hints[_OF + name], strict=False)
        except msgspec.ValidationError as mistake:
            raise ValueError(f"{name}: {mistake}".replace("`", "")) from None
    shadow = replace(settings, **found)
    if not any(
        getattr(shadow, name) for name in Settings.__struct_fields__ if name.startswith(f"{_OF}weight_")
    ):
        raise ValueError("one of the weights has to be above 0")
    return shadow
