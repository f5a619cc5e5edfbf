"""
What others write to a server: the raw requests of a plain client, and none of Eos' own.

A field's place on the wire is taken from the words of its declaration and read here once more, so
that a mistake of the kernel's codec does not make the same mistake again.
"""

from __future__ import annotations

import base64
import copy
import http.client
import json
import re
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from law_secrets import content
from wheel import ROOT

HEADERS = {"nomad": "X-Nomad-Token", "consul": "X-Consul-Token", "vault": "X-Vault-Token"}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PLACE = re.compile(r"\{(\w+)\}")
_CAS = re.compile(r"([?&])cas=\{ModifyIndex\}&?")


def declared(resource: str) -> dict[str, Any]:
    """Give a declaration, as the contract has it."""
    place = ROOT / f"generated/contract/resources/{resource}.json"
    return dict(json.loads(place.read_text("utf-8")))


class Plain:
    """
    A client that knows TLS, a token and JSON.

    :param connection: address, CA and the token's file, as the minion's settings have them.
    """

    def __init__(self, service: str, connection: dict[str, str]) -> None:
        parts = urlsplit(connection["address"])
        self.host, self.port = str(parts.hostname), parts.port
        self.trust = ssl.create_default_context(cafile=connection["ca_file"])
        self.token = {HEADERS[service]: Path(connection["token_file"]).read_text("utf-8")}

    def ask(self, call: str, body: Any = None) -> Any:
        """Send one request; a refusal fails the test."""
        method, _, path = call.partition(" ")
        made = http.client.HTTPSConnection(self.host, self.port, context=self.trust, timeout=30)
        try:
            is_raw = isinstance(body, bytes)
            data = body if is_raw or body is None else json.dumps(body)
            made.request(method, path, data, self.token)
            answer = made.getresponse()
            said = answer.read().decode()
            assert answer.status < 300, f"{call} answered {answer.status}: {said}"
            return json.loads(said) if said.strip() else None
        finally:
            made.close()


class Wire:
    """
    How the fields of a resource are called by its server.

    :param table: its file of the law.
    """

    def __init__(self, table: dict[str, Any], client: Plain) -> None:
        self.table, self.client = table, client
        self.contract = declared(table["resource"])
        self.spec = self.contract["spec"]
        self.rename = self.spec["wire"].get("rename") or {}

    def name(self, spot: str) -> str:
        """Give the name on the wire, from the object on that holds it."""
        if spot in self.rename:
            return str(self.rename[spot])
        words = spot.rpartition(".")[2].split("_")
        if self.spec["wire"]["case"] == "snake":
            return "_".join(words)
        return "".join(word.capitalize() for word in words)

    def value(self, spot: str, schema: dict[str, Any], value: Any) -> Any:
        """Give a value in the form that it has on the wire."""
        form = str(schema.get("x-form", ""))
        if form.startswith("span:"):
            return _span(form.partition(":")[2], value)
        if form.startswith("place:"):
            return _packed(form, content(value["file"]))
        if form == "base64":
            return base64.b64encode(value.encode()).decode()
        if isinstance(value, list):
            inner = schema.get("items") or {}
            return [self.value(spot, inner, one) for one in value]
        if not isinstance(value, dict):
            return value
        parts = schema.get("properties")
        if parts is None:
            more = schema.get("additionalProperties")
            each = more if isinstance(more, dict) else {}
            return {name: self.value(spot, each, one) for name, one in value.items()}
        made: dict[str, Any] = {}
        for name, one in value.items():
            here = f"{spot}.{name}"
            _lay(made, self.name(here), self.value(here, parts[name], one))
        return made

    def filled(self, call: str, known: dict[str, Any]) -> str:
        """Fill the places of a call: by field, by the server's own name, or by a field's."""

        def one(found: re.Match[str]) -> str:
            name = found[1]
            value = known.get(name, known.get(self.name(name)))
            assert value is not None, (call, name, known)
            return quote(str(value), safe="/")

        method, _, path = _CAS.sub(r"\1", call).rstrip("?&").partition(" ")
        return f"{method} {_PLACE.sub(one, path)}"

    def known(self, desired: dict[str, Any]) -> dict[str, Any]:
        """Give what is wanted, with what a field is when it is left out."""
        fields = self.contract["fields"].items()
        return {name: one["default"] for name, one in fields if "default" in one} | desired

    def found(self, desired: dict[str, Any]) -> dict[str, Any]:
        """Read an object as the server has it."""
        how, service = self.spec["find"], self.table["service"]
        if self.table["resource"] in ("vault_mount", "vault_auth_method"):
            every = self.client.ask(how["list"])["data"]
            return dict(every[f"{desired['name']}/"])
        known = self.known(desired)
        if "read" not in how or not set(_PLACE.findall(how["read"])) <= set(known):
            names = [name for name in how.get("match", self.table["keys"]) if name in desired]
            (item,) = [
                one
                for one in self.client.ask(self.filled(how["list"], known))
                if all(one.get(self.name(name)) == desired[name] for name in names)
            ]
            if "read" not in how:
                return dict(item)
            known |= item
        answer = self.client.ask(self.filled(how["read"], known))
        if service == "vault":
            answer = answer["data"]
        if isinstance(answer, dict) and set(answer) == {"Node", "Services"}:
            answer = answer["Services"]
        return dict(answer[0] if isinstance(answer, list) else answer)


