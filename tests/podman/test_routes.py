"""The table of Podman's routes beside a real service: what it routes is what the table says, in its version."""

import json
import pathlib
import re
import subprocess

import pytest

from harness.proxy import binary
from harness.raw_client import RawClient, request

TABLE = pathlib.Path(__file__).resolve().parents[2] / "policy" / "routes_libpod.def"
ROW = re.compile(r'^ROUTE(?:_UNDER)?\((?:"(\d)(\d)",\s*)?(\w+),\s*"([^"]+)",\s*(\w+),[^"]*"([\d.-]+)"\)', re.M | re.S)


def rows():
    found = [match.groups() for match in ROW.finditer(TABLE.read_text(encoding="utf-8"))]
    assert len(found) > 130
    return found


def numbers(text):
    return tuple(map(int, text.split(".")))


@pytest.fixture(scope="module")
def version(service):
    return numbers(service.request("GET", "/v4.0.0/libpod/version")["Version"].partition("-")[0])


def has(row, version):
    """Whether a service of this version has a row."""
    since = [numbers(part) for part in row[5].split("-")]
    return since[0] <= version and (len(since) == 1 or version < since[1])


def path_of(template):
    return re.sub(r"\{\w+(\.\.\.)?\}", "nosuch", template)


def answer_of(service, method, target):
    """The status, and the body where the answer is an error; a stream is left alone."""
    with RawClient(service.socket) as client:
        client.send(request(method, target, "Content-Length: 0", "Connection: close"))
        head = client.read_head()
        return head.status, b"" if head.status < 400 or method == "HEAD" else client.read_until_eof(reset_ok=True)


def is_routed(service, method, target):
    """The router's own 404 and 405 are bare text, a handler's errors are JSON."""
    status, body = answer_of(service, method, target)
    return status not in (404, 405) or b"{" in body or (method == "HEAD" and status == 404)


# What a call of these would do to the service or the machine is no matter of this test.
LEFT_ALONE = {"SystemPruneLibpod", "SystemMigrateLibpod", "SystemRenumberLibpod", "SystemResetLibpod"}


def test_the_service_routes_what_the_table_says_it_has_and_nothing_else_of_it(service, version):
    wrong = []
    everywhere = {(row[2], path_of(row[3])) for row in rows() if has(row, version)}
    for _, _, method, template, operation, _ in rows():
        path = path_of(template)
        if operation in LEFT_ALONE:
            continue
        expected = (method, path) in everywhere
        if is_routed(service, method, f"/v4.0.0{path}") != expected:
            wrong.append(f"{method} {template}: {'not routed' if expected else 'routed'} by {version}")
    assert not wrong, "\n".join(wrong)


def test_without_a_version_only_ping_is_routed(service):
    for _, _, method, template, _, _ in rows():
        if method != "HEAD":
            assert is_routed(service, method, path_of(template)) == (template == "/libpod/_ping"), template


def test_every_call_that_is_routed_is_judged_as_its_row(version, tmp_path):
    (tmp_path / "one.ini").write_text("[listener main]\naddress = tcp://127.0.0.1:1\npolicy = none\n[policy none]\n"
                                      "deny = @read\n")
    asked = [(row[2], f"/v{row[0] or 4}.0.0{path_of(row[3])}", row[4]) for row in rows()]
    text = "".join(f"{method} {target}\n" for method, target, _ in asked)
    done = subprocess.run([binary(), "-c", str(tmp_path / "one.ini"), "explain", "-"], input=text, capture_output=True,
                          text=True, timeout=60, check=False)
    told = [line.split("\t")[1] for line in done.stdout.splitlines()]
    assert told == [operation for _, _, operation in asked]


def test_names_that_are_words_of_the_api_are_judged_as_the_service_reads_them(service, behind):
    """A container called json, exists or create; names with slashes, where the service lets them have some."""
    proxy = behind("allow = ContainerInspectLibpod, ImageInspectLibpod")
    for target, granted in (
            ("/v4.0.0/libpod/containers/json/json", True), ("/v4.0.0/libpod/containers/create/json", True),
            ("/v4.0.0/libpod/containers/json", False), ("/v4.0.0/libpod/images/a/b/c:1/json", True),
            ("/v4.0.0/libpod/images/json/json", True), ("/v4.0.0/libpod/containers/a%2Fb/json", None),
            ("/v4.0.0/libpod/containers/a/b/json", None)):
        with RawClient(proxy.unix) as client:
            client.send(request("GET", target, "Connection: close"))
            answer = client.read_answer()
        if granted is not None:
            assert (answer.status == 404) == granted, f"{target}: {answer.status}"
        else:
            routed = is_routed(service, "GET", target)
            assert answer.status == 403 or routed, f"{target}: {answer.status}, routed: {routed}"
        if answer.status == 403:
            assert "refused" in json.loads(answer.body)["message"]
