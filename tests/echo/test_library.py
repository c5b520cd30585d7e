"""What echo calls use of aiortc and aioice that is private there: an update that changes it fails here."""

import inspect
from importlib.metadata import version

from aioice import Connection
from aiortc import RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsTransport

from realtime.echo.media import _Ice, _Turned


def test_the_versions_that_were_read() -> None:
    """Read `realtime/echo/media.py` beside the new ones, and then change this."""
    assert version("aiortc").startswith("1.16.")
    assert version("aioice").startswith("0.13.")


def test_what_is_overridden_is_called_so() -> None:
    for own, theirs in ((_Turned, RTCDtlsTransport), (_Ice, Connection)):
        for name, function in vars(own).items():
            if inspect.isfunction(function) and name.startswith(("_handle", "get_")):
                wanted = list(inspect.signature(getattr(theirs, name)).parameters)
                assert list(inspect.signature(function).parameters) == wanted, name
    assert list(inspect.signature(RTCDtlsTransport._send_rtp).parameters) == ["self", "data"]
    assert "_handle_rtp_data" in inspect.getsource(RTCDtlsTransport._recv_next)
    assert "_queue.put_nowait" in inspect.getsource(Connection.data_received)
    assert "get_component_candidates" in inspect.getsource(Connection.gather_candidates)


def test_the_transport_takes_the_gatherers_connection() -> None:
    assert "gatherer._connection" in inspect.getsource(RTCIceTransport.__init__)
    assert "self._connection.gather_candidates" in inspect.getsource(RTCIceGatherer.gather)
