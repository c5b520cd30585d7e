"""Settings: from the environment and `.env`, all mistakes at once, no default secret in production."""

from pathlib import Path

import pytest

from core.environment import SettingsError, load, remarks
from core.keys import Keyring
from core.server_settings import DEFAULT_SECRET
from core.settings import Settings
from core.settings_table import table
from signaling.call import Rules


def mistakes(environ: dict[str, str], dotenv: Path | None = None) -> list[str]:
    with pytest.raises(SettingsError) as error:
        load(environ, dotenv)
    return str(error.value).splitlines()


PRODUCTION = {"ENVIRONMENT": "production", "SECRET": "x" * 32}


def test_what_is_not_said_has_its_default() -> None:
    usual = Settings(environment="production", secret="x" * 32)
    assert load({"PATH": "/bin", "HOME": "/root", **PRODUCTION}) == usual


def test_in_development_the_same_two_meet_again_after_seconds() -> None:
    """Elsewhere after a day; what is said counts everywhere, fractions too. The table says both."""
    assert 1_000 <= load({}).rematch_ms <= 10_000
    assert load(PRODUCTION).rematch_ms == 24 * 3_600_000
    for environ in ({}, PRODUCTION):
        assert load({**environ, "REMATCH_H": "0.002"}).rematch_ms == 7_200
    assert mistakes({"REMATCH_H": "-1"}) == ["REMATCH_H='-1': Expected float >= 0.0"]
    assert "| `REMATCH_H` | `24`; in development `0.001` |" in table()


def test_the_environment_overrules_the_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("PORT=9000\nOFFER_S=3\n")
    settings = load({"PORT": "9001"}, dotenv)
    assert (settings.port, settings.offer_s) == (9001, 3)


def test_every_mistake_is_told_at_once() -> None:
    wrong = mistakes(
        {"PORT": "many", "OFFER_S": "0", "RATE_LIMITS": "maybe", "DECISION_POLICY": "he_decides"}
    )
    assert [line.split("=")[0] for line in wrong] == ["PORT", "OFFER_S", "RATE_LIMITS", "DECISION_POLICY"]


def test_an_address_of_a_server_is_one_and_never_shown() -> None:
    """It may hold a password."""
    wrong = mistakes({"DATABASE_URL": "db.example.org:hunter2", "REDIS_URL": "hunter2"})
    assert [line.split(":")[0] for line in wrong] == ["DATABASE_URL", "REDIS_URL"]
    assert "hunter2" not in "".join(wrong)
    load({"DATABASE_URL": "postgres://db/x", "REDIS_URL": "unix:///run/redis.sock"})


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_REPLICA_URL", "REDIS_URL", "MAIL"])
def test_a_password_that_cuts_an_address_in_two_is_told_and_never_shown(name: str) -> None:
    """As one with a slash does: what is before it looks like a port."""
    scheme = {"REDIS_URL": "redis", "MAIL": "smtp"}.get(name, "postgresql")
    for password in ("pa/ss", "pa#ss", "pa?ss", "[pa"):
        [said] = mistakes({name: f"{scheme}://me:{password}@a:1/x"})
        assert said.startswith(f"{name}: cannot be read: ")
        assert "pa/" not in said
        assert "'pa'" not in said
    assert mistakes({name: f"{scheme}://me@a:70000/x"})
    for right in ("me:p%2Fa@a/x", "me@[::1]:1/x", "/x?host=/run/p", "a"):
        load({name: f"{scheme}://{right}"})


def test_of_several_servers_each_has_a_port_of_its_own() -> None:
    load({"DATABASE_URL": "postgresql://me:secret@a:1,b,c:3/x"})
    assert mistakes({"DATABASE_URL": "postgresql://me:secret@a:1,b:y/x"})


def test_migrations_do_not_go_through_a_pooler() -> None:
    pooled = {"DATABASE_URL": "postgres://pooler/x", "DATABASE_PREPARED": "off"}
    assert mistakes(pooled) == ["DATABASE_DIRECT_URL: needed with DATABASE_PREPARED=off, for migrations"]
    load({**pooled, "DATABASE_DIRECT_URL": "postgres://db/x"})


