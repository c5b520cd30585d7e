"""Settings: one frozen Struct, read once (`core/environment.py`), passed on by constructors.

Each has a default, a unit in its description and a sentence. The variable of a field is its name in
capitals: `offer_s` is `OFFER_S`. Here are those of the product; `core/server_settings.py` has the server's,
`core/media_settings.py` those of what people upload and post, `core/job_settings.py` those of jobs and mail.
"""

from typing import Annotated

from msgspec import Meta

from core.job_settings import JobSettings
from core.server_settings import Count, Duration, Pause, Seconds, Switch, Text, about
from core.vocabulary import DecisionPolicy, EchoPlace, IcePolicy, MatchmakerPlace, VideoStart

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
    extend_percent: Annotated[
        int,
        Meta(ge=0, le=1000),
        about("Percent of its length by which a call is prolonged, once, when both ask; 0: never."),
    ] = 50
    call_warning_s: Annotated[
        Pause, about("Seconds before its end at which both are told that a call has little time left.")
    ] = 120
    video_request_h: Annotated[Count, about("Hours for which a video request waits for an answer.")] = 24
    video_request_pause_h: Annotated[
        Pause, about("Hours for which whoever was refused video may not ask the same one again.")
    ] = 24
    queue_s: Annotated[Seconds, about("Seconds a ticket waits in the queue.")] = 300
    max_restarts: Annotated[
        Count, about("Times a call may be restarted, and times it may leave its relays.")
    ] = 10
    video_start: Annotated[
        VideoStart,
        about("Whether the other's picture is shown at once, or blurred until the one who looks taps it."),
    ] = "open"
    auto_accept: Annotated[Switch, about("Whether an offer asks the client to accept by itself.")] = "on"

    # Matching
    matchmaker: Annotated[
        MatchmakerPlace,
        about(
            "Who finds pairs: each node, for those who join there and, in turns, for all who wait (`here`),"
            " or a process that an operator starts with `python -m realtime matchmaker` (`apart`)."
        ),
    ] = "here"
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
    match_weight_places: Annotated[
        Weight,
        about(
            "Weight of going to the same places, for two who both want that to count: beside the others, of"
            " which 100 is the sum by default, so it takes nothing from anybody else's score."
        ),
    ] = 10
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
    ] = 2.0
    match_last_call: Annotated[
        Switch,
        about(
            "Whether somebody whose patience is about to end is matched with anybody permitted who waits, "
            "though that one might expect better."
        ),
    ] = "on"
    match_shadow: Annotated[
        Text,
        about(
            "Settings of matching that are tried beside those in force, without effect, with their names"
            " without MATCH_, such as weight_values=50,departure_cost=1; metrics say how they would decide."
            " Empty: nothing is tried."
        ),
    ] = ""
    relax_countries_s: Annotated[Pause, about("Seconds for which a wish for countries excludes others.")] = 5
    relax_intents_s: Annotated[Pause, about("Seconds for which a wish for intents excludes others.")] = 10
    relax_languages_s: Annotated[Pause, about("Seconds for which a wish for languages excludes others.")] = 20
    match_record_candidates: Annotated[
        Count, about("Candidates recorded for each match, so that admins can see why it was made.")
    ] = 8
    timeline_days: Annotated[
        Pause, about("Days for which the timeline of a call is kept, for admins; 0: none is recorded.")
    ] = 30
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
        about(
            "Who decides: in a female-male pair the woman alone, both must agree, or one is enough. Video"
            " requests are answered by her alone too, otherwise by the other than who asks."
        ),
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

    # Groups
    group_members: Annotated[int, Meta(ge=2, le=2_000), about("Members that a group may have.")] = 500
    groups_a_user: Annotated[Count, about("Groups of which one account may be a member.")] = 200
    groups_per_h: Annotated[Count, about("Groups that one account makes, invites to, or joins, an hour.")] = (
        60
    )
    groups_burst: Annotated[Count, about("Groups that one account makes, invites to, or joins, at once.")] = (
        60
    )

    # Mentors
    mentor_ahead_d: Annotated[Count, about("Days ahead for which sessions with mentors may be booked.")] = 90
    mentor_notice_m: Annotated[Pause, about("Minutes before a slot begins until which it may be booked.")] = 0
    mentor_change_h: Annotated[
        Pause,
        about(
            "Hours before it begins until which whoever has booked a session may move or cancel it. Mentors"
            " may until it begins."
        ),
    ] = 12
    mentor_regret_m: Annotated[
        Pause, about("Minutes after booking in which they may all the same, until it begins.")
    ] = 15
    mentor_reminder_m: Annotated[
        Pause, about("Minutes before a session at which both are reminded of it; 0: nobody is.")
    ] = 60
    mentor_settle_h: Annotated[
        Count,
        about(
            "Hours after its end from which a session of which neither said what became of it is settled by"
            " what is on record."
        ),
    ] = 24
    mentor_open_sessions: Annotated[
        Count, about("Sessions with mentors that one account may have ahead of it.")
    ] = 10

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
        IcePolicy,
        about(
            "Who sees whose network address. `auto`: where there is TURN, strangers are kept on relays until"
            " both agree to go direct, and without TURN each sees the address of the other; `all`: each sees"
            " that of the other, unless one of them wishes otherwise (`relay_only`); `relay`: nobody ever"
            " does, which needs TURN. A call keeps what it began with."
        ),
    ] = "auto"
    stun_urls: Annotated[Text, about("STUN servers given to clients, separated by commas.")] = ""
    turn_urls: Annotated[
        Text,
        about(
            "TURN servers given to clients, separated by commas: `turn:host:3478?transport=udp`, the same"
            " with `tcp`, `turns:` for TLS. One for calls of a region alone has its name and `=` before it"
            " (`eu=turn:…`). Without any, people see each other's network addresses."
        ),
    ] = ""
    echo: Annotated[
        EchoPlace,
        about(
            "Who answers echo calls, in which users hear and see themselves: a process that each node starts"
            " beside itself (`here`), those that an operator starts with `python -m realtime echo`"
            " (`apart`), or nobody (`off`)."
        ),
    ] = "here"
    echo_calls: Annotated[Count, about("Echo calls that one such process holds at once.")] = 8
    echo_call_s: Annotated[Seconds, about("Seconds an echo call may last.")] = 60
    echo_kbps: Annotated[Count, about("Kilobits a second that an echo call sends back at most.")] = 2500
    echo_address: Annotated[
        Text,
        about(
            "IP address at which browsers reach the process of echo calls: one of its own (empty: all)"
            ", or one that leads to it, as of a NAT or a container's host, where its UDP ports have to arrive"
            " under the same numbers."
        ),
    ] = ""
    turn_secret: Annotated[
        Text,
        about(
            "Shared secret of the TURN servers (coturn's static-auth-secret). A credential is made by it for"
            " each epoch of a call, good for the longest call and five minutes."
        ),
    ] = ""
    turn_private: Annotated[
        Switch,
        about(
            "Whether the TURN servers are in a private network. Else, in production, a relay with a private"
            " address is not passed on: relays of others would be sent to machines behind them."
        ),
    ] = "off"

    # The page
    map_tiles: Annotated[
        Text,
        about(
            "Address of the pictures that a map of places lies on, with `{z}`, `{x}` and `{y}` in it, as"
            " `https://tiles.example.org/{z}/{x}/{y}.png` (`{r}`: `@2x` on a fine screen). Whoever serves"
            " them sees the network address of who looks at a map, and at which part of it. Empty: a map"
            " shows places on a plain ground with a scale, and asks nobody."
        ),
    ] = ""
    map_credit: Annotated[
        Text,
        about("Whose these pictures are, shown on the map; an address at its end is where it leads."),
    ] = ""

    # Limits
    rings_per_m: Annotated[Count, about("Direct calls of one account a minute.")] = 30
    rings_burst: Annotated[Count, about("Direct calls of one account at once.")] = 30
    ring_one_per_h: Annotated[Count, about("Direct calls of one person to another an hour.")] = 30
    ring_one_burst: Annotated[Count, about("Direct calls of one person to another at once.")] = 10
    video_requests_per_h: Annotated[Count, about("Video requests of one account an hour.")] = 30
    video_requests_burst: Annotated[Count, about("Video requests of one account at once.")] = 30
    bookings_per_h: Annotated[
        Count, about("Bookings and changes of sessions with mentors of one account an hour.")
    ] = 60
    bookings_burst: Annotated[Count, about("Such bookings and changes at once.")] = 30
    reviews_per_h: Annotated[Count, about("Reviews of one account an hour.")] = 30
    reviews_burst: Annotated[Count, about("Reviews of one account at once.")] = 20
    check_ins_per_h: Annotated[
        Count, about("Check-ins of one account an hour, whether they count or not.")
    ] = 60
    check_ins_burst: Annotated[Count, about("Check-ins of one account at once.")] = 30
    check_ins_a_day: Annotated[Count, about("Check-ins of one account that count on one day of theirs.")] = 10
    redemptions_per_m: Annotated[
        Count, about("Codes of rewards that one account of a partner's staff scans and redeems a minute.")
    ] = 120
    redemptions_burst: Annotated[Count, about("The same at once.")] = 240
    max_message_chars: Annotated[Count, about("Characters of one chat message.")] = 4000
    edit_window_s: Annotated[
        Pause, about("Seconds for which whoever has sent a chat message may edit or delete it; 0: never.")
    ] = 900
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
