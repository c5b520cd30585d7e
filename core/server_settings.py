"""Settings of the server: where it listens and keeps things, whom it lets in, how much it takes.

`core/settings.py` has those of the product, and says what holds for all.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

DEFAULT_SECRET = "development-only-secret-of-no-value"  # noqa: S105 - production refuses it
# Supervisors kill what has not ended by then. A process needs some of it for what was begun.
KILLED_S = 30
MOST_DRAIN_S = 15
LEAST_SECRET, LEAST_PRODUCTION_SECRET = 16, 32

Text = Annotated[str, Meta(max_length=4096)]
Seconds = Annotated[int, Meta(gt=0)]
Duration = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(gt=0)]
Wait = Annotated[float, Meta(ge=0)]
Pause = Annotated[int, Meta(ge=0)]
Switch = Literal["on", "off"]
StaffTotp = Literal["required", "when_on"]


def about(sentence: str) -> Meta:
    """The sentence that the settings table prints."""
    return Meta(description=sentence)


class ServerSettings(Struct, frozen=True, kw_only=True):
    """What would be there whatever the product does."""

    # The process
    host: Annotated[Text, about("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535), about("TCP port to listen on; 0 takes a free one.")] = 8080
    metrics_port: Annotated[
        int,
        Meta(ge=0, le=65535),
        about("TCP port, on HOST, that has `/metrics` alone, which PORT has not then; 0: PORT has it."),
    ] = 0
    environment: Annotated[
        Literal["development", "production"],
        about(
            "`production` refuses to start on a default secret; in `development` the same two meet again"
            " after seconds."
        ),
    ] = "development"
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], about("Least severe line logged.")] = (
        "INFO"
    )
    log_format: Annotated[Literal["text", "json"], about("How log lines look.")] = "text"
    node_id: Annotated[Text, about("Name of this process in the log; empty: a random one.")] = ""
    region: Annotated[
        str,
        Meta(pattern="^[a-z0-9-]{1,32}$"),
        about("Whose queue this process serves: only users of one region meet."),
    ] = "main"

    drain_notice_s: Annotated[
        Wait,
        Meta(le=MOST_DRAIN_S),
        about(
            "Seconds for which a process that gets SIGTERM goes on as before, but for `/readyz`, so that load"
            " balancers send nobody new. Longer than they take to notice."
        ),
    ] = 3
    drain_s: Annotated[
        Wait,
        Meta(le=MOST_DRAIN_S),
        about("Seconds over which a node that ends then sends its clients to other ones."),
    ] = 10

    # Where things are kept
    database_url: Annotated[
        Text,
        about(
            "PostgreSQL to use; empty starts an embedded one. Of several hosts (`@db-1:5432,db-2:5432/…`) the"
            " one that takes writes is used, also after another one has been promoted."
        ),
    ] = ""
    database_prepared: Annotated[
        Switch,
        about(
            "`off` behind a pooler that shares sessions and keeps no prepared statements, as pgbouncer before"
            " 1.21 in transaction mode."
        ),
    ] = "on"
    database_direct_url: Annotated[
        Text,
        about("The same PostgreSQL without a pooler, for migrations and commands; empty: DATABASE_URL."),
    ] = ""
    database_replica_url: Annotated[
        Text,
        about(
            "A standby of it, for what may be a moment old: older pages of the audit log, records of"
            " matching, copies of one's own data. Empty, or while it is away or behind: DATABASE_URL."
        ),
    ] = ""
    replica_lag_s: Annotated[
        Duration, about("Seconds by which DATABASE_REPLICA_URL may be behind to be read from.")
    ] = 2
    redis_url: Annotated[
        Text, about("Redis to use, or any server of a Redis Cluster; empty starts an embedded one.")
    ] = ""
    redis_ca: Annotated[
        Text,
        about("File with the CA that signed Redis' certificate (PEM), for `rediss://`; empty: the system's."),
    ] = ""
    data_dir: Annotated[Text, about("Folder of the embedded servers' data, and of pictures.")] = ".data"
    database_pool: Annotated[Count, about("Most connections to PostgreSQL.")] = 10
    answer_s: Annotated[
        Seconds,
        about(
            "Seconds within which a command or request is answered, at the latest with `unavailable`."
            " PostgreSQL and Redis have three fifths of it for each thing they are asked."
        ),
    ] = 3

    # Identity
    secret: Annotated[
        str,
        Meta(min_length=LEAST_SECRET),
        about("Signs access tokens; at least 32 random characters in production."),
    ] = DEFAULT_SECRET
    data_keys: Annotated[
        Text,
        about(
            "Keys by which what is stored of people is encrypted, `id:key` with at least 32 random characters"
            " each, separated by commas: the first one writes, all of them read. **Whoever loses one has lost"
            " what was encrypted with it.** It begins with `python -m realtime data-keys encrypt`"
            " (security.md). Empty: none, and addresses and notes to moderators are stored in clear."
        ),
    ] = ""
    secret_previous: Annotated[
        Text,
        about("The previous secret: what was signed with it is still valid. Empty: none."),
    ] = ""
    access_token_s: Annotated[Seconds, about("Seconds for which an access token is valid.")] = 900
    refresh_token_s: Annotated[Seconds, about("Seconds for which a refresh token is valid.")] = 30 * 86_400
    sessions_a_user: Annotated[
        Count,
        about("Sessions of one account; the next sign-in ends the one that was used longest ago."),
    ] = 100
    session_record_days: Annotated[
        Count, about("Days for which sessions that are over, and expired refresh tokens, are kept.")
    ] = 7
    refresh_grace_s: Annotated[
        Seconds, about("Seconds that a live connection has to send a fresh token after its own expired.")
    ] = 60
    rate_limits: Annotated[Switch, about("`off` turns all rate limits off, for tests.")] = "on"
    connects_per_m: Annotated[Count, about("Connects a minute of one account on average.")] = 60
    connects_burst: Annotated[Count, about("Connects of one account at once.")] = 30
    commands_per_s: Annotated[Count, about("Commands a second that one connection may send on average.")] = 50
    commands_burst: Annotated[Count, about("Commands that one connection may send at once.")] = 200
    requests_per_m: Annotated[Count, about("REST requests a minute of one account to one process.")] = 1200
    requests_burst: Annotated[Count, about("REST requests of one account to one process at once.")] = 200
    max_connections: Annotated[
        Count, about("TCP connections to one process; fewer where its file descriptors would run out.")
    ] = 20_000
    max_connections_an_address: Annotated[
        Count,
        about(
            "TCP connections of one address (of an IPv6 one's /64) to one process, at most a quarter of all; "
            "behind TRUSTED_PROXIES those of the forwarded address. No bound with RATE_LIMITS off."
        ),
    ] = 1000
    max_newcomers: Annotated[Count, about("Sockets of one process that have not joined by CONNECT yet.")] = (
        5000
    )
    max_newcomers_an_address: Annotated[
        Count, about("Such sockets of one address; no bound of either kind with RATE_LIMITS off.")
    ] = 500
    max_connections_a_user: Annotated[
        Count, about("Connections of one account to one process; no bound with RATE_LIMITS off.")
    ] = 20
    max_pending_commands: Annotated[
        Count,
        about("Commands of one connection that may wait for their turn; no bound with RATE_LIMITS off."),
    ] = 256
    network_requests_per_m: Annotated[
        Count, about("REST requests a minute of all accounts of one network to one process.")
    ] = 30_000
    network_requests_burst: Annotated[
        Count, about("REST requests of all accounts of one network to one process at once.")
    ] = 5_000
    account_commands_per_s: Annotated[
        Count, about("Commands a second of one account to one process, on all its connections.")
    ] = 200
    account_commands_burst: Annotated[Count, about("Commands of one account to one process at once.")] = 1_000
    network_commands_per_s: Annotated[
        Count, about("Commands a second of all accounts of one network to one process.")
    ] = 5_000
    network_commands_burst: Annotated[
        Count, about("Commands of all accounts of one network to one process at once.")
    ] = 20_000
    messages_per_m: Annotated[Count, about("Chat messages of one account a minute.")] = 3_000
    messages_burst: Annotated[Count, about("Chat messages of one account at once.")] = 500
    joins_per_m: Annotated[Count, about("Joins, skips and echo calls of one account a minute.")] = 120
    joins_burst: Annotated[Count, about("Joins, skips and echo calls of one account at once.")] = 120
    reports_per_h: Annotated[Count, about("Reports and appeals of one account an hour.")] = 120
    reports_burst: Annotated[Count, about("Reports and appeals of one account at once.")] = 60
    blocks_per_m: Annotated[Count, about("Blocks of one account a minute.")] = 60
    blocks_burst: Annotated[Count, about("Blocks of one account at once.")] = 200
    friend_requests_per_h: Annotated[Count, about("Friend requests of one account an hour.")] = 60
    friend_requests_burst: Annotated[Count, about("Friend requests of one account at once.")] = 60
    searches_per_h: Annotated[Count, about("Searches for people, each page one, of one account an hour.")] = (
        240
    )
    searches_burst: Annotated[Count, about("Searches for people of one account at once.")] = 120
    network_searches_per_h: Annotated[
        Count, about("Searches for people of all accounts of one network an hour.")
    ] = 6_000
    network_searches_burst: Annotated[
        Count, about("Searches for people of all accounts of one network at once.")
    ] = 3_000
    contacts_per_h: Annotated[
        Count,
        about("Contacts that were not sent before, of one account and of one device, an hour."),
    ] = 200
    contacts_burst: Annotated[
        int, Meta(ge=2_000), about("Such contacts of one account, and of one device, at once.")
    ] = 10_000
    network_contacts_per_h: Annotated[
        Count, about("Such contacts of all accounts of one network an hour.")
    ] = 10_000
    network_contacts_burst: Annotated[
        int, Meta(ge=2_000), about("Such contacts of all accounts of one network at once.")
    ] = 100_000
    refreshes_per_m: Annotated[Count, about("Refreshes of all accounts of one network a minute.")] = 1_200
    refreshes_burst: Annotated[Count, about("Refreshes of all accounts of one network at once.")] = 600
    stranger_requests_per_m: Annotated[
        Count, about("REST requests without a token that a network may send to one process each minute.")
    ] = 600
    stranger_requests_burst: Annotated[
        Count, about("REST requests without a token that a network may send to one process at once.")
    ] = 300
    register_per_m: Annotated[
        Count, about("Accounts a network, an IPv4 address or an IPv6 /64, may open each minute.")
    ] = 100
    register_burst: Annotated[Count, about("Accounts a network may open at once.")] = 100
    register_device_per_h: Annotated[Count, about("Accounts that may be opened on a device each hour.")] = 10
    underage_h: Annotated[
        Count,
        about(
            "Hours for which somebody whose age was refused is refused again, by device, or by network and "
            "email address or username."
        ),
    ] = 24
    guesses_per_m: Annotated[
        Count, about("Wrong passwords a network, or a known device, may send each minute for one login.")
    ] = 6
    guesses_burst: Annotated[
        Count, about("Wrong passwords a network, or a known device, may send at once for one login.")
    ] = 10
    login_per_m: Annotated[Count, about("Wrong passwords a network may send each minute.")] = 60
    login_burst: Annotated[Count, about("Wrong passwords a network may send at once.")] = 30
    account_login_per_m: Annotated[
        Count, about("Wrong passwords for one login each minute, from all networks and unknown devices.")
    ] = 30
    account_login_burst: Annotated[
        Count, about("Wrong passwords for one login at once, from all networks and unknown devices.")
    ] = 200
    totp_per_h: Annotated[
        Count, about("Wrong one-time codes for one account each hour, from everywhere.")
    ] = 30
    totp_burst: Annotated[Count, about("Wrong one-time codes for one account at once.")] = 10
    fresh_sign_in_m: Annotated[
        Count,
        about("Minutes after a sign-in within which what could keep an owner out asks for no password."),
    ] = 10
    code_s: Annotated[Seconds, about("Seconds for which a code that was sent to a phone is valid.")] = 300
    code_tries: Annotated[Count, about("Wrong codes after which the right one serves no longer.")] = 5
    code_again_s: Annotated[
        Pause, about("Seconds before another code or link is sent; sooner: `rate_limited`, limits on or off.")
    ] = 30
    network_codes_per_h: Annotated[
        Count, about("Codes sent to phones an hour that a network may ask for.")
    ] = 120
    network_codes_burst: Annotated[
        Count, about("Codes sent to phones that a network may ask for at once.")
    ] = 60
    account_codes_per_h: Annotated[
        Count, about("Codes an hour that an account may ask for to link phones.")
    ] = 10
    account_codes_burst: Annotated[
        Count, about("Codes that an account may ask for at once to link phones.")
    ] = 5
    number_codes_per_h: Annotated[
        Count, about("Codes an hour for one number, from known devices and from all others.")
    ] = 6
    number_codes_burst: Annotated[
        Count, about("Codes at once for one number, from known devices and from all others.")
    ] = 5
    google_client_ids: Annotated[
        Text,
        about("Client ids of the apps whose ID tokens of Google count, separated by commas. Empty: none."),
    ] = ""
    google_page_client_id: Annotated[
        Text,
        about(
            "The page's own client id there (of a web application, with the page's address and a slash as"
            " redirect URI), which counts too. Empty: the page has no such button."
        ),
    ] = ""
    google_issuer: Annotated[Text, about("Who has issued them.")] = "https://accounts.google.com"
    apple_client_ids: Annotated[
        Text,
        about("The same of Apple: ids of the apps (bundles), and of services for the web. Empty: none."),
    ] = ""
    apple_page_client_id: Annotated[
        Text, about("The same of Apple: the id of a service for the web. Empty: no such button.")
    ] = ""
    apple_issuer: Annotated[Text, about("Who has issued them.")] = "https://appleid.apple.com"
    openid_skew_s: Annotated[
        Pause, about("Seconds by which the clock of Google or Apple may differ from ours.")
    ] = 60
    email_link_h: Annotated[
        Count, about("Hours for which a link that confirms an email address is valid.")
    ] = 48
    reset_link_m: Annotated[Count, about("Minutes for which a link to a new password is valid.")] = 60
    staff_totp: Annotated[
        StaffTotp,
        about(
            "What moderators and admins need for their endpoints: `required` a session that was opened with a"
            " one-time code; `when_on` that too, but only those who have turned codes on."
        ),
    ] = "required"
    device_token_d: Annotated[
        Count, about("Days for which a device on which somebody signed in is known.")
    ] = 365
    password_memory_kib: Annotated[
        int, Meta(ge=8), about("KiB of memory that hashing one password takes (argon2id).")
    ] = 19 * 1024
    password_passes: Annotated[Count, about("Passes over that memory (argon2id).")] = 2
    password_threads: Annotated[Count, about("Passwords hashed at the same time.")] = 2
    password_queue: Annotated[
        Count, about("Passwords that may wait to be hashed; further sign-ins are `unavailable`.")
    ] = 200
    trusted_proxies: Annotated[
        Text,
        about("Addresses or CIDR ranges of proxies whose X-Forwarded-For counts, separated by commas."),
    ] = ""
    cors_origins: Annotated[
        Text,
        about(
            "Origins of pages on other hosts that may use the API too, separated by commas; `*` for all. The "
            "product's own page and apps with a scheme of their own (`capacitor://localhost`) need no entry."
        ),
    ] = ""

    # Limits
    max_packet_bytes: Annotated[
        Count, about("Bytes of one Socket.IO packet, and of one body over long-polling.")
    ] = 64 * 1024
    max_body_bytes: Annotated[Count, about("Bytes of one JSON body over REST.")] = 256 * 1024
    body_timeout_s: Annotated[Seconds, about("Seconds a client has to send a body.")] = 15
    body_bytes_per_s: Annotated[
        Count,
        about("Bytes of a body that give a client one more second, so that large ones may take longer."),
    ] = 16 * 1024
    max_head_bytes: Annotated[Count, about("Bytes of the headers of one request together.")] = 32 * 1024
    head_s: Annotated[Seconds, about("Seconds a client has to send the head of a request.")] = 10
    keep_alive_s: Annotated[
        Seconds,
        about("Seconds an idle connection waits for the next request, and a stuck one to be read from."),
    ] = 60
    join_s: Annotated[Seconds, about("Seconds a socket has to join by CONNECT.")] = 20
    transport: Annotated[
        Literal["own", "stock"],
        about("The Socket.IO server: our own, or stock python-socketio, to compare with."),
    ] = "own"
    compress_answers_bytes: Annotated[
        Pause,
        about("Size in bytes from which REST answers and the documents are compressed; 0: never."),
    ] = 1024
    compress_sockets_bytes: Annotated[
        Pause,
        about(
            "Size in bytes from which WebSocket messages are compressed for clients that offer it; 0: never. "
            "It saves network and costs CPU and delay, again for every receiver."
        ),
    ] = 0
    ping_interval_s: Annotated[Seconds, about("Seconds between two pings to a client.")] = 25
    ping_timeout_s: Annotated[Seconds, about("Seconds a client has to answer a ping.")] = 20

    @property
    def patience_s(self) -> float:
        """Seconds that one store may take, so that a command can say in time that it does not answer."""
        return self.answer_s * 0.6

    @property
    def aside_s(self) -> float:
        """Seconds that a command waits for what it has to do and can leave to others."""
        return self.answer_s * 0.25

    @property
    def deadline_s(self) -> float:
        """Seconds after which a command or request is given up, so that the answer arrives in time."""
        return self.answer_s * 0.8
