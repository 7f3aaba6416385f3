"""A name server on a loopback address of its own, and a program that asks it: for tests as root."""

import os
import pathlib
import socket
import struct
import threading

ADDRESS_6_TYPE = 28
NO_SUCH_NAME, HANGS = "no such name", "hangs"


class NameServer(threading.Thread):
    """answers: a list of addresses for a name, NO_SUCH_NAME, or HANGS; any other name hangs."""

    def __init__(self):
        super().__init__(daemon=True)
        self.answers, self.asked = {}, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = f"127.53.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}"
        self.socket.bind((self.address, 53))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"", (self.address, 53))
        self.join(10)
        self.socket.close()

    def prefix(self, folder, times=1):
        """A command that runs another one whose resolv.conf names this server, so many times."""
        file = pathlib.Path(folder) / "resolv.conf"
        file.write_text(f"nameserver {self.address}\n" * times, encoding="ascii")
        return ("unshare", "--mount", "sh", "-c", f"mount --bind {file} /etc/resolv.conf; exec \"$@\"", "-")

    def run(self):
        while True:
            query, client = self.socket.recvfrom(1000)
            if not query:
                return
            answer = self.answer(query)
            if answer:
                self.socket.sendto(answer, client)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += query[at] + 1
        kind, = struct.unpack(">H", query[at + 1:at + 3])
        known = self.answers.get(".".join(labels).lower(), HANGS)
        self.asked += 1
        if known is HANGS:
            return None
        family = socket.AF_INET6 if kind == ADDRESS_6_TYPE else socket.AF_INET
        fitting = [] if known is NO_SUCH_NAME else [one for one in known if (":" in one) == (kind == ADDRESS_6_TYPE)]
        records = b""
        for one in fitting:
            packed = socket.inet_pton(family, one)
            records += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 1, len(packed)) + packed
        flags = 0x8183 if known is NO_SUCH_NAME else 0x8180
        return query[:2] + struct.pack(">HHHHH", flags, 1, len(fitting), 0, 0) + query[12:at + 5] + records
