#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A small real origin: an application that lets somebody else check logins.

    origin.py [PORT]

It listens on 127.0.0.1 (on a free port when none is given), prints its
address, and greets whoever the gateway in front of it says has logged in.
"""
import html
import http.server
import sys
import urllib.parse

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Countersign</title>
<h1>Hello, {name}</h1>
<p>You asked for <code>{path}</code>. This page comes from a small server
that knows nothing of passwords: the gateway in front of it checked yours and
proved in return that it knows it too.</p>
</html>
"""


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "origin"
    sys_version = ""

    def do_GET(self):
        # What is not ASCII comes percent-coded.
        name = urllib.parse.unquote(
            self.headers.get("X-Remote-User", "stranger"))
        body = PAGE.format(name=html.escape(name),
                           path=html.escape(self.path)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format, *args):
        pass


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Origin) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
