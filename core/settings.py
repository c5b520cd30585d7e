"""Settings: one frozen Struct, read once (`core/environment.py`), passed on by constructors.

Each has a default, a unit in its description and a sentence. The variable of a field is its name in
capitals: `offer_s` is `OFFER_S`. Here are those of the product; `core/server_settings.py` has the server's,
`core/media_settings.py` those of what people upload, `core/job_settings.py` those of jobs and mail.
"""

from typing import Annotated

from msgspec import Meta

from core.job_settings import JobSettings
from core.server_settings import Count, Duration, Pause, Seconds, Switch, Text, about
from core.vocabulary import DecisionPolicy, IceTransportPolicy, VideoStart

Weight = Annotated[float, Meta(ge=0, le=1000)]
MOST_COOL_DOWNS = 10


class Settings(JobSettings, frozen=True, kw_only=True):
    """Everything an operator can set: how people meet, talk and decide, and the server's own."""

    # Timers of a call
    offer_s: Annotated[Seconds, about("Seconds an offer waits to be accepted.")] = 8
    offer_silence_s: Annotated[
        Duration,
        about("Seconds within which both users have to answer a ping at an offer, or it ends."),
    ] = 2
    connect_s: Annotated[Seconds, about("Seconds a call may take to connect.")] = 15
    grace_s: Annotated[Seconds, about("Seconds a call waits for a user whose connection was lost.")] = 20
    call_ping_s: Annotated[Duration, about("Seconds between two pings to a device in a call.")] = 3
    call_silence_s: Annotated[
        Duration, about("Seconds without a word or an answer after which a device in a call is lost to it.")
    ] = 7
    decision_s: Annotated[Seconds, about("Seconds to decide after a call.")] = 30
    report_h: Annotated[Count, about("Hours after its end for which a call may be reported.")] = 24
    ring_s: Annotated[Seconds, about("Seconds a direct call rings.")] = 30
    max_call_s: Annotated[Seconds, about("Seconds a call may last.")] = 1800
    queue_s: Annotated[Seconds, about("Seconds a ticket waits in the queue.")] = 300
    max_restarts: Annotated[Count, about("Times a call may be restarted.")] = 10
    video_start: Annotated[
        VideoStart,
        about("Whether the other's picture is shown at once, or blurred until the one who looks taps it."),
    ] = "open"
    auto_accept: Annotated[Switch, about("Whether an offer asks the client to accept by itself.")] = "on"

    # Matching
    queue_update_s: Annotated[Seconds, about("Seconds between two `queue:updated`.")] = 3
    queue_lease_s: Annotated[
        Seconds, about("Seconds a ticket survives the loss of its user's last connection.")
    ] = 10
    candidates: Annotated[Count, about("Waiting tickets that one search looks at.")] = 256
    rematch_h: Annotated[
        float,
        Meta(ge=0, le=8784),
        about("Hours before the same two may meet again; fractions too, as 0.002."),
    ] = 24
    no_show_apart_s: Annotated[
        Pause,
        about(
            "Seconds before two are offered to each other again after one of them left an offer unanswered;"
            " never longer than REMATCH_H."
        ),
    ] = 60
    rematch_alone_s: Annotated[
        Pause,
        about(
            "Seconds of waiting after which two who met within REMATCH_H may meet again when neither has "
            "anybody else to meet, and neither declined, skipped or reported the other; 0: never."
        ),
    ] = 0
    match_weight_intent: Annotated[
        Weight,
        about("Weight of the same intent in the score of a pair; of all weights only the proportions count."),
    ] = 25
    match_weight_language: Annotated[Weight, about("Weight of a language in common.")] = 20
    match_weight_country: Annotated[Weight, about("Weight of the same country.")] = 10
    match_weight_values: Annotated[Weight, about("Weight of how close their values are.")] = 25
    match_weight_age: Annotated[Weight, about("Weight of how close they are in age.")] = 10
    match_weight_trust: Annotated[Weight, about("Weight of the same tier of trust.")] = 5
    match_weight_wait: Annotated[
        Weight, about("Weight of how long the one who waited longer has waited.")
    ] = 5
    match_wait_cost: Annotated[
        float,
        Meta(ge=0, le=1),
        about(
            "What a second of waiting costs, in score, where 1 is a perfect fit: raise it and people are "
            "matched sooner, lower it and they are kept for somebody who fits better."
        ),
    ] = 0.008
    match_departure_cost: Annotated[
        float,
        Meta(ge=0, le=10),
        about(
            "What it costs, in score, that somebody leaves by themselves before they are matched, beside the "
            "match they miss: raise it and more people are matched, lower it and they fit better."
        ),
    ] = 1.5
    match_last_call: Annotated[
        Switch,
        about(
            "Whether somebody whose patience is about to end is matched with anybody permitted who waits, "
            "though that one might expect better."
        ),
    ] = "on"
    relax_countries_s: Annotated[Pause, about("Seconds for which a wish for countries excludes others.")] = 5
    relax_intents_s: Annotated[Pause, about("Seconds for which a wish for intents excludes others.")] = 10
    relax_languages_s: Annotated[Pause, about("Seconds for which a wish for languages excludes others.")] = 20
    match_record_candidates: Annotated[
        Count, about("Candidates recorded for each match, so that admins can see why it was made.")
    ] = 8
    match_record_days: Annotated[Count, about("Days for which the record of a match is kept.")] = 14
    cool_downs_s: Annotated[
        Text,
        about(
            "Seconds before a user through whom a match failed may queue again: after the first time within"
            " COOL_DOWN_WINDOW_S, the second and so on, separated by commas; the last one stays."
            " None with RATE_LIMITS off."
        ),
    ] = "0,30,300"
    cool_down_window_s: Annotated[Seconds, about("Seconds for which such a failure counts.")] = 3600
    trust_window_d: Annotated[
        Count, about("Days for which calls and reports count towards a user's trust.")
    ] = 30
    early_hang_up_s: Annotated[
        Seconds, about("Seconds of a live call within which leaving it is a very early hang-up.")
    ] = 3
    trust_review_s: Annotated[
        Seconds, about("Seconds after which users who are trusted or suspect are judged again.")
    ] = 3600
    mark_days: Annotated[
        Count,
        about(
            "Days for which keyed hashes of what an account was last seen with are kept; of banned users, for"
            " as long as the ban."
        ),
    ] = 180
    suspicion_days: Annotated[
        Count, about("Days after which a suspicion that an account is that of somebody banned lapses.")
    ] = 90
    suspend_reporters: Annotated[
        Count,
        about(
            "Different people whose reports within SUSPEND_WITHIN_H suspend a user until a moderator has"
            " looked; those who are trusted count twice, those whom nobody else knows, or who were mostly"
            " wrong, not at all."
        ),
    ] = 5
    suspend_within_h: Annotated[Count, about("Hours within which these reports have to come.")] = 24
    claim_m: Annotated[Count, about("Minutes for which a case is left to the moderator who claimed it.")] = 15
    decision_policy: Annotated[
        DecisionPolicy,
        about("Who decides: in a female-male pair the woman alone, both must agree, or one is enough."),
    ] = "female_decides"

    # Names and friends
    username_reserved_days: Annotated[
        Count, about("Days for which a username that was given up is kept for its former owner.")
    ] = 90
    contacts_a_user: Annotated[
        Count, about("Contacts that are kept of one account: those that were sent last.")
    ] = 10_000
    friend_refusals: Annotated[
        Count, about("Refusals after which somebody cannot ask the same person to be a friend any more.")
    ] = 3
    friend_request_days: Annotated[
        Count, about("Days for which an answered friend request is kept, and a refusal counts.")
    ] = 90

    notification_days: Annotated[
        int,
        Meta(ge=60),
        about("Days for which notifications are kept after the quarter in which they were made."),
    ] = 365

    # Delivery
    stream_events: Annotated[Count, about("Durable events kept for each user.")] = 1000
    stream_s: Annotated[Seconds, about("Seconds durable events are kept.")] = 300
    connection_lease_s: Annotated[
        Seconds, about("Seconds a connection counts as present without renewal.")
    ] = 15

    # Calls
    ice_transport_policy: Annotated[
        IceTransportPolicy, about("`relay` keeps strangers' addresses from each other; needs TURN.")
    ] = "all"
    stun_urls: Annotated[Text, about("STUN servers given to clients, separated by commas.")] = ""
    turn_urls: Annotated[Text, about("TURN servers given to clients, separated by commas.")] = ""
    turn_secret: Annotated[
        Text, about("Shared secret of the TURN servers (coturn's static-auth-secret).")
    ] = ""
    turn_s: Annotated[Seconds, about("Seconds for which a TURN credential is valid.")] = 7200

    # Limits
    max_message_chars: Annotated[Count, about("Characters of one chat message.")] = 4000
    max_sdp_bytes: Annotated[Count, about("Bytes of one SDP.")] = 24 * 1024
    max_candidate_bytes: Annotated[Count, about("Bytes of one ICE candidate.")] = 512
    max_descriptions: Annotated[Count, about("Descriptions a side may send in one epoch.")] = 20
    max_candidates: Annotated[Count, about("ICE candidates a side may send in one epoch.")] = 40

    @property
    def renewal_s(self) -> float:
        """Seconds between two renewals of what connections hold: a third of the shortest lease."""
        return min(self.queue_lease_s, self.connection_lease_s) / 3

    @property
    def rematch_ms(self) -> int:
        """`rematch_h` in ms."""
        return round(self.rematch_h * 3_600_000)

    @property
    def cool_downs(self) -> tuple[int, ...]:
        """`cool_downs_s` in numbers."""
        return tuple(map(int, self.cool_downs_s.split(",")))
