"""
The healer's metrics on the loopback: ``http://127.0.0.1:9461/metrics``.

They are served beside the engine, by a thread of the process that notifies, and read from files;
so they are there while the engine hangs, and say since when it does.
"""

from __future__ import annotations

import http.server
import logging
import threading
import time
from pathlib import Path
from typing import Any

from saltext.eos.utils import heal_metrics_read as read
from saltext.eos.utils.heal_file import NAME
from saltext.eos.utils.heal_metrics_text import KIND, Facts, text
from saltext.eos.utils.inbox_read import path_of
from saltext.eos.version import __version__

log = logging.getLogger(__name__)

HOST, PORT = "127.0.0.1", 9461
# Whoever asks more often gets what was read then.
FRESH = 5.0
PAUSE = 30.0


class Page:
    """
    The text of the metrics, read anew when it is older than five seconds.

    :param home: the master's store.
    :param inbox: file of the inbox.
    :param restarts: how often this process was started again.
    """

    def __init__(self, home: Path, inbox: Path, restarts: int = 0) -> None:
        self._home, self._inbox, self._restarts = home, inbox, restarts
        self._followed = read.Followed(home / NAME)
        self._lock = threading.Lock()
        self._at, self._text = float("-inf"), ""

    def get(self) -> str:
        """Give it."""
        with self._lock:
            if time.monotonic() - self._at >= FRESH:
                self._followed.turn()
                self._text = text(
                    Facts(
                        __version__, read.status(self._home), read.standing(self._home / NAME),
                        self._followed.decisions, self._followed.kinds, self._followed.is_verified,
                        self._followed.lines, read.notified(self._home), read.bridge(self._inbox),
                        self._restarts,
                    )
                )  # fmt: skip
                self._at = time.monotonic()
            return self._text


def begin(opts: dict[str, Any], home: Path, restarts: int = 0) -> None:
    """Serve from now on; the master's option ``eos_healer_metrics`` is another port, 0 for none."""
    port = int(opts.get("eos_healer_metrics", PORT))
    if port:
        page = Page(home, path_of(opts), restarts)
        threading.Thread(target=_serve, args=(page, port), name="metrics", daemon=True).start()


def server(page: Page, port: int) -> http.server.ThreadingHTTPServer:
    """
    Make the server, on the loopback only.

    :raises OSError: the port is taken.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10
        server_version = "eos"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self.send_error(404)
                return
            body = page.get().encode("utf-8")
            self.send_response(200)
            self.send_header("Content-Type", KIND)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *told: Any) -> None:
            log.debug("metrics: %s", told)

    made = http.server.ThreadingHTTPServer((HOST, port), Handler)
    made.daemon_threads = True
    return made


def _serve(page: Page, port: int) -> None:
    while True:
        try:
            server(page, port).serve_forever()
        except OSError as err:
            log.warning("metrics are not served on %s:%s: %s", HOST, port, err)
        time.sleep(PAUSE)