def test_an_unknown_name_in_the_file_is_a_mistake(tmp_path: Path) -> None:
    """In the environment it is somebody else's."""
    dotenv = tmp_path / ".env"
    dotenv.write_text("POTR=9000\n")
    assert mistakes({}, dotenv) == ["POTR: there is no such setting (.env)"]


@pytest.mark.parametrize("secret", [DEFAULT_SECRET, "too short, only 31 characters.."])
def test_production_wants_a_secret_of_its_own(secret: str) -> None:
    wrong = mistakes({"ENVIRONMENT": "production", "SECRET": secret})
    assert wrong == ["SECRET: set one of at least 32 characters in production"]
    assert load(PRODUCTION).environment == "production"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "chat.example.org", ""])
def test_where_others_can_come_the_default_secret_is_refused(host: str) -> None:
    """Everybody knows it, and could sign tokens of anybody."""
    [line] = mistakes({"HOST": host})
    assert line.startswith("SECRET: set one of your own")
    assert load({"HOST": host, "SECRET": "sixteen letters."}).host == host
    for loopback in ("127.0.0.1", "127.8.8.8", "::1", "localhost"):
        assert load({"HOST": loopback}).host == loopback


def test_spaces_are_no_secret() -> None:
    """Nor around one: whoever guesses begins with them."""
    [line] = mistakes({"SECRET": " " * 40})
    assert line == "SECRET: has to have at least 16 characters; spaces around it do not count"
    [line] = mistakes({"ENVIRONMENT": "production", "SECRET": "x" * 31 + " " * 9})
    assert line.startswith("SECRET: set one of at least 32")
    [line] = mistakes({"SECRET_PREVIOUS": " " * 40})
    assert line.startswith("SECRET_PREVIOUS: has to have")
    assert mistakes({"TURN_URLS": "turn:t", "TURN_SECRET": " "}) == ["TURN_SECRET: needed with TURN_URLS"]


