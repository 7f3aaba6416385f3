"""The proxy's own health: the question on the wire, and the verb that asks it."""

import json
import os
import socket
import subprocess

import pytest

from harness.fake_daemon import head, json_answer, never_answer
from harness.proxy import binary, clean_environment
from harness.raw_client import RawClient, request

TARGET = "/_sockwarden/health"


def health(address, *arguments, **settings):
    environment = clean_environment(LISTEN=address, **settings)
    return subprocess.run([binary(), "health", *arguments], env=environment, capture_output=True, text=True, timeout=30,
                          check=False)


def alive(connection):
    connection.send(json_answer(200, "OK"))


@pytest.fixture
def engine(daemon):
    daemon.on("/_ping", alive)
    return daemon


@pytest.mark.parametrize("listen", ["tcp://127.0.0.1:0", "tcp://[::1]:0", "tcp://0.0.0.0:0", "tcp://[::]:0",
                                    "unix:{folder}/proxy.sock"])
def test_the_verb_finds_a_healthy_proxy_wherever_it_listens(engine, start_proxy, listen):
    proxy = start_proxy(engine.address, {"PING": "0"}, listen=(listen,))
    done = health(proxy.address)
    assert done.returncode == 0, done
    assert done.stdout.startswith(f"healthy: engine unix:{engine.path} answers; 1 listener, 1 client; version ")
    assert done.stderr == "" and done.stdout.count("\n") == 1


@pytest.mark.parametrize("listen, asked", [("tcp://0.0.0.0:0", "tcp://0.0.0.0:{}"), ("tcp://[::]:0", "tcp://[::]:{}")])
def test_any_address_is_asked_by_the_loopback_one(engine, start_proxy, listen, asked):
    proxy = start_proxy(engine.address, {}, listen=(listen,))
    assert health(asked.format(proxy.port)).returncode == 0


def test_no_policy_has_a_say_in_it_and_nothing_of_the_client_reaches_the_engine(engine, serve, connect):
    for settings in ({"PING": "0"}, {"PING": "1"}, {"DIALECT": "linuxserver", "PING": "0"}):
        proxy = serve(**settings)
        before = len(engine.requests)
        with connect(proxy) as client:
            answer = client.exchange(request("GET", TARGET, "X-Registry-Auth: secret"))
        assert answer.status == 200 and json.loads(answer.body)["message"].startswith("sockwarden: healthy: engine ")
        [seen] = engine.requests[before:]
        assert seen.target == "/_ping"


def test_a_connection_that_asked_for_health_goes_on(engine, serve, connect):
    with connect(serve(INFO="1")) as client:
        engine.on("/info", alive)
        for target in (TARGET, "/info", TARGET):
            assert client.exchange(request("GET", target)).status == 200
        assert client.exchange(request("HEAD", TARGET), "HEAD").status == 200


# What is not exactly the question is a call like any other, and is refused.
@pytest.mark.parametrize("data", [
    request("POST", TARGET), request("GET", TARGET, body=b"x"), request("GET", TARGET, "Content-Length: 0"),
    request("GET", TARGET + "?x=1"), request("GET", "/v1.41" + TARGET), request("GET", TARGET + "/"),
    request("GET", "/_sockwarden/%68ealth"), request("GET", "//_sockwarden/health"), request("GET", "/_sockwarden"),
    request("GET", "/_sockwarden/./health"), request("GET", TARGET, "Upgrade: h2c", "Connection: Upgrade"),
    request("DELETE", TARGET), request("OPTIONS", TARGET), request("GET", TARGET.upper()),
])
def test_another_form_of_the_question_is_refused(engine, serve, connect, data):
    with connect(serve()) as client:
        assert client.exchange(data).status in (400, 403)
    assert not engine.requests


def test_a_dry_run_does_not_pass_the_question_on(engine, start_proxy, tmp_path):
    path = tmp_path / "trial.ini"
    path.write_text(f"[upstream]\naddress = unix:{engine.path}\n[listener one]\naddress = tcp://127.0.0.1:0\n"
                    "policy = trial\n[policy trial]\ndry_run = yes\nallow = SystemPing\n")
    proxy = start_proxy(engine.address, {"LISTEN": "tcp://127.0.0.1:0"}, arguments=("-c", str(path)))
    with RawClient((proxy.host, proxy.port)) as client:
        assert client.exchange(request("GET", TARGET)).status == 200
    assert [one.target for one in engine.requests] == ["/_ping"]


def test_an_engine_that_is_gone_is_unhealthy_with_the_reason(engine, start_proxy):
    proxy = start_proxy(engine.address + ".gone")
    done = health(proxy.address)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("unhealthy: cannot connect to unix:") and "no such file" in done.stdout


def test_a_socket_file_of_a_former_engine_is_named_as_such(start_proxy, tmp_path):
    path = str(tmp_path / "former.sock")
    former = socket.socket(socket.AF_UNIX)
    former.bind(path)
    former.close()
    done = health(start_proxy(path).address)
    assert done.returncode == 1 and "one that was restarted (mount the socket's directory" in done.stdout


