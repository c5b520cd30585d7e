"""What reads strangers' uploads, in processes of their own, which `services/decoders.py` starts.

Decoders are written in C and are fed by strangers. Nothing here imports anything else of ours, knows a
secret, or sees two uploads in one process.
"""
