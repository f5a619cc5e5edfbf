"""How long tokens in files are still taken by their servers."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saltext.eos.utils.host_certificate import left
from saltext.eos.utils.host_form import Token
from saltext.eos.utils.host_judge import WELL, Seen
from saltext.eos.utils.http import Client, Forbidden, HttpError
from saltext.eos.utils.moments import exact, moment

HEADERS = {"consul": "X-Consul-Token", "nomad": "X-Nomad-Token"}
# What a server answers to a token that it does not know; other refusals say nothing about it.
UNKNOWN = {"consul": "ACL not found", "nomad": "Permission denied"}
FRACTION = re.compile(r"\.\d+")


class Tokens:
    """
    The tokens of this host, each asked for with itself.

    :param tokens: file to token.
    :param lifetime: percent of its lifetime below which a token counts as expiring.
    """

    def __init__(
        self, tokens: Mapping[str, Token], authority: str, lifetime: int, minion: str
    ) -> None:
        self._tokens = tokens
        self._authority = authority
        self._lifetime = lifetime
        self._minion = minion

    def look(self) -> list[Seen]:
        """See each token; where a server does not answer, its tokens are neither well nor not."""
        found = []
        for path, token in self._tokens.items():
            try:
                found.append(self._seen(path, token))
            except (OSError, ValueError, HttpError):
                continue
        return found

    def _seen(self, path: str, token: Token) -> Seen:
        status = Path(path).stat()
        secret = Path(path).read_text("ascii").strip()
        if not secret:
            raise ValueError(f"{path} is empty")
        client = Client(
            token.address, self._authority, {HEADERS[token.service]: secret},
            timeout=5.0, attempts=1, within=10.0,
        )  # fmt: skip
        try:
            said = client.get("/v1/acl/token/self")
        except Forbidden as err:
            if UNKNOWN[token.service] not in str(err.body):
                raise
            said = None
        file = f"{status.st_ino:x}-{status.st_mtime_ns:x}"
        return self._judged(path, token, said, file, time.time())

    def _judged(
        self, path: str, token: Token, said: dict[str, Any] | None, file: str, now: float
    ) -> Seen:
        ends = _moment((said or {}).get("ExpirationTime"))
        begins = _moment((said or {}).get("CreateTime"))
        percent = left(begins, ends, now) if begins and ends else None
        cause = "refused" if said is None else "holds"
        if percent is not None and percent < self._lifetime:
            cause = "expiring"
        accessor = (said or {}).get("AccessorID")
        return Seen(
            thing=f"token:{path}",
            event="host/token",
            level=WELL if cause == "holds" else "expiring",
            mark=f"{accessor or file}:{cause}",
            occurred=exact(now),
            payload={
                "subject": {
                    "minion": self._minion, "component": token.component, "path": path,
                    "service": token.service,
                },
                "verdict": {"cause": cause, "left": percent},
                "change": {"ends": moment(ends.timestamp()) if ends else None},
                "links": {"accessor": accessor},
            },
            recovery="renewed",
            is_each=cause != "holds",
        )  # fmt: skip


def _moment(text: Any) -> dt.datetime | None:
    """Read a moment of Go's; its zero, and nothing, are none."""
    if not isinstance(text, str) or text.startswith("0001-"):
        return None
    plain = FRACTION.sub("", text).replace("Z", "+00:00")
    return dt.datetime.fromisoformat(plain)
