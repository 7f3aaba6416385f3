"""A wire between the proxy and a real engine on which everything that passes is kept, connection by connection."""

import contextlib
import os
import socket
import tempfile
import threading


class Wiretap:
    """Listens on a unix socket of its own and passes bytes and ends on to the engine's socket, both ways."""

    def __init__(self, engine_socket):
        self.engine_socket = engine_socket
        self.folder = tempfile.TemporaryDirectory(prefix="sockwarden-tap-")
        self.address = os.path.join(self.folder.name, "docker.sock")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.address)
        self.listener.listen(1024)
        self.changed = threading.Condition()
        self.calls = []  # of [request bytes, answer bytes, directions that have ended]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.folder.cleanup()

    def take(self):
        """What passed since the last time, once it is over: (request bytes, answer bytes) of each connection."""
        with self.changed:
            over = self.changed.wait_for(lambda: all(call[2] == 2 for call in self.calls), 30)
            assert over, f"connections to the engine that do not end: {[call for call in self.calls if call[2] < 2]}"
            calls, self.calls = self.calls, []
        return [(bytes(call[0]), bytes(call[1])) for call in calls]

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            engine.connect(self.engine_socket)
            call = [bytearray(), bytearray(), 0]
            with self.changed:
                self.calls.append(call)
            for number, source, sink in ((0, client, engine), (1, engine, client)):
                threading.Thread(target=self._pass, args=(call, number, source, sink), daemon=True).start()

    def _pass(self, call, number, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                call[number] += data
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        with self.changed:
            call[2] += 1
            self.changed.notify_all()
