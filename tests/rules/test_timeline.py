"""What is noted of a call, whatever happens in it, and the verdict that it comes to."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from msgspec.structs import replace

from core.errors import AppError
from core.vocabulary import EndReason
from signaling.call import ACTIVE, State
from signaling.messages import (
    Accept,
    Back,
    CallMessage,
    Connected,
    Deadline,
    Decline,
    Hangup,
    Lost,
    Moderate,
    Restart,
    Silent,
    Skip,
)
from signaling.store_loss import after_loss
from signaling.timeline import KINDS, Note, begun, changes, read, written
from signaling.transitions import advance
from signaling.verdicts import OF_ONE, RULES, VERDICTS, for_each, whole
from tests.rules.calls import LAPTOP, PHONE, Table
from tests.rules.people import ANA, BEN
from tests.rules.test_call_properties import stories

USERS = [ANA, BEN]


class Recorded(Table):
    """A call of which all is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.notes = begun(self.call, auto_accept=True)

    def say(self, message: CallMessage) -> list[Any]:
        before = self.call
        effects = super().say(message)
        self.notes += changes(before, self.call, message, self.now)
        return effects

    def note(self, kind: str, user_id: str | None = None, **data: object) -> None:
        """What the recorder adds."""
        self.notes.append(Note(self.now, kind, user_id, data))

    def later(self, seconds: float) -> None:
        self.now += round(seconds * 1000)

    @property
    def kinds(self) -> list[str]:
        return [note.kind for note in self.notes]

    @property
    def codes(self) -> tuple[str, str, str]:
        """For Ana, for Ben, and for admins."""
        each = for_each(self.notes, USERS)
        return each[ANA].code, each[BEN].code, whole(self.notes, USERS).code

    def text(self, user_id: str) -> str:
        return for_each(self.notes, USERS)[user_id].text


@given(stories)
def test_whatever_happens_is_noted_in_order_and_comes_to_a_verdict(story: list[Any]) -> None:
    """No note has an address or a device's own name, each survives storing, and every end has a verdict."""
    table = Recorded()
    for message, seconds in story:
        table.later(seconds)
        with_refusal = table.call
        try:
            table.say(message)
        except AppError:
            assert table.call is with_refusal
    assert [note.at for note in table.notes] == sorted(note.at for note in table.notes)
    assert set(table.kinds) <= set(KINDS)
    assert table.kinds.count("ended") == (table.call.state not in ACTIVE)
    stored = written(table.notes)
    assert read(stored) == table.notes
    text = b"".join(stored).decode()
    assert not any(device in text for device in (PHONE, LAPTOP, "b-phone"))
    for user in USERS:
        verdict = for_each(table.notes, USERS)[user]
        assert verdict.user_id in {None, user}
        assert "{" not in verdict.text
        assert (verdict.code == "going_on") == (table.call.state in ACTIVE)


def test_the_clocks_of_two_nodes_turn_no_change_round() -> None:
    """His node was ahead, and what she had said waited for a change: it stands where it was said."""
    kept = [Note(12, "queued", BEN), Note(10, "offered"), Note(11, "accepted", ANA), Note(15, "started")]
    said = Note(14, "media", ANA, {"audio": False, "video": False})
    told = read(written([*kept, said, Note(14, "live")]))
    assert [note.kind for note in told] == ["queued", "offered", "accepted", "media", "started", "live"]
    assert [note.at for note in told] == [12, 12, 12, 14, 15, 15]


def test_every_reason_has_a_verdict_for_all_three() -> None:
    """Also one that a newer version ends calls with."""
    for reason in (*get_args(EndReason), "of_tomorrow"):
        for by in (None, ANA):
            data = {
                "reason": reason,
                "state": "live",
                "epoch": 1,
                "connected": USERS,
                "accepted": USERS,
                "lost": [],
            }
            notes = [Note(1, "offered"), Note(2, "live", None, {"after_ms": 1}), Note(3, "ended", by, data)]
            for verdict in (whole(notes, USERS), *for_each(notes, USERS).values()):
                assert verdict.code in VERDICTS
                assert verdict.code != "going_on"


def test_each_code_has_its_sentences() -> None:
    """Every rule can be told, to each of the two and to admins, and no sentence is of no rule."""
    rules = [rule for part in RULES for rule in part]
    told = {rule.code for rule in rules} | {rule.other for rule in rules if rule.other}
    assert told | {"ended", "going_on"} == VERDICTS.keys()
    assert OF_ONE.keys() <= {rule.code for rule in rules if rule.other}
    assert not any(" you" in text.lower() or "your" in text.lower() for text in OF_ONE.values())


