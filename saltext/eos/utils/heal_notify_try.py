"""Whether those who are to be told can be told, tried before anything has happened."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any

import salt.minion

from saltext.eos.utils import asked, heal_notify, master
from saltext.eos.utils import heal_notify_settings as settings
from saltext.eos.utils.asker import asker
from saltext.eos.utils.heal_notify_message import Message
from saltext.eos.utils.heal_webhook import Failed
from saltext.eos.utils.validate import nearest

KIND = "test"


def findings(opts: dict[str, Any], heal: Mapping[str, Any]) -> list[str]:
    """
    Say whom of those in pillar this master cannot tell at all; nobody is told anything.

    :param heal: what pillar says below ``eos:heal``.
    """
    try:
        channels = _channels(heal)
    except asked.Unclear as err:
        return [str(err)]
    names = [name for name in channels if name != settings.WEBHOOK]
    found = []
    if names:
        with _returners(opts) as known:
            found += [
                f"eos:heal:notify:returners: this master has no returner {name}"
                f"{_meant(name, known)}; expected one that Salt can load, with what it needs "
                "installed and set up"
                for name in names
                if f"{name}.returner" not in known
            ]
    if settings.WEBHOOK in channels:
        try:
            heal_notify.key_of_webhook(opts)
        except Failed as err:
            found.append(f"eos:heal:webhook: {err}")
    return found


def tell(
    opts: dict[str, Any], channel: Any, test: Any, others: Mapping[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """
    Tell those in pillar, or one of them, that this is a test.

    :raises Unclear: there is nobody of that name to tell, or pillar cannot be meant.
    """
    asked.nothing_else(others, ("channel", "test"))
    is_test = asked.flag("test", test)
    channels = _channels(master.form(opts).get("heal") or {})
    if not channels:
        raise asked.Unclear(
            "pillar names nobody who is told; expected eos:heal:notify:returners or "
            "eos:heal:webhook"
        )
    if channel is not None and channel not in channels:
        raise asked.Unclear(
            f"channel is {channel!r}{nearest(str(channel), [*channels])}; expected one of "
            f"{', '.join(channels)}, as in pillar"
        )
    names = [*channels] if channel is None else [str(channel)]
    if is_test:
        words = f"Would be told that this is a test: {', '.join(names)}."
        return {"changes": dict.fromkeys(names, "would be told"), "comment": words}
    message, failed = _message(asker()), {}
    for name in names:
        try:
            heal_notify.sender(opts, channels[name])(message, time.time())
        except Failed as err:
            failed[name] = str(err)
    lines = [
        f"{name} was not told: {failed[name]}" if name in failed else
        f"{name} has taken `{message.text}`; look whether it has arrived." for name in names
    ]  # fmt: skip
    return {
        "changes": {name: "told" for name in names if name not in failed},
        "failed": failed, "id": message.id, "result": not failed, "comment": "\n".join(lines),
        "retcode": 1 if failed else 0,
    }  # fmt: skip


def _channels(heal: Mapping[str, Any]) -> dict[str, settings.Channel]:
    """
    Read who is told, as what tells people reads it.

    :raises Unclear: pillar says something that cannot be meant.
    """
    try:
        return settings.read(heal.get("notify"), heal.get("webhook"))
    except settings.Refused as err:
        raise asked.Unclear(str(err)) from err


def _message(by: str) -> Message:
    words = f"Eos healing: a test by {by}: nothing has happened, and nothing is to be done"
    name = f"{KIND}-{secrets.token_hex(8)}"
    return Message(name, 0, 0, time.time(), KIND, "notice", words, {"by": by})


@contextlib.contextmanager
def _returners(opts: dict[str, Any]) -> Iterator[Any]:
    loaded = salt.minion.MasterMinion(dict(opts), states=False, rend=False)
    try:
        yield loaded.returners
    finally:
        with contextlib.suppress(AttributeError):
            loaded.destroy()


def _meant(name: str, known: Any) -> str:
    names = {one.partition(".")[0] for one in known if one.endswith(".returner")}
    return nearest(name, sorted(names))