def drift(wire: Wire, desired: dict[str, Any], field: str, value: Any) -> None:
    """Write another value of one field, with all else as the server has it."""
    resource, schema = wire.table["resource"], wire.contract["fields"][field]["schema"]
    before = wire.found(desired)
    raw, path = wire.value(field, schema, value), wire.name(field)
    after = copy.deepcopy(before)
    _lay(after, path, raw)
    call = wire.filled(wire.spec["update"], {**after, **wire.known(desired), field: value})
    writer = WRITERS.get(resource)
    body = after if writer is None else writer(after, desired, path, raw)
    if wire.spec["wire"].get("envelope"):
        body = {wire.spec["wire"]["envelope"]: body}
    wire.client.ask(call, body)


def _catalog_check(after: dict[str, Any], desired: dict[str, Any], *_: Any) -> Any:
    return {"Node": desired["node"], "SkipNodeUpdate": True, "Check": after}


def _catalog_node(after: dict[str, Any], *_: Any) -> Any:
    return {name: one for name, one in after.items() if name != "Meta"} | {
        "NodeMeta": after.get("Meta")
    }


def _catalog_service(after: dict[str, Any], desired: dict[str, Any], *_: Any) -> Any:
    return {"Node": desired["node"], "SkipNodeUpdate": True, "Service": after}


def _agent_service(after: dict[str, Any], *_: Any) -> Any:
    known = ("ID", "Tags", "Meta", "Port", "Address", "EnableTagOverride", "Weights")
    more = {name: after[name] for name in ("TaggedAddresses", "Proxy", "Connect", "Kind")
            if after.get(name)}  # fmt: skip
    if "TaggedAddresses" in more:
        more["TaggedAddresses"] = {
            name: one for name, one in more["TaggedAddresses"].items() if "ipv" not in name
        }
    kept = {name: after[name] for name in known if name in after}
    return {**kept, **more, "Name": after["Service"]}


def _key(after: dict[str, Any], _: Any, path: str, raw: Any) -> bytes:
    return base64.b64decode((raw if path == "Value" else after["Value"]) or "")


def _tuning(_: dict[str, Any], __: Any, path: str, raw: Any) -> Any:
    return {path.removeprefix("config."): raw}


def _volume(after: dict[str, Any], desired: dict[str, Any], *_: Any) -> Any:
    secrets = {name: content(one["file"]) for name, one in desired.get("secrets", {}).items()}
    own = ("Allocations", "ReadAllocs", "WriteAllocs", "Topologies", "ResourceExhausted")
    kept = {name: one for name, one in after.items() if name not in own}
    return {"Volumes": [{**kept, "Secrets": secrets}]}


WRITERS = {
    "consul_catalog_check": _catalog_check,
    "consul_catalog_node": _catalog_node,
    "consul_catalog_service": _catalog_service,
    "consul_service": _agent_service,
    "consul_kv": _key,
    "vault_mount": _tuning,
    "vault_auth_method": _tuning,
    "nomad_csi_volume": _volume,
}
"""Where an object is not written as it is read."""


def _lay(place: dict[str, Any], path: str, value: Any) -> None:
    """Lay a value over what is there, at the end of a path."""
    path, _, inner = path.partition("[]")
    *folders, last = path.split(".")
    for folder in folders:
        if not isinstance(place.get(folder), dict):
            place[folder] = {}
        place = place[folder]
    if inner:
        place[last] = [{inner.removeprefix("."): one} for one in value]
        return
    place[last] = value


def _span(wire: str, value: Any) -> Any:
    text = value if isinstance(value, str) else f"{value}s"
    seconds = sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))
    return {"ns": seconds * 10**9, "s": seconds, "text": f"{seconds}s"}[wire]


def _packed(form: str, secret: str) -> str:
    return base64.b64encode(secret.encode()).decode() if form.endswith("base64") else secret
