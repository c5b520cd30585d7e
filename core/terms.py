"""What everybody who signs up agrees to, and in which version. The texts are at `/rules` and `/privacy`.

Change a version together with its text: who signs up afterwards has agreed to that one.
"""

from collections.abc import Mapping

from core.vocabulary import ConsentKind

AT_SIGN_UP: Mapping[ConsentKind, str] = {"terms": "2026-11", "privacy": "2026-11-23"}
