"""A bare Debian to install into: made once by debootstrap, unpacked for each who asks.

The bare root is kept as build/cache/debian-SUITE.tar, so that a second run does not fetch it again.
"""

import hashlib
import pathlib
import re
import shutil
import subprocess

SUITE = "bookworm"
CACHE = pathlib.Path(__file__).parents[2] / "build/cache"


def mirror():
    """Where this machine has its packages from."""
    lists = [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*")]
    for path in lists:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        found = re.search(r"^(?:URIs:|deb(?: \[[^]]*\])?) *(\S+/debian)/?(?: |$)", text, re.M)
        if found:
            return found.group(1)
    return "http://deb.debian.org/debian"


def bare_root_archive():
    archive = CACHE / f"debian-{SUITE}.tar"
    if not archive.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        folder = CACHE / f"debian-{SUITE}.new"
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, str(folder), mirror()], check=True, timeout=600)
        unfinished = archive.with_suffix(".part")
        subprocess.run(["tar", "-C", str(folder), "--one-file-system", "-cf", str(unfinished), "."], check=True,
                       timeout=300)
        unfinished.rename(archive)
        shutil.rmtree(folder, ignore_errors=True)
    return archive


class DebianRoot:
    """A root of its own in `folder`; run() is in it, with the network and the package lists of this machine."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "-C", str(self.folder), "-xpf", str(bare_root_archive())], check=True, timeout=300)
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf", follow_symlinks=True)

    def command(self, *words):
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                'mount -t proc proc "$1/proc"; root=$1; shift; exec chroot "$root" "$@"', "sh", str(self.folder), *words]

    def run(self, *words, check=True, **options):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(self.command(*words), env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=300, check=False, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{words}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def apt(self, *words):
        return self.run("apt-get", "-y", "--no-install-recommends", *words)

    def files(self, *tops):
        """Every path below these, with what is in it or where it points; without what dpkg and apt note for themselves."""
        found = {}
        for top in tops:
            for path in sorted((self.folder / top).rglob("*")):
                name = str(path.relative_to(self.folder))
                if path.is_symlink():
                    found[name] = str(path.readlink())
                elif path.is_file():
                    found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
                else:
                    found[name] = ""
        return found
