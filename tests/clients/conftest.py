"""Real clients, each on a proxy that grants what its preset grants and nothing else."""

import pytest

from harness.clients import Docker
from harness.proxy import Proxy


@pytest.fixture
def under(engine, tmp_path):
    """under(*lines): a proxy with a policy of these lines, on a TCP port and a unix socket."""
    started = []

    def start(*lines):
        text = "\n".join(lines)
        path = tmp_path / f"sockwarden-{len(started)}.ini"
        path.write_text(f"[upstream]\naddress = unix:{engine.socket}\n"
                        "[listener port]\naddress = tcp://127.0.0.1:0\npolicy = main\n"
                        f"[listener socket]\naddress = unix:{tmp_path}/proxy-{len(started)}.sock\npolicy = main\n"
                        f"[policy main]\n{text}\n")
        proxy = Proxy(engine.socket, None, ("tcp", "unix"), ("-c", str(path)))
        del proxy.environment["LISTEN"], proxy.environment["SOCKET_PATH"]
        started.append(proxy.start())
        return proxy

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture
def docker(under, tmp_path):
    """docker(*lines): the docker CLI under a policy of these lines."""
    made = []

    def make(*lines):
        made.append(Docker(under(*lines).address, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.end()
