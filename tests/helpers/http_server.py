"""A web server on this machine that does to a download what the web does.

`with Server() as server: server.put("/a.zip", data, Fault(cut=1000, times=1))`. It serves from
memory, answers ranges, and keeps a list of what it was asked.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import time
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LOGIN = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Log in.</body></html>"
QUOTA = (
    b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>"
    b"Too many users have viewed or downloaded this file recently.</body></html>"
)
_STEP = 4096


@dataclass(frozen=True)
class Fault:
    """What goes wrong when a path is asked for.

    Attributes:
        times: How many answers are so; None: all.
        status: Answered instead of the file.
        headers: Added to the answer.
        location: Redirects there.
        cut: Bytes of the body after which the connection ends.
        stall: Bytes of the body after which nothing comes for `seconds`.
        pause: Seconds between two pieces of 4096 bytes.
        seconds: Of a stall.
        longer: Added to the Content-Length.
        no_length: The length is not stated; the end of the connection is the end.
        chunked: The length is not stated; the body comes in chunks.
        content: Sent instead of the file.
        kind: Content type.
        no_ranges: A range is answered with the whole file.
        wrong_range: A range is answered with a part that begins elsewhere.
        ignore_if_range: Parts are sent although the version is another.
        tag: Of the version: `strong`, `weak`, or `none`.
    """

    times: int | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    location: str | None = None
    cut: int | None = None
    stall: int | None = None
    pause: float = 0.0
    seconds: float = 0.0
    longer: int = 0
    no_length: bool = False
    chunked: bool = False
    content: bytes | None = None
    kind: str = "application/octet-stream"
    no_ranges: bool = False
    wrong_range: bool = False
    ignore_if_range: bool = False
    tag: str = "strong"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, body):
        site = self.server.site
        path, fault, content = site.next(self, counted=body)
        self.close_connection = True
        if fault.location is not None:
            return self._send(302, {"Location": fault.location}, b"")
        if fault.status is not None or content is None:
            return self._send(fault.status or 404, fault.headers, b"no" if body else b"")
        if path in site.drives and body and "confirm" not in self._query():
            return self._send(200, {"Content-Type": "text/html; charset=utf-8"}, self._page(path))
        return self._file(content, fault, body)

    def _query(self):
        return parse_qs(urlsplit(self.path).query)

    def _page(self, path):
        """A drive's page, which asks before it hands out the file."""
        identity = self._query().get("id", [""])[0]
        return (
            "<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head>"
            "<body><form action='/search' method='get'><input name='q'></form>"
            f'<form id="download-form" action="{path}" method="get">'
            '<input type="submit" id="uc-download-link" value="Download anyway">'
            f'<input type="hidden" name="id" value="{identity}">'
            '<input type="hidden" name="confirm" value="t&amp;1"></form></body></html>'
        ).encode()

    def _file(self, content, fault, body):
        headers = {"Content-Type": fault.kind, "Accept-Ranges": "bytes", **fault.headers}
        tag = f'"{hashlib.md5(content).hexdigest()}"'
        if fault.tag == "strong":
            headers["ETag"] = tag
        elif fault.tag == "weak":
            headers["ETag"] = f"W/{tag}"
            headers["Last-Modified"] = "Mon, 01 Jan 2024 00:00:00 GMT"
        first = self._first(headers, fault)
        if first is None:
            return self._send(200, headers, content, fault, body)
        if first >= len(content):
            return self._send(416, {"Content-Range": f"bytes */{len(content)}"}, b"")
        first = first - 1 if fault.wrong_range else first
        headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        return self._send(206, headers, content[first:], fault, body)

    def _first(self, headers, fault):
        """First byte of the range that is answered, None: the whole file is."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not asked or fault.no_ranges:
            return None
        version = self.headers.get("If-Range")
        current = (headers.get("ETag"), headers.get("Last-Modified"))
        if version and version not in current and not fault.ignore_if_range:
            return None
        return int(asked[1])

    def _send(self, status, headers, content, fault=None, body=True):
        fault = fault or Fault()
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if fault.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif not fault.no_length:
            self.send_header("Content-Length", str(len(content) + fault.longer))
        self.send_header("Connection", "close")
        self.end_headers()
        if body:
            with contextlib.suppress(OSError):
                self._body(content, fault)

    def _body(self, content, fault):
        end = len(content) if fault.cut is None else min(fault.cut, len(content))
        for start in range(0, end, _STEP):
            piece = content[start : min(start + _STEP, end)]
            if fault.stall is not None and start <= fault.stall < start + _STEP:
                self.wfile.flush()
                time.sleep(fault.seconds)
            if fault.chunked:
                piece = b"%x\r\n%s\r\n" % (len(piece), piece)
            self.wfile.write(piece)
            if fault.pause:
                self.wfile.flush()
                time.sleep(fault.pause)
        if fault.chunked and end == len(content):
            self.wfile.write(b"0\r\n\r\n")


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    site: Server


class Server:
    """The server; a context.

    Attributes:
        url: Of its root.
        asked: (method, path, Range header or None) of each request.
        drives: Paths that answer like a cloud drive.
    """

    def __init__(self, port=0):
        self.asked: list[tuple[str, str, str | None]] = []
        self.drives: set[str] = set()
        self._files: dict[str, bytes] = {}
        self._faults: dict[str, list[Fault]] = {}
        self._lock = threading.Lock()
        self._http = _HttpServer(("127.0.0.1", port), _Handler)
        self._http.site = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()

    def put(self, path, content, *faults):
        """Serve a file, and break in this order: each fault for its times, the last for ever."""
        self._files[path] = content
        self._faults[path] = list(faults)
        return self.url + path

    def slow_down(self, seconds):
        """Pause after each 4096 bytes of every file."""
        for path in self._files:
            self._faults[path] = [Fault(pause=seconds)]

    def asked_for(self, path, method="GET"):
        """Range headers of the requests for a path."""
        return [ranges for how, what, ranges in self.asked if (how, what) == (method, path)]

    def next(self, request, counted):
        """Path, fault and content of a request; a HEAD uses no fault up."""
        path = urlsplit(request.path).path
        with self._lock:
            self.asked.append((request.command, path, request.headers.get("Range")))
            faults = self._faults.get(path, [])
            fault = faults[0] if faults else Fault()
            if counted and fault.times is not None:
                faults[0] = replace(fault, times=fault.times - 1)
                if fault.times <= 1:
                    faults.pop(0)
        content = fault.content if fault.content is not None else self._files.get(path)
        return path, fault, content