def test_a_call_from_the_queue_to_the_end() -> None:
    table = Recorded()
    table.go_live()
    table.later(65)
    table.say(Hangup(BEN))
    order = "queued queued offered accepted accepted started connected connected live ended"
    assert table.kinds == order.split()
    assert table.codes == ("other_hung_up", "hung_up", "hung_up")
    ended = table.notes[-1]
    assert (ended.user_id, ended.data["reason"], ended.data["duration_s"]) == (BEN, "hung_up", 65)


def test_who_declines_and_who_does_not_answer() -> None:
    table = Recorded()
    table.say(Decline(ANA))
    assert table.codes == ("declined", "other_declined", "declined")
    table = Recorded()
    table.say(Accept(ANA, PHONE))
    table.wait(8)
    assert table.codes == ("other_no_answer", "no_answer", "no_answer")
    table = Recorded()
    table.say(Silent(BEN))
    assert table.codes == ("other_no_answer", "asleep", "asleep")


def test_who_never_gave_access_to_the_microphone() -> None:
    """The other one reads no more than that it was there."""
    table = Recorded()
    table.say(Accept(ANA, PHONE))
    table.note("problem", BEN, what="microphone_refused", epoch=0)
    table.say(Decline(BEN))
    assert table.codes == ("other_side", "microphone_refused", "microphone_refused")
    assert table.text(BEN) == "You never gave access to the microphone."
    assert table.text(ANA) == "The cause was at the other side."


def test_a_microphone_that_was_given_after_all_is_no_cause() -> None:
    table = Recorded()
    table.note("problem", BEN, what="microphone_refused", epoch=0)
    table.go_live()
    table.later(30)
    table.say(Hangup(BEN))
    assert table.codes[1] == "hung_up"


def connecting(policy: str = "all") -> Recorded:
    """A call that has started, on these ways."""
    table = Recorded()
    table.call = replace(table.call, policy=policy)
    table.start()
    return table


def test_relay_only_and_the_relay_did_not_answer() -> None:
    """One found no relay; it may know why."""
    for problem, code in ((None, "relay_silent"), ("relay_refused", "relay_refused")):
        table = connecting("relay")
        table.note("candidates", ANA, epoch=1, host=2, relay=1)
        table.note("candidates", BEN, epoch=1, host=2, srflx=1)
        if problem:
            table.note("problem", BEN, what=problem, epoch=1)
        table.wait(15)
        assert table.codes == ("other_side", code, code)


def test_both_found_no_relay() -> None:
    """Each reads their own cause."""
    table = connecting("relay")
    for user in USERS:
        table.note("candidates", user, epoch=1, host=1)
    table.wait(15)
    assert table.codes == ("relay_silent", "relay_silent", "relay_silent")


def test_no_way_between_two_networks() -> None:
    table = connecting()
    for user in USERS:
        table.note("candidates", user, epoch=1, host=1, srflx=1)
    table.wait(15)
    assert table.codes == ("no_way",) * 3


def test_an_app_that_accepts_and_does_nothing() -> None:
    table = connecting()
    table.note("candidates", ANA, epoch=1, host=1, relay=1)
    table.wait(15)
    assert table.codes == ("other_side", "not_begun", "not_begun")


def test_what_was_found_in_an_epoch_before_does_not_count() -> None:
    table = connecting()
    for user in USERS:
        table.note("candidates", user, epoch=1, host=1, relay=1)
    table.say(Restart(ANA, PHONE, 1))
    for user in USERS:
        table.note("candidates", user, epoch=2, host=1)
    table.wait(15)
    assert table.codes == ("no_way",) * 3


@pytest.mark.parametrize(
    ("left", "hers", "his"), [(True, "other_left", "left_page"), (False, "other_side", "connection_lost")]
)
def test_the_other_side_left_the_page_or_was_lost(left: bool, hers: str, his: str) -> None:
    table = Recorded()
    table.go_live()
    table.later(10)
    table.say(Lost(BEN, "b-phone", left=left))
    table.wait(20)
    assert table.codes == (hers, his, his)


def test_who_waits_no_longer_for_one_who_left_has_not_ended_it() -> None:
    table = Recorded()
    table.go_live()
    table.say(Lost(BEN, "b-phone", left=True))
    table.later(3)
    table.say(Hangup(ANA))
    assert table.codes == ("other_left", "left_page", "left_page")


