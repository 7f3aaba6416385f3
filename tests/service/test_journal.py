"""LOG_FORMAT=journal: entries with fields, on a socket that plays the journal's."""

import pathlib
import re
import socket

import pytest

from harness.raw_client import RawClient, request
from harness.wait import wait_until
from journal import Journal
from test_file import HEAD, READERS, status

ROOT = pathlib.Path(__file__).resolve().parents[2]
# It names a listener, for `serve` waits for what standard error says of them.
TEXT = HEAD + READERS + "[listener one]\naddress = tcp://127.0.0.1:0\npolicy = readers\n"


@pytest.fixture(params=["stream"])
def journal(tmp_path, request):
    played = Journal(tmp_path, request.param)
    yield played
    played.close()


@pytest.fixture
def serve_journal(serve, journal):
    """The program beside the journal, ready: its address is what the entry says."""
    def start(environment=None, text=TEXT):
        journal.open().read()
        proxy = serve(text, listeners=0, environment=environment, prefix=journal.prefix)
        told = wait_entry(journal, "listening")
        proxy.host, port = told["SOCKWARDEN_ADDRESS"].decode().removeprefix("tcp://").split(":")
        proxy.port = int(port)
        return proxy
    return start


def wait_entry(journal, event, number=1):
    return wait_until(lambda: journal.of(event)[number - 1:number], 10, f"entry {number} of {event}")[0]


def ask(proxy, *arguments):
    with RawClient((proxy.host, proxy.port)) as client:
        return client.exchange(request(*arguments)).status


def test_a_service_whose_standard_error_is_the_journal_writes_entries(journal, serve_journal):
    proxy = serve_journal()
    assert ask(proxy, "GET", "/version") == 200
    entry = wait_entry(journal, "access")
    assert entry.pop("SOCKWARDEN_CLIENT").startswith(b"127.0.0.1:") and float(entry.pop("SOCKWARDEN_DURATION")) < 60
    assert entry.pop("MESSAGE").startswith(b"access client=127.0.0.1:")
    assert entry == {
        "PRIORITY": b"6", "SYSLOG_IDENTIFIER": b"sockwarden", "SOCKWARDEN_EVENT": b"access",
        "SOCKWARDEN_LISTENER": b"one",
        "SOCKWARDEN_METHOD": b"GET", "SOCKWARDEN_PATH": b"/version", "SOCKWARDEN_STATUS": b"200",
        "SOCKWARDEN_OPERATION": b"SystemVersion", "SOCKWARDEN_RULE": b"allow = SystemVersion",
        "SOCKWARDEN_RECEIVED": b"0", "SOCKWARDEN_SENT": entry["SOCKWARDEN_SENT"], "SOCKWARDEN_END": b"complete"}
    assert not proxy.log


def test_a_refusal_has_the_priority_of_a_warning_and_the_cure_in_a_field(journal, serve_journal):
    proxy = serve_journal()
    assert ask(proxy, "POST", "/containers/create?name=a") == 403
    entry = wait_entry(journal, "refused")
    assert (entry["PRIORITY"], entry["SOCKWARDEN_PATH"]) == (b"4", b"/containers/create")
    assert entry["SOCKWARDEN_CURE"] == b"needs allow = ContainerCreate in [policy readers]"
    assert b'cure="needs allow = ContainerCreate in [policy readers]"' in entry["MESSAGE"]


def test_a_value_can_not_pass_for_another_field(journal, serve_journal):
    proxy = serve_journal()
    with RawClient((proxy.host, proxy.port)) as client:
        assert client.exchange(b"GET /a%0APRIORITY=0 HTTP/1.1\r\nHost: x\r\n\r\n").status == 400
    entry = wait_entry(journal, "malformed")
    assert entry["PRIORITY"] == b"4" and entry["SOCKWARDEN_PATH"] == b"/a%0APRIORITY=0"


@pytest.mark.parametrize("journal", ["none"], indirect=True)
def test_it_is_taken_where_it_is_asked_for_although_standard_error_is_none(journal, serve_journal):
    proxy = serve_journal({"LOG_FORMAT": "journal"})
    assert ask(proxy, "GET", "/version") == 200
    assert wait_entry(journal, "access")["SOCKWARDEN_STATUS"] == b"200"


def test_what_is_asked_for_stands_above_what_standard_error_is(journal, serve):
    journal.open().read()
    proxy = serve(TEXT, environment={"LOG_FORMAT": "json"}, prefix=journal.prefix)
    assert proxy.log[0].startswith("{") and not journal.entries


def test_text_into_the_journal_carries_its_priority_in_front(journal, serve):
    proxy = serve(TEXT, environment={"LOG_FORMAT": "text"}, prefix=journal.prefix)
    assert status((proxy.host, proxy.port), "/info") == 403
    assert proxy.wait_for_log(" refused ").startswith("<4>2")
    assert all(line[:3] in ("<4>", "<5>", "<6>") for line in proxy.log)


def test_without_a_journal_records_are_text_until_it_is_there_again(journal, serve):
    proxy = serve(TEXT, environment={"LOG_FORMAT": "journal"}, prefix=journal.prefix)
    assert len(proxy.lines("the journal is not there")) == 1
    assert status((proxy.host, proxy.port), "/info") == 403
    proxy.wait_for_log(" refused ")
    journal.open().read()
    assert status((proxy.host, proxy.port), "/version") == 200
    assert wait_entry(journal, "access")["SOCKWARDEN_PATH"] == b"/version"
    journal.close()
    assert status((proxy.host, proxy.port), "/version") == 200
    proxy.wait_for_log(" access ")
    assert len(proxy.lines("the journal is not there")) == 2


def test_the_page_on_systemd_has_every_field():
    written = set()
    for source in (ROOT / "proxy").glob("*.c"):
        written |= set(re.findall(r'log_(?:string|slice|number|seconds)\(&?record, "(\w+)"', source.read_text()))
    told = set(re.findall(r"`SOCKWARDEN_(\w+)`", (ROOT / "docs/systemd.md").read_text()))
    assert told == {name.upper() for name in written - {"level"}}


def is_open(address):
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0


def test_a_journal_that_reads_nothing_stops_nobody_and_the_loss_is_told(journal, serve):
    journal.open()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = probe.getsockname()
    serve(TEXT.replace(":0", f":{address[1]}"), listeners=0, prefix=journal.prefix)
    wait_until(lambda: is_open(address), 10, "a listener")
    for _ in range(600):  # more than a datagram socket holds
        assert status(address, "/version") == 200
    journal.read()
    wait_entry(journal, "access")
    assert status(address, "/version") == 200
    assert b"records were lost: the journal took no more" in wait_entry(journal, "log")["SOCKWARDEN_TEXT"]
