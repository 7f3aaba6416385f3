"""A journal that is none: the socket at its path, in a mount namespace of the program's own."""

import os
import socket
import struct
import threading

PATH = "/run/systemd/journal"

# Gives the program a /run of its own that holds a link to our socket; tells it, if asked, that its standard error is a
# stream of the journal.
LAUNCHER = """
import os, subprocess, sys
folder, stream = sys.argv[1:3]
subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
os.makedirs("PATH")
os.symlink(folder + "/journal.sock", "PATH/socket")
if stream == "stream":
    status = os.fstat(2)
    os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
os.execve(sys.argv[3], sys.argv[3:], os.environ)
""".replace("PATH", PATH)


def parse(data):
    """{field: value} of one entry; fails where it is none."""
    entry, at = {}, 0
    while at < len(data):
        end = data.index(b"\n", at)
        name, equals, value = data[at:end].partition(b"=")
        if not equals:
            size, = struct.unpack_from("<Q", data, end + 1)
            value = data[end + 9:end + 9 + size]
            end += 9 + size
            assert len(value) == size and data[end:end + 1] == b"\n", data
        assert name.decode().replace("_", "").isalnum() and name.isupper() and name.decode() not in entry, data
        entry[name.decode()] = value
        at = end + 1
    return entry


class Journal:
    """entries holds what came in, parsed; prefix is the command that runs a program beside it."""

    def __init__(self, folder, stream):
        self.path = folder / "journal.sock"
        self.entries = []
        self.socket = self.thread = None
        own = () if os.geteuid() == 0 else ("--map-root-user",)
        self.prefix = ("unshare", "--mount", *own, "/usr/bin/python3", "-c", LAUNCHER, str(folder), stream)

    def open(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        os.chmod(self.path, 0o666)
        return self

    def read(self):
        """Takes entries in from now on."""
        self.thread = threading.Thread(target=self._read, args=(self.socket,), daemon=True)
        self.thread.start()
        return self

    def close(self):
        """As when the journal ends: its socket is closed and the path is free."""
        if self.socket:
            self.socket.shutdown(socket.SHUT_RDWR)
            if self.thread:
                self.thread.join(5)
            self.socket.close()
            self.path.unlink()
        self.socket = self.thread = None

    def of(self, event):
        return [one for one in list(self.entries) if one["SOCKWARDEN_EVENT"] == event.encode()]

    def _read(self, source):
        while data := source.recv(1 << 16):
            self.entries.append(parse(data))
