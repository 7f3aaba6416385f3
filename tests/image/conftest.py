"""The image, built once, and containers of it on the session's engine."""

import contextlib
import itertools
import os
import stat

import pytest

from harness.container import Container, build_image, docker
from harness.engine import IMAGE as BOX

ODD_GROUP = 4242
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def image(engine):
    """The image's name. The engine's socket gets a group that no image knows."""
    os.chown(engine.socket, 0, ODD_GROUP)
    os.chmod(engine.socket, 0o660)
    return build_image(engine)


@pytest.fixture
def container(engine, image):  # pylint: disable=unused-argument
    """container(*options, environment=…): a running container of the image."""
    with contextlib.ExitStack() as stack:
        yield lambda *options, **others: stack.enter_context(
            Container(engine, f"sockwarden-{next(_numbers)}", *options, **others))


@pytest.fixture
def target(engine):
    """The name of a container that clients try things on."""
    name = f"target-{next(_numbers)}"
    docker(engine, "run", "--detach", "--network", "none", "--name", name, BOX, "sleep", "1000")
    yield name
    docker(engine, "rm", "--force", name)


@pytest.fixture
def socket_rights(engine):
    """socket_rights(mode, owner, group): the engine's socket has them until the test ends."""
    before = os.stat(engine.socket)

    def change(mode, owner, group):
        os.chown(engine.socket, owner, group)
        os.chmod(engine.socket, mode)
    yield change
    change(stat.S_IMODE(before.st_mode), before.st_uid, before.st_gid)