def test_the_network_changed_and_came_back() -> None:
    table = Recorded()
    table.go_live()
    table.later(10)
    table.say(Restart(ANA, PHONE, 1))
    table.later(3.1)
    table.say(Connected(ANA, PHONE, 2))
    table.say(Connected(BEN, "b-phone", 2))
    table.later(60)
    table.say(Hangup(ANA))
    assert table.codes == ("network_changed",) * 3
    assert table.text(BEN) == "The network changed, and the call came back in 3.1 s."


def test_whose_socket_was_cut_for_a_while_reads_for_how_long() -> None:
    table = Recorded()
    table.go_live()
    table.later(10)
    table.say(Lost(BEN, "b-phone"))
    table.later(10.2)
    table.say(Back(BEN, "b-phone"))
    table.later(60)
    table.say(Hangup(ANA))
    assert table.codes == ("other_side", "was_away", "was_away")
    assert table.text(BEN) == "Your connection was away for 10.2 s and came back."


def test_loss_upstream_is_the_mean_of_all_samples() -> None:
    table = Recorded()
    table.go_live()
    table.note("quality", BEN, loss=0.1, samples=1)
    table.note("quality", BEN, loss=0.345, samples=6)
    table.note("quality", ANA, loss=0.01, samples=7)
    table.later(60)
    table.say(Hangup(ANA))
    assert table.codes == ("other_side", "loss_up", "loss_up")
    assert table.text(BEN) == "31 % of what you sent was lost on the way."
    assert whole(table.notes, USERS).of_one == "31 % of what one side sent was lost on the way."


def test_what_the_server_lost_is_nobodys_fault() -> None:
    table = Recorded()
    table.go_live()
    lost = replace(table.call, state=State.RECONNECTING)
    ended, _ = after_loss(lost, table.now, table.rules)
    table.notes = [Note(table.now, "server_lost"), *changes(lost, ended, Deadline(), table.now)]
    assert table.codes == ("server_lost",) * 3


def test_moderation_ends_a_call() -> None:
    table = Recorded()
    table.go_live()
    table.say(Moderate(BEN))
    assert table.codes == ("moderated",) * 3


def test_who_gives_up_ringing_has_been_missed_by_nobody_else() -> None:
    """The one who was rung reads that the other one stopped."""
    notes = [Note(1, "offered"), Note(1, "accepted", ANA), Note(9, "ended", ANA, {"reason": "cancelled"})]
    each = for_each(notes, USERS)
    assert (each[ANA].code, each[BEN].code) == ("cancelled", "other_cancelled")


def test_what_media_goes_by_and_who_wants_what_is_noted() -> None:
    """Whoever agrees to go direct, and whoever wants to talk for longer."""
    before = replace(Table().go_live().call, policy="relay")
    asked = replace(before, agreed_direct=(ANA,), wants_longer=(BEN,))
    notes = changes(before, asked, Back(ANA, PHONE), 5)
    assert [(n.kind, n.user_id, n.data) for n in notes] == [
        ("direct", ANA, {"agree": True}),
        ("longer", BEN, {}),
    ]
    both = replace(asked, agreed_direct=(ANA, BEN), policy="all", epoch=2, max_call_s=2700)
    notes = changes(asked, both, Back(ANA, PHONE), 5)
    assert [(n.kind, n.data) for n in notes] == [
        ("direct", {"agree": True}),
        ("started", {"epoch": 2, "policy": "all"}),
        ("prolonged", {"max_call_s": 2700}),
    ]


def test_going_on_to_the_next() -> None:
    table = Recorded()
    table.say(Skip(ANA, "new-ticket"))
    assert table.codes == ("skipped", "other_skipped", "skipped")
    table = Recorded()
    table.start()
    table.say(Hangup(BEN))
    assert table.codes == ("other_gave_up", "gave_up", "gave_up")


def test_a_note_of_another_version_is_passed_over() -> None:
    """And a kind that is not known here is kept."""
    entries = [b"{}", b'["soon"]', json.dumps([5, "of_tomorrow", None, {}, "more"]).encode()]
    assert read(entries) == [Note(5, "of_tomorrow")]


def test_what_is_decided_is_not_in_the_notes() -> None:
    """Votes are sealed: the record has them."""
    table = Recorded()
    table.hang_up()
    count = len(table.notes)
    table.wait(30)
    assert table.call.state is State.CLOSED
    assert len(table.notes) == count
    with pytest.raises(AppError):
        advance(table.call, Hangup(ANA), table.now, table.rules)