def test_a_bucket_needs_keys() -> None:
    """In the environment, where its client looks, or by a file or an address that a cluster gives."""
    bucket, key = {"MEDIA_STORE": "s3://pictures"}, {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    for lacking in ({}, {"AWS_ACCESS_KEY_ID": "a"}, {**key, "AWS_SECRET_ACCESS_KEY": " "}):
        [line] = mistakes({**bucket, **lacking})
        assert line.startswith("MEDIA_STORE: s3:// needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    for enough in (key, {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "r"}):
        assert load({**bucket, **enough}).media_store == "s3://pictures"
    load({"MEDIA_STORE": "file:///pictures"})


def test_production_has_rate_limits() -> None:
    wrong = mistakes({"ENVIRONMENT": "production", "SECRET": "x" * 32, "RATE_LIMITS": "off"})
    assert wrong == ["RATE_LIMITS: off is for tests, not for production"]
    assert load({"RATE_LIMITS": "off"}).rate_limits == "off"


@pytest.mark.parametrize("previous", ["hunter2", DEFAULT_SECRET])
def test_a_previous_secret_is_as_good_as_one(previous: str) -> None:
    [line] = mistakes({"SECRET": "x" * 32, "SECRET_PREVIOUS": previous})
    assert line.startswith("SECRET_PREVIOUS: ")
    assert previous not in line


def test_a_secret_is_never_repeated() -> None:
    [line] = mistakes({"SECRET": "hunter2"})
    assert "hunter2" not in line


def test_relay_without_a_relay_is_a_contradiction() -> None:
    assert mistakes({"ICE_TRANSPORT_POLICY": "relay"}) == ["ICE_TRANSPORT_POLICY: relay needs TURN_URLS"]


def test_a_turn_server_is_one_and_the_region_of_a_node_that_wants_relays_has_one() -> None:
    """Of another region there is none, which would keep each call from connecting."""
    secret = {"TURN_SECRET": "s"}
    [line] = mistakes({"TURN_URLS": "turn:a.example,turn.example.org:3478", **secret})
    assert line.startswith("TURN_URLS: 'turn.example.org:3478' is no TURN server such as turn:")
    wanted = {"ICE_TRANSPORT_POLICY": "relay", "TURN_URLS": "eu=turn:eu.example", **secret}
    assert mistakes(wanted) == ["ICE_TRANSPORT_POLICY: relay needs TURN_URLS for REGION too"]
    assert Rules.of(load({**wanted, "REGION": "eu"})).relays_in == {"eu"}


def test_turn_needs_its_secret_and_a_call_is_silent_for_longer_than_a_ping() -> None:
    assert mistakes({"TURN_URLS": "turn:t.example"}) == ["TURN_SECRET: needed with TURN_URLS"]
    [line] = mistakes({"CALL_SILENCE_S": "2", "CALL_PING_S": "2"})
    assert line == "CALL_SILENCE_S: has to be longer than CALL_PING_S"


def test_the_secret_of_probes_is_a_good_one_and_nothing_elses() -> None:
    """Nobody's who runs probes, and needs to know it, is one by which more can be done."""
    assert load({"PROBE_SECRET": "x" * 16}).probe_secret
    [line] = mistakes({"PROBE_SECRET": "hunter2" + " " * 20})
    assert line == "PROBE_SECRET: has to have at least 16 characters; spaces around it do not count"
    [line] = mistakes({**PRODUCTION, "PROBE_SECRET": "y" * 31})
    assert line.startswith("PROBE_SECRET: has to have at least 32 characters")
    assert load({**PRODUCTION, "PROBE_SECRET": "y" * 32}).probe_secret
    turn = {"TURN_URLS": "turn:t.example", "TURN_SECRET": "t" * 32}
    reused = [
        {**PRODUCTION, "PROBE_SECRET": "x" * 32},
        {**PRODUCTION, "SECRET_PREVIOUS": "z" * 32, "PROBE_SECRET": "z" * 32},
        {**PRODUCTION, **turn, "PROBE_SECRET": "t" * 32},
        {**PRODUCTION, "DATA_KEYS": f"k1:{'k' * 31}y", "PROBE_SECRET": f"{'k' * 31}y"},
        {"PROBE_SECRET": DEFAULT_SECRET},
    ]
    for given in reused:
        [line] = mistakes(given)
        assert line.startswith("PROBE_SECRET: take one that is nothing else's")
        assert given["PROBE_SECRET"] not in line
    assert mistakes({"PROBE_EVERY_S": "300"}) == ["PROBE_SECRET: needed with PROBE_EVERY_S"]


def test_probes_go_where_people_come() -> None:
    """Unless they are told another way."""
    assert load({"PORT": "9000"}).probed_url == "http://localhost:9000"
    assert load({"PUBLIC_URL": "https://a.example/"}).probed_url == "https://a.example"
    assert (
        load({"PUBLIC_URL": "https://a.example", "PROBE_SERVER": "http://b:80/"}).probed_url == "http://b:80"
    )
    [line] = mistakes({"PROBE_SERVER": "b:80"})
    assert line == "PROBE_SERVER: has to begin with http:// or https://"


def test_what_is_derived_of_settings_follows_them() -> None:
    """A store may take less than a command may, and a lease is renewed before it runs out."""
    settings = Settings(answer_s=10, queue_lease_s=30, connection_lease_s=60)
    assert settings.patience_s < settings.deadline_s < 10
    assert settings.renewal_s == 10
    rules = Rules.of(Settings(offer_s=3, decision_policy="mutual"))
    assert (rules.offer_s, rules.policy) == (3, "mutual")
    assert Keyring.of(Settings(secret="a", secret_previous="b")).keys("access token")[1:]


def test_a_weight_is_a_number_from_0_and_one_of_them_counts() -> None:
    wrong = mistakes({"MATCH_WEIGHT_AGE": "-1", "MATCH_WEIGHT_TRUST": "nan", "MATCH_WAIT_COST": "much"})
    assert wrong[0] == "MATCH_WEIGHT_AGE='-1': Expected float >= 0.0"
    assert wrong[1].startswith("MATCH_WEIGHT_TRUST='nan'")
    assert wrong[2] == "MATCH_WAIT_COST='much': expected a number"
    weights = [name.upper() for name in Settings.__struct_fields__ if name.startswith("match_weight_")]
    [line] = mistakes(dict.fromkeys(weights, "0"))
    assert line == f"{', '.join(weights)}: at least one has to be above 0"
    assert load({**dict.fromkeys(weights, "0"), "MATCH_WEIGHT_AGE": "0.5"}).match_weight_age == 0.5


def test_a_proxy_is_an_address_or_a_range() -> None:
    assert load({"TRUSTED_PROXIES": "10.0.0.0/8, ::1"}).trusted_proxies == "10.0.0.0/8, ::1"
    wrong = mistakes({"TRUSTED_PROXIES": "10.0.0.0/8, nginx"})
    assert wrong == ["TRUSTED_PROXIES: 'nginx' is neither an address nor a CIDR range"]


def test_every_setting_says_what_it_is_for() -> None:
    rows = [line for line in table().partition("## Rate limits")[0].splitlines() if line.startswith("| `")]
    assert len(rows) == len(Settings.__struct_fields__)
    assert all(row.split("|")[3].strip().endswith(".") for row in rows)


def test_staff_need_a_second_factor_unless_the_operator_says_otherwise() -> None:
    """In production each start says so if they do not; who tries the product out has no app at hand."""
    assert load(PRODUCTION).staff_totp == "required"
    assert load({}).staff_totp == "when_on"
    posted = {
        **PRODUCTION,
        "MAIL": "smtp://mail.example",
        "SMS": "https://s.example",
        "PUBLIC_URL": "https://a.example",
        "DATA_KEYS": f"k1:{'x' * 31}y",
    }
    assert remarks(load(posted)) == remarks(load({})) == []
    [said] = remarks(load({**posted, "STAFF_TOTP": "when_on"}))
    assert said.startswith("STAFF_TOTP=when_on")


def test_production_without_mail_or_sms_says_what_cannot_work() -> None:
    """In development both are in the outbox, which shows everybody's and so is for nothing else."""
    assert (load({}).mail, load({}).sms) == ("outbox", "outbox")
    said = remarks(load(PRODUCTION))
    assert [line.split()[0] for line in said] == ["DATA_KEYS", "MAIL", "SMS"]
    _, about_links = remarks(load({**PRODUCTION, "MAIL": "smtps://mail.example", "SMS": "https://s.example"}))
    assert about_links.startswith("PUBLIC_URL")
    wrong = mistakes({**PRODUCTION, "MAIL": "outbox", "SMS": "outbox"})
    assert [line.split()[0] for line in wrong] == ["MAIL:", "SMS:"]
    assert mistakes({"MAIL": "mail.example:25"}) == ["MAIL: has to begin with smtp:// or smtps:// or outbox"]
    assert load({"PORT": "9000"}).page_url == "http://localhost:9000"
    assert load({"PUBLIC_URL": "https://a.example/"}).page_url == "https://a.example"


def test_a_key_for_pushes_needs_somebody_to_write_to() -> None:
    """And is not repeated where it is wrong."""
    key = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
    assert load({"PUSH_WEB_KEY": key, "PUSH_CONTACT": "mailto:us@example.org"}).push_web_key == key
    assert mistakes({"PUSH_WEB_KEY": "hunter2", "PUSH_CONTACT": "https://example.org"}) == [
        "PUSH_WEB_KEY: has to be as `python -m realtime push-key` prints it"
    ]
    [line] = mistakes({"PUSH_WEB_KEY": key, "PUSH_CONTACT": "us@example.org"})
    assert line.startswith("PUSH_CONTACT: needed with PUSH_WEB_KEY")


def test_a_key_for_apns_needs_to_say_whose_it_is() -> None:
    """Where it is a mistake, it is not repeated either."""
    ours = {"PUSH_APNS_KEY_ID": "ABC123DEFG", "PUSH_APNS_TEAM_ID": "DEF123GHIJ", "PUSH_APNS_TOPIC": "org.a"}
    assert load({"PUSH_APNS": "/keys/a.p8", **ours}).push_apns_server == "https://api.push.apple.com"
    wrong = mistakes({"PUSH_APNS": "secret", "PUSH_APNS_KEY_ID": "short"})
    names = ["PUSH_APNS_KEY_ID:", "PUSH_APNS_TEAM_ID:", "PUSH_APNS_TOPIC:"]
    assert [line.split()[0] for line in wrong] == names
    assert "secret" not in str(wrong)
    [line] = mistakes({"PUSH_APNS": "/keys/a.p8", **ours, "PUSH_APNS_SERVER": "http://a.example"})
    assert line == "PUSH_APNS_SERVER: has to begin with https://"
