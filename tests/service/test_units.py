"""The units of docker/systemd, as systemd itself reads them."""

import pathlib
import re
import shutil
import subprocess

import pytest

UNITS = pathlib.Path(__file__).resolve().parents[2] / "docker/systemd"
SERVICES = {"sockwarden.service": "sockwarden.service", "sockwarden@.service": "sockwarden@ci.service"}
EXPOSURE_MAX = 1.5
PROGRAM = "/usr/bin/sockwarden"

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


@pytest.fixture
def units(tmp_path):
    """The units in a folder of their own, with a program that is there."""
    for unit in UNITS.iterdir():
        text = unit.read_text()
        (tmp_path / unit.name).write_text(text.replace(PROGRAM, "/bin/true"))
    (tmp_path / "sockwarden@ci.service").symlink_to("sockwarden@.service")
    return tmp_path


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("unit", ["sockwarden.service", "sockwarden@ci.service", "sockwarden.socket"])
def test_systemd_finds_nothing_to_complain_of(units, unit):
    done = analyze("verify", "--man=no", str(units / unit))
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "sockwarden" in line or str(units) in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("unit", SERVICES.values())
def test_a_service_is_exposed_as_little_as_can_be(units, unit):
    done = analyze("security", "--offline=true", "--no-pager", str(units / unit))
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure, done.stdout + done.stderr
    assert float(exposure[1]) <= EXPOSURE_MAX


def settings(unit):
    return [line for line in (UNITS / unit).read_text().splitlines() if line and not line.startswith(("#", ";"))]


def test_the_template_differs_from_the_service_in_the_names_of_file_folder_and_user_alone():
    plain, template = settings("sockwarden.service"), settings("sockwarden@.service")
    template.remove("User=sockwarden-%i")  # without it all instances would share the user of the service
    renamed = [line.replace("%i.ini", "sockwarden.ini").replace("sockwarden-%i", "sockwarden") for line in template]
    different = [(one, other) for one, other in zip(plain, renamed, strict=True) if one != other]
    assert [one.split("=")[0] for one, _ in different] == ["Description"]


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_told_to_reload_by_a_signal_and_tells_when_it_is_ready(unit):
    lines = settings(unit)
    assert "Type=notify" in lines and "ExecReload=/bin/kill -HUP $MAINPID" in lines


def test_the_socket_has_the_name_by_which_a_listener_takes_it():
    text = (UNITS / "sockwarden.socket").read_text()
    name = re.search(r"^FileDescriptorName=(\S+)", text, re.M)[1]
    assert f"address = systemd:{name}\n" in text
