"""Making the package, and further versions of it."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).parents[2]
SETTINGS = "etc/sockwarden/sockwarden.ini"


def build(source, folder):
    done = subprocess.run([source / "docker/package/build.sh", folder], capture_output=True, text=True, timeout=600,
                          check=False, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})
    assert done.returncode == 0, done.stdout + done.stderr
    return pathlib.Path(done.stdout.strip())


def repack(package, folder, version, settings=None):
    """The same package with another version, and with other settings if they are given."""
    subprocess.run(["dpkg-deb", "-R", package, folder], check=True)
    control = folder / "DEBIAN/control"
    control.write_text(re.sub("(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    if settings:
        (folder / SETTINGS).write_text(settings)
    made = folder.with_suffix(".deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", folder, made], check=True)
    return made
