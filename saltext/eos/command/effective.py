"""The effective configuration of a Salt daemon: main file, drop-ins and defaults."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import Any

import yaml

from saltext.eos.command.change import Refusal


def read(config: str, kind: str) -> dict[str, Any]:
    """
    Read what the daemon would read.

    :param config: path of the main file.
    :param kind: ``master`` or ``minion``.
    :raises Refusal: Salt is not in this Python, or a file is unreadable or no YAML mapping.
    """
    sources(config, kind)
    try:
        import salt.config  # noqa: PLC0415 - Salt may be absent, and then this says so
    except ImportError as err:
        raise Refusal(
            [
                f"Salt is not in this Python ({err}); expected saltext-eos in the Python that runs "
                "Salt; install the wheel with `salt-pip install` (packages) or that Python's pip"
            ]
        ) from err
    reader = salt.config.master_config if kind == "master" else salt.config.minion_config
    return dict(reader(config))


def sources(config: str, kind: str) -> list[tuple[Path, dict[str, Any]]]:
    """
    List the files that make the configuration, in the order Salt reads them: later ones win.

    :raises Refusal: one is unreadable or no YAML mapping.
    """
    main = Path(config)
    found = [(main, _mapping(main))]
    include = found[0][1].get("default_include", f"{kind}.d/*.conf")
    folder = main.parent / Path(include).parent
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            hidden = path.name.startswith(("_", "."))
            if fnmatch.fnmatch(path.name, Path(include).name) and not hidden:
                found.append((path, _mapping(path)))
    return found


def overriders(config: str, kind: str, drop_in: Path, names: list[str]) -> list[str]:
    """Name the files read after the drop-in that would replace one of its settings."""
    files = sources(config, kind)
    return [
        f"{path} is read after {drop_in.name} and replaces {name}; expected nothing after it to "
        f"set {name}; move that setting into {config}, then run this again"
        for path, settings in files
        for name in names
        if name in settings and path.parent == drop_in.parent and path.name > drop_in.name
    ]


def _mapping(path: Path) -> dict[str, Any]:
    try:
        parsed = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as err:
        raise Refusal([f"{path} cannot be read: {err.strerror}; run as root"]) from err
    except (yaml.YAMLError, UnicodeDecodeError) as err:
        first = str(err).splitlines()[0]
        raise Refusal([f"{path} is no YAML: {first}; correct it, Salt does not read it"]) from err
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        raise Refusal([f"{path} holds no mapping; expected `option: value` lines; correct it"])
    return parsed
