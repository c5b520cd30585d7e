"""The other side of echo calls, in a process of its own: it sends back what it gets, as it came."""
