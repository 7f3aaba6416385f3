"""A port that anybody may reach is warned of at the start, unless the network around it is a container's own."""

import signal

import pytest

# Networks of the test's own: that of a machine is known by its bridge, that of a container has none.
LOOPBACK = "mount -t sysfs none /sys && ip link set lo up && "
MACHINE = ("unshare", "--net", "--mount", "sh", "-c", LOOPBACK + 'ip link add br0 type bridge && exec "$@"', "sh")
CONTAINER = ("unshare", "--net", "--mount", "sh", "-c", LOOPBACK + 'exec "$@"', "sh")
PLACES = {
    "0.0.0.0": ("tcp://0.0.0.0:0", MACHINE, True),
    "[::]": ("tcp://[::]:0", MACHINE, True),
    "loopback": ("tcp://127.0.0.1:0", MACHINE, False),
    "unix": ("unix:{folder}/a.sock", MACHINE, False),
    "in a container's network": ("tcp://[::]:0", CONTAINER, False),
}


def warnings(proxy):
    proxy.wait_for_log(" sandbox ")
    return proxy.lines("without encryption or a password")


@pytest.mark.parametrize("name", PLACES)
def test_a_port_of_the_machine_is_warned_of(daemon, start_proxy, name):
    listen, prefix, expected = PLACES[name]
    said = warnings(start_proxy(daemon.address, {}, listen=(listen,), prefix=prefix))
    assert len(said) == expected
    for line in said:
        assert " warning setting " in line and listen.rsplit(":", 1)[0] in line and "127.0.0.1" in line


FILE = """
[upstream]
address = unix:{engine}
[listener a]
address = tcp://0.0.0.0:0
policy = a
%s
[policy a]
allow = SystemPing
"""


def test_who_may_come_is_said_and_so_there_is_no_warning(serve):
    proxy = serve(FILE % "allow_from = 10.0.0.0/8", prefix=MACHINE)
    assert warnings(proxy) == []
    proxy.rewrite(FILE % "")
    proxy.signal(signal.SIGHUP)
    assert "allow_from" in proxy.wait_for_log("without encryption or a password")
