"""An engine in the machine: answers every GET with JSON, one with the word slow after three seconds (a file tells that it
is there), and /events with a chunk a tenth of a second for ever."""

import http.server
import os
import socket
import socketserver
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if "slow" in self.path:
            open("/run/slow", "w", encoding="utf-8").close()
            time.sleep(3)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if self.path.split("?")[0].endswith("/events"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while True:
                self.wfile.write(b"3\r\n{}\n\r\n")
                time.sleep(0.1)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def address_string(self):
        return "unix"


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    request_queue_size = 1024
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


if os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])
with Server(sys.argv[1], Handler) as server:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
    server.serve_forever()
