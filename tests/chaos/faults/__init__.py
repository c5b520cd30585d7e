"""What is done to the product: each fault with its name, what it does and what must hold then."""

from tests.chaos.faults import network, nodes, stores
from tests.chaos.faults.fault import Fault

FAULTS: dict[str, Fault] = {fault.name: fault for fault in (*nodes.FAULTS, *network.FAULTS, *stores.FAULTS)}

__all__ = ["FAULTS", "Fault"]
