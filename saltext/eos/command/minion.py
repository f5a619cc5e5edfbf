"""``saltext-eos configure-minion``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from saltext.eos.beacon_config import eos_host, eos_oom
from saltext.eos.command import effective
from saltext.eos.command.change import Change, Refusal, text
from saltext.eos.utils import contract

BEACONS = {"eos_host": eos_host.DEFAULTS, "eos_oom": eos_oom.DEFAULTS}


def configure_minion(config: str) -> Change:
    """
    Prepare the drop-in ``minion.d/eos.conf``.

    A minion finds the wheel by itself; the drop-in says that it belongs to a stack and turns the
    beacons ``eos_host`` and ``eos_oom`` on, after everything that would keep it from working has
    been looked for.

    :param config: path of the minion's main file.
    :raises Refusal: the minion could not work.
    """
    opts = effective.read(config, "minion")
    refused = _unfit(opts)
    if refused:
        raise Refusal(refused)
    drop_in = Path(config).parent / "minion.d" / "eos.conf"
    # A mapping of a drop-in replaces that of the main file, so it is written whole.
    beacons = dict(opts.get("beacons") or {})
    told = {
        beacon: beacons.get(beacon) or [{name: value} for name, value in defaults.items()]
        for beacon, defaults in BEACONS.items()
    }
    settings = {"eos": {"member": True}, "beacons": {**beacons, **told}}
    before = {"eos": opts["eos"]} if "eos" in opts else {}
    if beacons:
        before["beacons"] = dict(beacons)
    return Change(
        path=drop_in,
        text=text("configure-minion", settings),
        before={} if before == settings else before,
        after={} if before == settings else settings,
        advice="Restart the minion: `systemctl restart salt-minion`.",
    )


def _unfit(opts: dict[str, Any]) -> list[str]:
    found = [
        f"{path} hides a module of the wheel; expected no synced copy; remove it"
        for path in contract.shadowed(opts)
    ]
    disabled = [str(name) for name in opts.get("disable_modules") or () if "eos" in str(name)]
    if disabled:
        found.append(
            f"disable_modules lists {', '.join(disabled)}; expected Eos's modules to be allowed; "
            "remove them from that list"
        )
    if not isinstance(opts.get("beacons") or {}, dict):
        found.append("beacons is no mapping; expected `name: settings` lines; correct it")
    if opts.get("file_client") == "local":
        found.append(
            "file_client is local: this minion asks no master; expected file_client remote"
        )
    return found
