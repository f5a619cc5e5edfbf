"""One object that a state or a function is about: checked, opened and connected."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import forms, placed, settings, state, versions, wire
from saltext.eos.utils.http import Client, HttpError, words
from saltext.eos.utils.mask import plain

LEAST = 4


@dataclass
class Task:
    """
    What is wanted of one object.

    :param desired: value by field, in the form in which Eos compares; ``None`` is not managed.
    :param what: what messages call the object.
    """

    spec: dict[str, Any]
    name: str
    what: str
    desired: dict[str, Any]
    opts: Mapping[str, Any]
    notes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    connection: Client | None = None

    @property
    def client(self) -> Client:
        """The connection to the server of this object."""
        if self.connection is None:
            self.connection = settings.connect(self.spec["service"], self.opts)
        return self.connection

    def prepare(self, *, fill: bool = False) -> None:
        """
        Check, open secrets, connect, and leave out what the server is too old for.

        :param fill: what was left out takes its default.
        :raises CommandExecutionError: a value is wrong, a secret is not at its place, or the
            server is not to be reached.
        :raises ValueError: a value cannot be read.
        """
        rows = self.spec["fields"]
        if fill:
            self.desired = {
                name: rows[name].get("default") if value is None else value
                for name, value in self.desired.items()
            }
        self.desired = {n: forms.spelled(rows[n], one) for n, one in self.desired.items()}
        wire.check(self.spec, self.desired)
        self.desired = {
            name: forms.settled(rows[name], one, self._opened) for name, one in self.desired.items()
        }
        self.notes += versions.left_out(self.client, rows, self.desired)

    @contextmanager
    def told(self) -> Iterator[None]:
        """
        Let no secret out with an error, whatever a server repeats and in whichever form.

        :raises HttpError: by meaning, as it was.
        :raises CommandExecutionError: anything else that is expected to go wrong.
        """
        try:
            yield
        except HttpError as err:
            said = f"{self.hide(err)}{self._aged(err)}"
            raise type(err)(
                said, method=err.method, path=err.path, status=err.status, body=None
            ) from None
        except (CommandExecutionError, ValueError) as err:
            # What was changed before it went wrong has to stay said.
            if isinstance(err, CommandExecutionError) and (
                not self.secrets or getattr(err, "changes", None)
            ):
                err.args = (f"{err}{self._aged(err)}", *err.args[1:])
                raise
            raise CommandExecutionError(self.hide(err)) from None

    def hide(self, err: Exception | str) -> str:
        """
        Give a message in which none of the secrets stands that were opened.

        What a server said is taken whole, and cut only when nothing of a secret is left in it.
        """
        text, rest, advice = str(err), "", ""
        if self.secrets and isinstance(err, HttpError) and err.body is not None:
            text, rest = f"{err.method} {err.path} answered {err.status}: ", words(err.body)
            advice = f"; {err.advice}"
        return self._without(text) + self._without(rest)[:300] + advice

    def _aged(self, err: Exception) -> str:
        client = self.connection
        return "" if client is None else versions.too_old(self.spec["service"], client, err)

    def _without(self, text: str) -> str:
        for secret in sorted(self.secrets, key=len, reverse=True):
            packed = base64.b64encode(secret.encode()).decode()
            plain_json = json.dumps(secret, ensure_ascii=False)[1:-1]
            for form in (secret, json.dumps(secret)[1:-1], plain_json, packed):
                text = text.replace(form, state.HIDDEN)
        return text

    def _opened(self, place: Any) -> str:
        secret = placed.opened(place, self.opts)
        if len(secret) >= LEAST:
            self.secrets.append(secret)
        return secret


def task(spec: dict[str, Any], desired: dict[str, Any], opts: Mapping[str, Any]) -> Task:
    """Begin with an object; nothing is checked or asked yet."""
    desired = plain(desired)
    keys = [str(desired.get(name)) for name, row in spec["fields"].items() if row.get("key")]
    what = " ".join([spec["title"], *map(ascii_only, keys)])
    return Task(spec, keys[0] if keys else spec["title"], what, desired, opts)


def ascii_only(text: str) -> str:
    """Write control characters of a name so that a message stays one line."""
    shown = text if text.isprintable() else ascii(text)
    return shown if len(shown) <= 120 else f"{shown[:117]}..."
