"""Who is told about healing: pillar ``eos:heal:notify`` and ``eos:heal:webhook``, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from saltext.eos.utils import measures
from saltext.eos.utils.heal_notify_message import SEVERITIES
from saltext.eos.utils.validate import Finding, nearest, show

WEBHOOK = "webhook"
# Sealed in the master's store; pillar never has it.
KEY = "heal_webhook"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Refused(ValueError):
    """The pillar says something about notification that cannot be meant."""

    def __init__(self, path: str, expected: str, found: str) -> None:
        self.finding = Finding(("eos", "heal", *path.split(":")), expected, found)
        super().__init__(str(self.finding))


class Channel(NamedTuple):
    """
    One way to people.

    :param name: ``webhook``, or the name of a returner of Salt.
    :param severity: what is less grave is not told.
    :param most: messages within ``every`` seconds that are told one by one; more become a digest.
    :param url: of the webhook; empty for a returner.
    :param ca: file with the CA of the receiver; empty for those of the system.
    """

    name: str
    severity: str = "warning"
    most: int = 10
    every: float = 300.0
    url: str = ""
    ca: str = ""
    within: float = 10.0


def read(notify: Any, webhook: Any) -> dict[str, Channel]:
    """
    Read who is told, by name; nobody where pillar says nothing.

    :raises Refused: with the path, what was expected and what was found.
    """
    common = _mapping("notify", notify)
    _known("notify", common, ("severity", "returners", "digest"))
    severity = _severity("notify:severity", common.get("severity", "warning"))
    digest = _mapping("notify:digest", common.get("digest"))
    _known("notify:digest", digest, ("most", "every"))
    most = digest.get("most", 10)
    if type(most) is not int or most < 1:
        raise Refused("notify:digest:most", "a whole number from 1 on", show(most))
    every = _time("notify:digest:every", digest.get("every", "5m"))
    returners = common.get("returners") or []
    if not isinstance(returners, list):
        raise Refused("notify:returners", "a list of names", show(returners))
    found = {}
    for number, name in enumerate(returners):
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name == WEBHOOK:
            expected = "the name of a returner of Salt, such as slack or smtp"
            raise Refused(f"notify:returners:{number}", expected, show(name))
        found[name] = Channel(name, severity, most, every)
    if webhook is not None:
        found[WEBHOOK] = _webhook(_mapping("webhook", webhook), severity, most, every)
    return found


def _webhook(found: Mapping[str, Any], severity: str, most: int, every: float) -> Channel:
    _known("webhook", found, ("url", "severity", "ca", "within"))
    url = found.get("url")
    if not isinstance(url, str) or (wrong := _wrong(url)):
        shown = wrong if isinstance(url, str) else show(url)
        raise Refused("webhook:url", "an address such as https://host/path", shown)
    ca = found.get("ca", "")
    if not isinstance(ca, str) or (ca and not ca.startswith("/")):
        raise Refused("webhook:ca", "the path of a file with a CA", show(ca))
    own = _severity("webhook:severity", found.get("severity", severity))
    within = _time("webhook:within", found.get("within", "10s"))
    return Channel(WEBHOOK, own, most, every, url, ca, within)


def _wrong(url: str) -> str:
    """
    Say what is wrong with an address; empty when nothing is.

    It may have a secret in it, and what is said here is logged: it is never shown itself.
    """
    try:
        parts = urlsplit(url)
        is_port = parts.port != 0
    except ValueError:
        return "one that cannot be read"
    wrong = {
        "without https://": parts.scheme != "https",
        "without a host": not parts.hostname,
        "with a user or a password": "@" in parts.netloc,
        "with a fragment": bool(parts.fragment),
        "with the port 0": not is_port,
    }
    said = [words for words, is_so in wrong.items() if is_so]
    return f"one {', '.join(said)}" if said else ""


def _mapping(path: str, found: Any) -> Mapping[str, Any]:
    if found is None:
        return {}
    if isinstance(found, Mapping):
        return found
    raise Refused(path, "a mapping", show(found))


def _known(path: str, found: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in found:
        if name not in known:
            words = f"one of {', '.join(known)}{nearest(str(name), known)}"
            raise Refused(f"{path}:{name}", words, "an unknown key")


def _severity(path: str, found: Any) -> str:
    if found in SEVERITIES:
        return str(found)
    hint = nearest(found, SEVERITIES) if isinstance(found, str) else ""
    raise Refused(path, f"one of {', '.join(SEVERITIES)}{hint}", show(found))


def _time(path: str, found: Any) -> float:
    try:
        seconds = float(measures.duration(found))
    except ValueError:
        seconds = 0.0
    if seconds > 0:
        return seconds
    raise Refused(path, "a time such as '10s'", show(found))
