"""The Debian package: the same bytes twice, installed, used, upgraded and purged in a bare Debian."""

import filecmp
import json
import re
import shutil
import subprocess

import pytest

from harness.debian import DebianRoot
from packages import ROOT, SETTINGS, repack

# What dpkg and apt write for themselves, and what the dynamic loader does.
NOTES = re.compile(r"var/lib/(dpkg|apt)|var/(cache|log)|etc/ld.so.cache|etc/(group|gshadow|passwd|shadow|subgid|subuid)-$|"
                   r"etc/resolv.conf|.*/__pycache__")


@pytest.fixture(scope="session")
def installed(package, tmp_path_factory):
    """A bare Debian with the package, and what was there before."""
    root = DebianRoot(tmp_path_factory.mktemp("root"))
    root.apt("update")
    before = root.files("etc", "usr", "var", "opt")
    shutil.copy(package, root.folder / "tmp/sockwarden.deb")
    root.apt("install", "/tmp/sockwarden.deb")
    return root, before


@pytest.fixture
def root(installed):
    return installed[0]


def test_the_same_tree_gives_the_same_bytes(copies):
    assert filecmp.cmp(*copies, shallow=False)


def test_nothing_of_the_builder_is_in_it(package, tmp_path):
    subprocess.run(["dpkg-deb", "-R", package, tmp_path / "out"], check=True)
    assert (tmp_path / "out/usr/bin/sockwarden").stat().st_size > 100_000
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [name for name in (package.parent, ROOT / "proxy", ROOT / "policy") if str(name).encode() in data], path


def test_an_installed_program_runs(root):
    assert root.run("sockwarden", "--version").stdout.startswith("sockwarden ")
    assert root.run("sockwarden", "-c", f"/{SETTINGS}", "check").stdout.endswith("ok\n")
    (root.folder / "run/sockwarden").mkdir()  # as the unit's RuntimeDirectory= does
    done = root.run("timeout", "--preserve-status", "-s", "TERM", "1", "sockwarden", "-c", f"/{SETTINGS}")
    assert " notice listening " in done.stderr and " notice stopped " in done.stderr


def test_all_that_belongs_to_it_is_there(root):
    listed = set(root.run("dpkg", "-L", "sockwarden").stdout.split())
    pages = {f"/usr/share/man/man{path.suffix[1:]}/{path.name}.gz" for path in (ROOT / "docs/man").iterdir()}
    assert len(pages) >= 1
    assert listed >= pages | {
        "/usr/bin/sockwarden", f"/{SETTINGS}", "/usr/lib/systemd/system/sockwarden.service",
        "/usr/lib/systemd/system/sockwarden@.service", "/usr/lib/systemd/system/sockwarden.socket",
        "/usr/lib/sysusers.d/sockwarden.conf", "/usr/share/bash-completion/completions/sockwarden",
        "/usr/share/doc/sockwarden/README.md", "/usr/share/doc/sockwarden/copyright",
        "/usr/share/doc/sockwarden/changelog.gz", "/usr/share/doc/sockwarden/sockwarden.spdx.json",
        "/usr/share/doc/sockwarden/docs/rules.md", "/usr/share/doc/sockwarden/examples/traefik.ini"}
    assert root.run("getent", "group", "docker").stdout.startswith("docker:x:")
    assert root.run("dpkg-query", "-W", "-f", "${Conffiles}", "sockwarden").stdout.split()[0] == f"/{SETTINGS}"
    assert root.run("stat", "-c", "%U:%G %a", f"/{SETTINGS}").stdout == "root:root 644\n"
    # An installation neither enables nor starts it.
    assert not [name for name in root.files("etc/systemd") if "sockwarden" in name]


def test_what_is_linked_is_listed_with_its_licence(root, package):
    listed = json.loads(root.run("cat", "/usr/share/doc/sockwarden/sockwarden.spdx.json").stdout)
    packages = {one["name"]: one for one in listed["packages"]}
    control = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True).stdout
    needed = {entry.split()[0] for entry in control.split(", ")}
    assert set(packages) - {"sockwarden"} == needed and len(needed) >= 5
    assert all(one["licenseDeclared"] != "NOASSERTION" and one["versionInfo"] for one in packages.values())
    assert {one["relatedSpdxElement"] for one in listed["relationships"]} == {one["SPDXID"] for one in packages.values()}


def test_an_upgrade_keeps_the_settings_and_a_purge_leaves_nothing(installed, package, tmp_path):
    root, before = installed
    own = (root.folder / SETTINGS).read_text() + "# mine\n"
    (root.folder / SETTINGS).write_text(own)
    (root.folder / "etc/sockwarden/ci.ini").write_text("[listener a]\n")
    for number, settings in enumerate((None, "# other defaults\n")):
        version = f"9.{number}"
        shutil.copy(repack(package, tmp_path / f"v{number}", version, settings), root.folder / "tmp/next.deb")
        root.apt("-o", "Dpkg::Options::=--force-confold", "install", "/tmp/next.deb")
        assert root.run("dpkg-query", "-W", "-f", "${Version}", "sockwarden").stdout == version
        assert (root.folder / SETTINGS).read_text() == own
    root.apt("remove", "sockwarden")
    assert (root.folder / SETTINGS).read_text() == own and not (root.folder / "usr/bin/sockwarden").exists()
    root.apt("purge", "--auto-remove", "sockwarden")
    after = root.files("etc", "usr", "var", "opt")
    differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert {name for name in differing if not NOTES.match(name)} == set()


def test_an_installation_by_hand_keeps_the_settings_that_are_there(tmp_path):
    def cmake(*arguments):
        done = subprocess.run(["cmake", *arguments], capture_output=True, text=True, check=False, timeout=600,
                              env={"PATH": "/usr/bin:/bin", "DESTDIR": str(tmp_path / "root")})
        assert done.returncode == 0, done.stderr
        return done.stdout

    build = tmp_path / "build"
    cmake("-S", str(ROOT), "-B", str(build), "-DCMAKE_INSTALL_PREFIX=/usr")
    cmake("--build", str(build))
    cmake("--install", str(build))
    file = tmp_path / "root/etc/sockwarden/sockwarden.ini"
    assert file.read_text() == (ROOT / "docker/package/sockwarden.ini").read_text()
    file.write_text("mine\n")
    assert f"Kept: {file}" in cmake("--install", str(build))
    assert file.read_text() == "mine\n"
