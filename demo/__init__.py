"""A town to try the product in: people, places, a month of their life, and some who answer calls.

`plan/` says what there is and what happens when: pure functions of a seed. `filling/` has it done, over REST
and as people would. `ways.py` is what `python -m realtime demo` does. Never in production.
"""
