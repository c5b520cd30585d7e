"""The statements of a check-in: each asks at once for all that can be asked then, since each trip costs."""

from db.postgres.composed import after, given
from db.postgres.idempotency import CLAIM, KEEP
from db.postgres.journeys import HELD as JOURNEY_HELD
from db.postgres.journeys import WRITE as JOURNEY
from db.postgres.pool import queries
from db.postgres.rewards import RULES

_SQL = queries("check_ins")
BEGIN = _SQL["begin"].replace(":place", given(_SQL["place"], "$2", "$1"))
BEGIN_ONCE = _SQL["begin_once"].replace(":claim", CLAIM).replace(":place", given(_SQL["place"], "$7", "$6"))
HELD = (
    _SQL["held"]
    .replace(":around", _SQL["around"])
    .replace(":rules", given(RULES, "$5", "$1"))
    .replace(":held", JOURNEY_HELD)
)
_COLUMNS = 12
# User and time are those of the check-in; what comes to it is the next parameter, and then what is answered.
_MOVED = _SQL["moved"].replace(":journey", given(JOURNEY, "$2", f"${_COLUMNS + 1}", "$8"))
_WRITES = {
    (moved, kept): _SQL["write"].replace(
        ":more",
        moved * _MOVED + kept * _SQL["kept"].replace(":keep", after(_COLUMNS + moved, KEEP)),
    )
    for moved in (False, True)
    for kept in (False, True)
}
WRITE = _WRITES[False, False]


def writing(*, moved: bool, kept: bool) -> str:
    """`WRITE`, with the journey or not, and with the answer or not."""
    return _WRITES[moved, kept]
