"""What the registry of personal data says of times and words; `tests/stores` holds it against the schema."""

from types import SimpleNamespace

import pytest

from core.clock import DAY_MS
from core.data_rules import YOURS, Emptied, Lasts, Table
from core.personal_data import lasts


def test_how_long_rows_last_is_a_setting_or_a_number_of_days() -> None:
    kept = lasts("identity.former_usernames")
    assert kept.ms(SimpleNamespace()) == DAY_MS
    assert str(kept).startswith("1 day after ")
    by_setting = Lasts(setting="export_days", since="it was ready")
    assert by_setting.ms(SimpleNamespace(export_days=7)) == 7 * DAY_MS
    assert str(by_setting) == "`EXPORT_DAYS` after it was ready"
    with pytest.raises(KeyError):
        lasts("identity.blocks")


def test_columns_are_told_in_words_that_people_read() -> None:
    table = Table("a.b", "Something.", file="b", told="created_at=since note", untold={"ours": "id secret"})
    assert table.words == {"created_at": "since", "note": "note"}
    assert table.reasons == {"user_id": YOURS, "id": "ours", "secret": "ours"}
    emptied = Emptied(sets="name = ''; deleted_at = now()", says="emptied")
    assert emptied.values == {"name": "''", "deleted_at": "now()"}
