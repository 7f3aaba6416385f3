"""A registry in memory on a loopback port: what pull, push and login need, and a blob download that can be held."""

import base64
import hashlib
import http.server
import itertools
import re
import threading

USER, PASSWORD = "keeper", "s3cret"


class Registry:
    """address is HOST:PORT; while `open_gate` is cleared, blob downloads wait; logins counts accepted credentials."""

    def __init__(self, protected=False):
        self.protected = protected
        self.blobs, self.manifests, self.uploads = {}, {}, {}
        self.numbers = itertools.count(1)
        self.logins = 0
        self.open_gate = threading.Event()
        self.open_gate.set()
        handler = type("BoundHandler", (Handler,), {"registry": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.open_gate.set()
        self.server.shutdown()
        self.server.server_close()

    def admits(self, authorization):
        if not self.protected:
            return True
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self.logins += authorization == wanted
        return authorization == wanted


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry = None

    def handle_any(self):
        body = self.read_body()
        if not self.registry.admits(self.headers.get("Authorization")):
            return self.reply(401, {"WWW-Authenticate": 'Basic realm="test"'})
        path, _, query = self.path.partition("?")
        upload = re.fullmatch(r"/v2/(.+)/blobs/uploads/(\d*)", path)
        blob = re.fullmatch(r"/v2/.+/blobs/(sha256:\w+)", path)
        manifest = re.fullmatch(r"/v2/(.+/manifests/.+)", path)
        if path == "/v2/":
            return self.reply(200)
        if upload:
            return self.upload(upload.group(1), upload.group(2), query, body)
        if blob:
            return self.blob(blob.group(1))
        if manifest:
            return self.manifest(manifest.group(1), body)
        return self.reply(404)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = handle_any

    def upload(self, name, number, query, body):
        uploads = self.registry.uploads
        number = number or str(next(self.registry.numbers))
        uploads[number] = uploads.get(number, b"") + body
        if self.command == "PUT":
            data = uploads.pop(number)
            self.registry.blobs[f"sha256:{hashlib.sha256(data).hexdigest()}"] = data
            return self.reply(201, {"Docker-Content-Digest": query.replace("digest=", "").replace("%3A", ":")})
        size = len(uploads[number])
        return self.reply(202, {"Location": f"/v2/{name}/blobs/uploads/{number}", "Range": f"0-{max(size - 1, 0)}",
                                "Docker-Upload-UUID": number})

    def blob(self, digest):
        data = self.registry.blobs.get(digest)
        if data is None:
            return self.reply(404)
        if self.command == "GET":
            self.registry.open_gate.wait(300)
        return self.reply(200, {"Docker-Content-Digest": digest}, data)

    def manifest(self, key, body):
        manifests = self.registry.manifests
        if self.command == "PUT":
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            entry = (body, self.headers["Content-Type"], digest)
            manifests[key] = manifests[f"{key.split('/manifests/')[0]}/manifests/{digest}"] = entry
            return self.reply(201, {"Docker-Content-Digest": digest})
        if key not in manifests:
            return self.reply(404)
        data, kind, digest = manifests[key]
        return self.reply(200, {"Content-Type": kind, "Docker-Content-Digest": digest}, data)

    def read_body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def reply(self, status, fields=None, body=b""):
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for name, value in (fields or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass
