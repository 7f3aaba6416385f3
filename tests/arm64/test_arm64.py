"""The program for arm64: compiled without a warning, and run on a processor in software."""

import pytest

from harness.container import ROOT, SOCKET, Container, base_name, docker
from harness.debian import bare_root_archive

IMAGE = "sockwarden:arm64"


@pytest.fixture(scope="module", autouse=True)
def image(engine):
    docker(engine, "import", str(bare_root_archive()), base_name())
    docker(engine, "build", "--network", "host", "--build-arg", f"BASE={base_name()}", "-f",
           str(ROOT / "tests/arm64/Dockerfile"), "-t", IMAGE, str(ROOT), timeout=1200)


def test_it_is_a_program_for_arm64(engine):
    header = docker(engine, "run", "--rm", "--network", "none", "--entrypoint", "od", IMAGE, "-An", "-tx1", "-j18",
                    "-N2", "/build/sockwarden")
    assert header.split() == ["b7", "00"]


def test_it_judges_calls(engine):
    told = docker(engine, "run", "--rm", "--network", "none", "--env", "CONTAINERS=1", IMAGE, "explain", "GET",
                  "/v1.41/containers/json")
    assert told.startswith("allow\tContainerList")


def test_it_serves_a_real_engine_and_gives_root_up(engine):
    """What keeps a process in a sandbox is the kernel's; qemu does not know all of it, which is told and no failure."""
    with Container(engine, "arm64", environment={"CONTAINERS": "1", "LISTEN": "tcp://[::]:2375"}, image=IMAGE) as proxy:
        assert proxy.status("/containers/json") == 200
        assert proxy.status("/containers/create", "POST") == 403
        line = proxy.wait_for_log(" sandbox ")
        assert "uid 65534" in line and f"of {SOCKET}" in line and "no capabilities" in line
