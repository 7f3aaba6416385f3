"""Whose words an environment is in: by DIALECT=, or told by a switch that only one dialect has, and said at the start."""

import subprocess

import pytest

from harness.proxy import binary

# environment, the dialect that is in force, the switch that told it, words of a warning
TOLD = [
    ({}, "tecnativa", None, None),
    ({"CONTAINERS": "1", "POST": "1", "ALLOW_START": "1"}, "tecnativa", None, None),
    ({"DIALECT": ""}, "tecnativa", None, None),
    ({"LIBPOD_CONTAINERS": "1"}, "linuxserver", "LIBPOD_CONTAINERS", None),
    ({"ALLOW_TOP": "0", "CONTAINERS": "1"}, "linuxserver", "ALLOW_TOP", None),
    ({"ALLOW_PAUSE": "1", "LIBPOD_PODS": "1"}, "linuxserver", "LIBPOD_PODS", None),
    ({"ALLOW_EXEC": "1", "CONTAINERS": "1"}, "tecnativa-next", "ALLOW_EXEC", None),
    ({"PUT": "1", "DELETE": "1", "CONTAINERS": "1"}, "tecnativa-next", "PUT", None),
    ({"CONTAINERS_CREATE": "1", "POST": "1"}, "fluencelabs", "CONTAINERS_CREATE", None),
    # two have it, so it tells nothing: as tecnativa 0.4.x, with a warning that names both
    ({"ALLOW_PAUSE": "1"}, "tecnativa", None, "DIALECT=tecnativa-next or DIALECT=linuxserver reads it"),
    ({"DELETE": "1"}, "tecnativa", None, "DIALECT=tecnativa-next or DIALECT=fluencelabs reads it"),
    # they contradict one another
    ({"LIBPOD_INFO": "1", "CONTAINERS_EXEC": "1"}, "tecnativa", None, "DIALECT=fluencelabs reads it"),
    ({"LIBPOD_INFO": "1", "PUT": "1"}, "tecnativa", None, "DIALECT=linuxserver reads it"),
    # said, whatever else is there
    ({"DIALECT": "tecnativa", "LIBPOD_INFO": "1"}, "tecnativa", None, "LIBPOD_INFO=1"),
    ({"DIALECT": "linuxserver"}, "linuxserver", None, None),
    ({"DIALECT": "fluencelabs", "ALLOW_START": "1"}, "fluencelabs", None, "ALLOW_START=1"),
]


@pytest.mark.parametrize("environment, dialect, told_by, warning", TOLD, ids=lambda cell: str(cell)[:40])
def test_the_dialect_is_said_or_told_by_a_switch_that_only_one_has(daemon, start_proxy, environment, dialect, told_by,
                                                                   warning):
    proxy = start_proxy(daemon.address, environment)
    assert f" dialect={dialect} " in proxy.wait_for_log(" notice start ")
    notes = proxy.lines(" warning dialect ")
    if told_by is None:
        assert not notes
    else:
        assert f"{dialect}: detected by {told_by}; DIALECT={dialect} says it for certain" in "".join(notes)
    if warning:
        proxy.wait_for_log(lambda line: " warning setting " in line and warning in line)


@pytest.mark.parametrize("word", ["Tecnativa", "tecnativa-0.4", "lsio", "linux-server", "1"])
def test_a_word_that_is_no_dialect_stops_the_start(word):
    done = subprocess.run([binary()], env={"DIALECT": word, "LISTEN": "tcp://127.0.0.1:0"}, capture_output=True,
                          text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert f"DIALECT={word}: not taken; takes tecnativa, tecnativa-next, linuxserver or fluencelabs" in done.stderr
