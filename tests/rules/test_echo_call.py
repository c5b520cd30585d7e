"""A call with the server itself: the same table as any call, with nobody on the other side."""

import pytest
from prometheus_client import CollectorRegistry

from core.contract.calls import SessionDescription
from core.errors import Conflict
from core.ids import new_id
from realtime.calls.metrics import CallMetrics
from signaling.call import State, decider_for
from signaling.echo import echo_id, is_echo, without_addresses
from signaling.effects import Judge, RecordEnded, Start
from signaling.messages import (
    Accept,
    Connected,
    Decline,
    Hangup,
    Lost,
    Moderate,
    Report,
    Restart,
    Skip,
)
from tests.rules.calls import LAPTOP, PHONE, EchoTable, told
from tests.rules.people import ANA
from tests.signaling.samples import SAMPLES


def test_nobody_has_the_id_of_the_other_side() -> None:
    call_id = new_id()
    assert echo_id(call_id) != call_id
    assert (is_echo(echo_id(call_id)), is_echo(call_id), is_echo(new_id())) == (True, False, False)
    assert echo_id(new_id()) != echo_id(call_id), "each call has one of its own"


def test_the_server_has_accepted_before() -> None:
    table = EchoTable()
    effects = table.say(Accept(ANA, PHONE))
    assert table.call.state is State.CONNECTING
    starts = [(effect.user_id, effect.device) for effect in effects if isinstance(effect, Start)]
    assert starts == [(ANA, PHONE), (table.echo, "a-process")]
    assert (table.call.role(ANA), table.call.role(table.echo)) == ("offerer", "answerer")
    assert decider_for(table.call, ANA, table.rules) is None
    assert told(effects, ANA, "call:ended") == [], "no other device was told of the offer"


def test_another_device_may_accept_and_the_one_that_asked_hears_of_it() -> None:
    effects = EchoTable().say(Accept(ANA, LAPTOP))
    assert [ended["reason"] for ended in told(effects, ANA, "call:ended")] == ["other_device"]


def test_it_lasts_as_long_as_an_echo_call_may() -> None:
    table = EchoTable().go_live()
    assert table.call.deadline == table.now + 60_000
    table.wait(60)
    assert (table.call.state, table.call.reason) == (State.CLOSED, "max_duration")


@pytest.mark.parametrize(("ends", "reason"), [(Hangup, "hung_up"), (Moderate, "moderated")])
def test_nothing_is_decided_or_judged_by_it(ends: type[Hangup | Moderate], reason: str) -> None:
    table = EchoTable().go_live()
    effects = table.say(ends(ANA))
    assert (table.call.state, table.call.reason) == (State.CLOSED, reason)
    assert "decision" not in told(effects, ANA, "call:ended")[0]
    assert not any(isinstance(effect, Judge) for effect in effects)
    assert all(effect.at_fault == () for effect in effects if isinstance(effect, RecordEnded))


def test_who_never_accepts_or_declines_has_no_fault() -> None:
    for message in (Decline(ANA), None):
        table = EchoTable()
        effects = table.say(message) if message else table.wait(8)
        assert table.call.at_fault == ()
        assert len(told(effects, ANA, "call:ended")) == 1


def test_nobody_can_be_reported_or_skipped() -> None:
    table = EchoTable().go_live()
    for message in (Report(ANA, "report", "spam"), Skip(ANA, "ticket")):
        with pytest.raises(Conflict):
            table.say(message)
    assert table.call.state is State.LIVE


def test_the_server_is_never_on_record_as_who_ended_it() -> None:
    """The record knows users alone."""
    table = EchoTable().go_live()
    table.say(Hangup(table.echo))
    assert (table.call.state, table.call.left_by) == (State.CLOSED, None)


def test_a_process_that_died_is_waited_for_and_replaced() -> None:
    table = EchoTable().go_live()
    table.say(Lost(table.echo, "a-process"))
    assert table.call.deadline == table.now + 20_000
    table.say(Restart(table.echo, "another", 1))
    assert (table.call.epoch, table.call.party(table.echo).device) == (2, "another")
    table.say(Connected(table.echo, "another", 2))
    table.say(Connected(ANA, PHONE, 2))
    assert table.call.state is State.LIVE


def test_a_process_that_never_comes_back() -> None:
    table = EchoTable().go_live()
    table.say(Lost(table.echo, "a-process"))
    table.wait(20)
    assert (table.call.state, table.call.reason) == (State.CLOSED, "connection_lost")


def test_it_counts_in_no_figure_of_calls() -> None:
    """Only among calls with the server, by why they ended."""
    registry, metrics, table = CollectorRegistry(), CallMetrics(), EchoTable()
    registry.register(metrics)
    before = figures(registry)
    for message in (
        Accept(ANA, PHONE),
        Connected(ANA, PHONE, 1),
        Connected(table.echo, "a-process", 1),
        Hangup(ANA),
    ):
        was = table.call
        table.say(message)
        metrics.changed(was, table.call)
    after = figures(registry)
    moved = {name for name in after if after[name] != before[name]}
    assert moved == {"realtime_echo_calls_ended_total{'reason': 'hung_up'}"}


def figures(registry: CollectorRegistry) -> dict[str, float]:
    return {
        f"{sample.name}{sample.labels}": sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if not sample.name.endswith("_created")
    }


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith("offer")])
def test_the_server_is_told_no_address(name: str) -> None:
    """Neither of a candidate nor of a connection: there is nothing that it could send a packet to."""
    said = SAMPLES[name]
    hostile = said.sdp.replace(
        "a=setup:",
        "a=candidate:1 1 udp 2122260223 198.51.100.7 5000 typ host\r\n"
        "a=candidate:2 1 tcp 1 198.51.100.7 443 typ host tcptype passive\r\na=end-of-candidates\r\na=setup:",
        1,
    )
    passed = without_addresses(SessionDescription(type="offer", sdp=hostile)).sdp
    assert "candidate" not in passed
    assert {line for line in passed.split("\r\n") if line.startswith("c=")} <= {"c=IN IP4 0.0.0.0"}
    assert "198.51.100.7" not in passed
    assert all(line.split()[1] in ("0", "9") for line in passed.split("\r\n") if line.startswith("m="))
    kept = ("a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=mid", "a=rtpmap", "a=ssrc")
    assert [x for x in passed.split("\r\n") if x.startswith(kept)] == [
        x for x in hostile.split("\r\n") if x.startswith(kept)
    ]
