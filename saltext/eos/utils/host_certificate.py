"""How long the certificates of components still hold."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from saltext.eos.utils import tls
from saltext.eos.utils.host_judge import WELL, Seen
from saltext.eos.utils.moments import exact, moment


class Span(NamedTuple):
    """What a certificate says of itself."""

    serial: str
    begins: dt.datetime
    ends: dt.datetime


class Certificates:
    """
    The certificates of this host.

    :param files: file to the component that it is for.
    :param lifetime: percent of its lifetime below which a certificate counts as expiring.
    """

    def __init__(self, files: Mapping[str, str], lifetime: int, minion: str) -> None:
        self._files = files
        self._lifetime = lifetime
        self._minion = minion
        self._known: dict[str, tuple[tuple[int, int], Span]] = {}

    def look(self) -> list[Seen]:
        """See each certificate; one that is not there, or is none, is neither well nor not."""
        found = []
        for path in self._files:
            try:
                span = self._span(path)
            except (OSError, ValueError):
                continue
            found.append(self._seen(path, span, time.time()))
        return found

    def _span(self, path: str) -> Span:
        """Read it again only when its file is another."""
        status = Path(path).stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            text = Path(path).read_text("ascii")
            found = x509.load_pem_x509_certificate(text.encode())
            span = Span(f"{found.serial_number:x}", *tls.validity(found))
            known = self._known[path] = (stamp, span)
        return known[1]

    def _seen(self, path: str, span: Span, now: float) -> Seen:
        percent = left(span.begins, span.ends, now)
        cause = "expired" if now >= span.ends.timestamp() else "expiring"
        is_well = percent >= self._lifetime
        return Seen(
            thing=f"certificate:{path}",
            event="host/certificate",
            level=WELL if is_well else "expiring",
            mark=span.serial if is_well else f"{span.serial}:{cause}",
            occurred=exact(now),
            payload={
                "subject": {
                    "minion": self._minion, "component": self._files[path], "path": path,
                },
                "verdict": {"cause": "holds" if is_well else cause, "left": percent},
                "change": {"ends": moment(span.ends.timestamp())},
                "links": {"serial": span.serial},
            },
            recovery="renewed",
            is_each=not is_well,
        )  # fmt: skip


def left(begins: dt.datetime, ends: dt.datetime, now: float) -> int:
    """Give how many percent of a lifetime are left, rounded down; 0 after its end."""
    whole = (ends - begins).total_seconds()
    return max(0, int(100 * (ends.timestamp() - now) // whole)) if whole > 0 else 0
