"""Services of others that we ask over HTTP, each behind a port of `services/ports.py`."""
