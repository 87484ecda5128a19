# SPDX-License-Identifier: MIT
"""Servers that answer checks: HTTP on a port or a Unix socket, and what Docker would say there."""
import contextlib
import http.server
import json
import pathlib
import socket
import socketserver
import threading


class Answers(http.server.BaseHTTPRequestHandler):
    """Path to (status, headers, body) from server.answers; what was asked is in
    server.asked and server.bodies."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        self.server.bodies.append(self.rfile.read(length))
        self.server.asked.append((self.path, dict(self.headers)))
        status, headers, body = self.server.answers.get(self.path, (404, {}, b"no such page"))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET

    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


class UnixServer(Server):
    address_family = socket.AF_UNIX

    def server_bind(self):
        pathlib.Path(self.server_address).unlink(missing_ok=True)
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "unix", 0

    def get_request(self):
        request, _ = super().get_request()
        return request, ("unix", 0)


class Answering:
    """A server in a thread: on a path, or on a port of `ns` (127.0.0.1)."""

    def __init__(self, where, answers, ns=None):
        with ns.inside() if ns is not None else contextlib.nullcontext():
            self.server = (UnixServer(str(where), Answers) if ns is None
                           else Server(("127.0.0.1", where), Answers))
        self.server.answers = answers
        self.server.asked = []
        self.server.bodies = []
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def answers(self):
        return self.server.answers

    @property
    def asked(self):
        return self.server.asked

    @property
    def bodies(self):
        return self.server.bodies

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


class Hung:
    """Accepts, and never answers: a dockerd that was stopped."""

    def __init__(self, path):
        pathlib.Path(path).unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(64)

    def close(self):
        self.socket.close()


def swarm_nodes(index=1, **availability):
    """/nodes of a manager: NodeID to availability, as its log says at `index`."""
    nodes = [{"ID": name, "Version": {"Index": index}, "Spec": {"Availability": word}}
             for name, word in availability.items()]
    return 200, {"Content-Type": "application/json"}, json.dumps(nodes).encode()


def docker(state="active", role="worker", api="1.43", error="", address="10.77.0.1", name="abc"):
    """What an engine answers; one before API 1.42 sends no header Swarm. Nobody is drained."""
    ping = {"Api-Version": api}
    if tuple(map(int, api.split("."))) >= (1, 42):
        ping["Swarm"] = f"{state}/{role}" if state == "active" else state
    info = {"Swarm": {"LocalNodeState": state, "ControlAvailable": role == "manager",
                      "Error": error, "NodeAddr": address, "NodeID": name}}
    return {"/nodes": (swarm_nodes() if role == "manager" else
                       (503, {}, b'{"message":"This node is not a swarm manager."}')),
            "/_ping": (200, ping, b"OK"),
            "/info": (200, {"Content-Type": "application/json"}, json.dumps(info).encode())}