def test_an_engine_that_fails_its_ping_is_unhealthy(daemon, start_proxy):
    daemon.on("/_ping", lambda connection: connection.send(head(500, (("Content-Length", "0"),))))
    done = health(start_proxy(daemon.address).address)
    assert (done.returncode, done.stdout) == (1, f"unhealthy: the engine unix:{daemon.path} answers /_ping with 500\n")


def test_an_engine_that_never_answers_is_unhealthy_at_the_deadline(daemon, start_proxy):
    daemon.on("/_ping", never_answer)
    proxy = start_proxy(daemon.address)
    done = health(proxy.address, "--timeout", "200ms")
    assert done.returncode == 1 and "it took too long" in done.stdout
    proxy.wait_for_log("path=/_sockwarden/health")


def test_a_proxy_that_is_not_there_is_unhealthy(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = health(f"tcp://127.0.0.1:{port}")
    assert done.returncode == 1 and "Connection refused; nobody listens there" in done.stdout
    done = health(f"unix:{tmp_path}/none.sock")
    assert done.returncode == 1 and "No such file or directory; nobody listens there" in done.stdout


def test_what_is_not_sockwarden_is_not_healthy(daemon):
    done = health(f"unix:{daemon.path}")
    assert done.returncode == 1 and "is not sockwarden" in done.stdout


def test_who_answers_in_its_place_does_nothing_to_the_terminal(daemon):
    answer = json_answer(200, {"message": "sockwarden: healthy\x1b[31m\nx"})
    daemon.on(TARGET, lambda connection: connection.send(answer))
    assert health(f"unix:{daemon.path}").stdout == "healthy?[31m?x\n"


def test_health_is_no_noise_in_the_log(engine, start_proxy):
    proxy = start_proxy(engine.address, {"LOG_LEVEL": "info"})
    assert health(proxy.address).returncode == 0
    with RawClient((proxy.host, proxy.port)) as client:
        assert client.exchange(request("GET", "/_ping")).status == 200
    proxy.wait_for_log("path=/_ping ")
    assert not proxy.lines("health")
    loud = start_proxy(engine.address, {"LOG_LEVEL": "debug"})
    assert health(loud.address).returncode == 0
    assert "operation=Health" in loud.wait_for_log("path=/_sockwarden/health")


def serve_file(engine, start_proxy, tmp_path, more):
    path = tmp_path / "one.ini"
    path.write_text(f"[upstream]\naddress = unix:{engine.path}\n[listener one]\naddress = unix:{tmp_path}/one.sock\n"
                    f"policy = none\n{more}[listener two]\naddress = tcp://127.0.0.1:0\npolicy = none\n{more}"
                    "[policy none]\n")
    return start_proxy(engine.address, {"LISTEN": "unix:x,tcp://x"}, arguments=("-c", str(path)), listen=("a", "b")), path


@pytest.mark.parametrize("more", ["", "deny_detail = terse\n"])
def test_a_listener_of_a_file_is_asked_by_its_name(engine, start_proxy, tmp_path, more):
    proxy, path = serve_file(engine, start_proxy, tmp_path, more)
    done = subprocess.run([binary(), "-c", path, "health"], env=clean_environment(), capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == 0 and done.stdout.startswith("healthy")
    assert ("engine" in done.stdout) == (more == "")
    done = subprocess.run([binary(), "-c", path, "health", "-l", "two"], env=clean_environment(), capture_output=True,
                          text=True, timeout=30, check=False)
    assert done.returncode == 2 and "the port of this listener was chosen" in done.stderr
    assert proxy.process.poll() is None


def test_without_a_name_the_first_listener_whose_place_is_known_is_asked(engine, start_proxy, tmp_path):
    path = serve_file(engine, start_proxy, tmp_path, "")[1]
    text = path.read_text(encoding="ascii")
    for address in ("systemd:web", "tcp://127.0.0.1:0"):
        first = f"[listener zero]\naddress = {address}\npolicy = none\n"
        path.write_text(text.replace("[listener one]", first + "[listener one]"))
        done = subprocess.run([binary(), "-c", path, "health"], env=clean_environment(), capture_output=True, text=True,
                              timeout=30, check=False)
        assert done.returncode == 0 and done.stdout.startswith("healthy"), done


def test_a_local_client_may_ask_whatever_allow_from_says_and_may_do_no_more(engine, start_proxy, tmp_path):
    proxy, path = serve_file(engine, start_proxy, tmp_path, "")
    text = path.read_text(encoding="ascii")
    path.write_text(text.replace("policy = none\n[policy", "policy = none\nallow_from = 10.0.0.0/8\n[policy")
                    .replace("policy = none\n[listener two", f"policy = none\nallow_from = uid:{os.getuid() + 1}\n[listener two"))
    proxy.signal(1)
    proxy.wait_for_log(" reload ")
    with RawClient((proxy.host, proxy.port)) as client:
        assert client.exchange(request("GET", TARGET)).status == 200
    with RawClient((proxy.host, proxy.port)) as client:
        assert client.exchange(request("GET", "/_ping")).status == 403
    done = subprocess.run([binary(), "-c", path, "health"], env=clean_environment(), capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == 0
