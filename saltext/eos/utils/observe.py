"""Ask a component for the one thing that proves it ready."""

from __future__ import annotations

import importlib
import json
import socket
import subprocess
from collections.abc import Callable
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.http import Client, HttpError
from saltext.eos.utils.validate import same, show

AUTHORITY = "/etc/eos/tls/ca.pem"
COMMAND_LIMIT = 20
REQUEST_LIMIT = 5.0


class Outcome:
    """
    What one probe saw.

    :param ok: it saw what it wants.
    :param observed: what it saw, short, without secrets.
    :param why: the likely cause when it is not ok.
    """

    def __init__(self, ok: bool, observed: str, why: str) -> None:
        self.ok = ok
        self.observed = observed
        self.why = why


def here(gate: dict[str, Any], form: dict[str, Any], **context: Any) -> list[Outcome]:
    """
    Observe a gate of this node, with the values that its component is compiled with.

    :param form: the compiled form of this node.
    :param context: what hooks may use beside these.
    """
    entry = gate.get("entry")
    part = form["components"].get(gate["component"], {})
    if entry is not None:
        part = part.get("each", {}).get(entry, {})
    own = {"compiled": form, "values": part.get("values", {}), "entry": entry}
    return observe(gate, {**context, **own})


def observe(gate: dict[str, Any], context: dict[str, Any]) -> list[Outcome]:
    """
    Run a gate's probes in order and stop at the first that does not pass.

    :param context: what hooks may use; ``resolve`` opens secrets.
    """
    outcomes: list[Outcome] = []
    for probe in gate["probes"]:
        outcome = _probe(probe, gate, context)
        outcomes.append(outcome)
        if not outcome.ok:
            break
    return outcomes


def _probe(probe: dict[str, Any], gate: dict[str, Any], context: dict[str, Any]) -> Outcome:
    ways: dict[str, Callable[[], tuple[bool, str]]] = {
        "http": lambda: _http(probe, context),
        "command": lambda: _command(probe),
        "tcp": lambda: _tcp(probe),
        "hook": lambda: _hook(probe, gate, context),
    }
    try:
        ok, observed = ways[probe["by"]]()
    except (CommandExecutionError, OSError) as err:
        ok, observed = False, str(err)
    return Outcome(ok, observed, probe["why"])


def _http(probe: dict[str, Any], context: dict[str, Any]) -> tuple[bool, str]:
    headers = {}
    if "auth" in probe:
        value = context["resolve"](probe["auth"]["secret"])
        name = probe["auth"]["header"]
        headers[name] = f"Bearer {value}" if name.lower() == "authorization" else value
    host = f"[{probe['host']}]" if ":" in probe["host"] else probe["host"]
    base = f"{probe['scheme']}://{host}:{probe['port']}"
    client = Client(base, AUTHORITY, headers=headers, timeout=REQUEST_LIMIT, attempts=1)
    what = f"GET {base}{probe['get']}"
    wanted = probe.get("status")
    try:
        body = client.get(probe["get"])
        status = client.status or 0
    except HttpError as err:
        if err.status is None or not wanted or err.status not in wanted:
            return False, str(err)
        body, status = err.body, err.status
    if wanted and status not in wanted:
        return False, f"{what} answered {status}; expected {' or '.join(map(str, wanted))}"
    return _judge(probe, body, what)


def _command(probe: dict[str, Any]) -> tuple[bool, str]:
    what = " ".join(probe["run"])
    try:
        done = subprocess.run(
            probe["run"], capture_output=True, timeout=COMMAND_LIMIT, check=False, text=True
        )
    except subprocess.TimeoutExpired:
        return False, f"`{what}` gave no answer in {COMMAND_LIMIT} s"
    except OSError as err:
        return False, f"`{what}` cannot be run: {err.strerror}"
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        return False, f"`{what}` ended with {done.returncode}: {said[-1] if said else 'silence'}"
    try:
        body = json.loads(done.stdout)
    except ValueError:
        body = done.stdout.strip()
    return _judge(probe, body, f"`{what}`")


def _tcp(probe: dict[str, Any]) -> tuple[bool, str]:
    where = f"{probe['host']}:{probe['port']}"
    try:
        with socket.create_connection((probe["host"], probe["port"]), REQUEST_LIMIT):
            return True, f"{where} accepts connections"
    except OSError as err:
        return False, f"{where} does not accept connections: {err.strerror or err}"


def _hook(probe: dict[str, Any], gate: dict[str, Any], context: dict[str, Any]) -> tuple[bool, str]:
    name = probe["hook"]
    module = importlib.import_module(f"saltext.eos.hooks.{gate['component']}")
    try:
        answer = getattr(module, name)(context["values"], context)
    except Exception as err:  # noqa: BLE001 - whatever a hook raises means: not ready
        return False, f"{name}: {err}"
    return bool(answer["ok"]), f"{name}: {answer['observed']}"


def _judge(probe: dict[str, Any], body: Any, what: str) -> tuple[bool, str]:
    value, found = body, True
    for part in str(probe["field"]).split(".") if "field" in probe else ():
        value, found = _step(value, part)
        if not found:
            return False, f"{what} has no field {probe['field']}: {show(body)}"
    name = f"{what} {probe['field']}" if "field" in probe else what
    if "is" in probe:
        wanted = probe["is"] if isinstance(probe["is"], list) else [probe["is"]]
        ok = any(same(item, value) for item in wanted)
        expected = " or ".join(map(show, wanted))
    elif "is_not" in probe:
        ok, expected = not same(probe["is_not"], value), f"not {show(probe['is_not'])}"
    elif "at_least" in probe:
        ok = isinstance(value, (int, float)) and value >= probe["at_least"]
        expected = f"at least {probe['at_least']}"
    else:
        return True, f"{name} answers"
    return ok, f"{name} = {show(value)}" + ("" if ok else f"; expected {expected}")


def _step(value: Any, part: str) -> tuple[Any, bool]:
    if isinstance(value, dict) and part in value:
        return value[part], True
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)], True
    return None, False
