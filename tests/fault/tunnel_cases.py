"""Requests by which a client asks the engine to take the connection over, and the answers by which it does."""

from harness.fake_daemon import MULTIPLEXED_STREAM, chunked, h2c_101, raw_stream_101, raw_stream_200, websocket_101
from harness.raw_client import request

PING = request("GET", "/_ping")
UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")
H2C = ("Connection: Upgrade", "Upgrade: h2c")
WEBSOCKET = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             "Sec-WebSocket-Version: 13")
ATTACH = ("POST", "/v1.41/containers/x/attach?stream=1&stdin=1&stdout=1")
START = ("POST", "/v1.41/exec/x/start", "Content-Type: application/json")
EXEC = b'{"Detach":false,"Tty":false}'
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"

# What a client asks and what the engine answers when it takes the connection over.
KINDS = {
    "attach with Upgrade": (request(*ATTACH, *UPGRADE), raw_stream_101()),
    "attach with Upgrade and length 0": (request(*ATTACH, *UPGRADE, "Content-Length: 0"), raw_stream_101()),
    "attach with its options in a body": (request(*ATTACH, *UPGRADE, "Content-Type: application/json", body=EXEC),
                                          raw_stream_101()),
    "attach without Upgrade": (request(*ATTACH), raw_stream_200()),
    "attach without Upgrade, length 0": (request(*ATTACH, "Content-Length: 0"), raw_stream_200()),
    "attach without a version": (request("POST", "/containers/x/attach?stream=1&stdin=1", *UPGRADE), raw_stream_101()),
    "attach, multiplexed": (request(*ATTACH, *UPGRADE), raw_stream_101(MULTIPLEXED_STREAM)),
    "attach without Upgrade, multiplexed": (request(*ATTACH), raw_stream_200(MULTIPLEXED_STREAM)),
    "exec start with Upgrade": (request(*START, *UPGRADE, body=EXEC), raw_stream_101()),
    "exec start without Upgrade": (request(*START, body=EXEC), raw_stream_200()),
    "exec start, chunked": (request(*START, *UPGRADE, "Transfer-Encoding: chunked") + chunked(EXEC[:7], EXEC[7:]),
                            raw_stream_101()),
    "attach by websocket": (request("GET", "/containers/x/attach/ws?stream=1&stdin=1", *WEBSOCKET), websocket_101()),
    "session": (request("POST", "/session", *H2C, "X-Docker-Expose-Session-Uuid: abc",
                        "X-Docker-Expose-Session-Grpc-Method: /a/B", "X-Docker-Expose-Session-Grpc-Method: /a/C"),
                h2c_101()),
    "grpc": (request("POST", "/grpc", *H2C), h2c_101()),
}
RAW = [name for name in KINDS if "websocket" not in name and name not in ("session", "grpc")]


def target_of(data):
    return data.split(b" ", 2)[1].decode().partition("?")[0]


def echo(answer):
    """Answer, then send back what comes, then end with the peer."""
    def script(connection):
        connection.read_body()
        connection.send(answer)
        while data := connection.read_some():
            connection.send(data)
    return script
