"""Ends of calls that are programs: clients of the public contract whose media is aiortc's."""
