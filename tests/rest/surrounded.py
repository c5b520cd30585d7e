"""What is around every request of an application, for those that have only that."""

from aiohttp.typedefs import Middleware
from prometheus_client import CollectorRegistry

from core.proxies import Proxies
from rest.http.compression import Compression
from rest.http.headers import CrossOrigin
from rest.http.metrics import RequestMetrics
from rest.http.surroundings import Surroundings


def surroundings() -> Middleware:
    """As the product has it, with nothing compressed and pages of no other origin."""
    metrics, cross_origin = RequestMetrics(CollectorRegistry()), CrossOrigin("", Proxies.of(""))
    return Surroundings(metrics, Compression(0), cross_origin).around
