"""What a master's configuration has to hold so that healing works: the engine and its reactions."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from typing import Any

from saltext.eos.utils.heal_state import DEEDS

ENGINE = "eos_healer"
TAGS = "eos/heal/decided/"
EVERY = f"{TAGS}*"
REACTOR = "salt://eos/heal/reactor.sls"


def reactions(opts: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """List tag and files of each entry of ``reactor``, as Salt's reactor reads them."""
    found = []
    for entry in opts.get("reactor") or ():
        if isinstance(entry, Mapping) and len(entry) == 1:
            ((tag, files),) = entry.items()
            found.append(
                (str(tag), [files] if isinstance(files, str) else [*map(str, files or ())])
            )
    return found


def is_ours(tag: str, files: list[str]) -> bool:
    """Recognise an entry that ``configure-master`` wrote."""
    return tag.startswith(TAGS) and files == [REACTOR]


def ours(opts: Mapping[str, Any]) -> list[dict[str, list[str]]]:
    """
    Give Eos's own entries beside those of others: none for a decision that others react to.

    Salt runs every entry whose tag matches, so one that somebody replaced must match no more.
    """
    others = [tag for tag, files in reactions(opts) if not is_ours(tag, files)]
    left = [deed for deed in DEEDS if not _matched(deed, others)]
    if len(left) == len(DEEDS):
        return [{EVERY: [REACTOR]}]
    return [{TAGS + deed: [REACTOR]} for deed in left]


def replaced(opts: Mapping[str, Any]) -> list[str]:
    """Say in a line each to which decisions others react."""
    return [
        f"reactor {tag}: {', '.join(files)} is in the place of Eos's own"
        for tag, files in reactions(opts)
        if not is_ours(tag, files) and any(_matched(deed, [tag]) for deed in DEEDS)
    ]


def hidden(sources: Iterable[tuple[Any, Mapping[str, Any]]]) -> list[str]:
    """
    Say in a line each which reactions of a file another file hides: Salt takes the last list whole.

    :param sources: path and settings of each file, in the order in which Salt reads them.
    """
    held = [(path, reactions(one)) for path, one in sources if isinstance(one.get("reactor"), list)]
    return [
        f"reactor {tag} of {path} is hidden by {held[-1][0]}, and {', '.join(files)} is not run"
        for path, entries in held[:-1]
        for tag, files in entries
        if (tag, files) not in held[-1][1] and not is_ours(tag, files)
    ]


def problems(opts: Mapping[str, Any]) -> list[str]:
    """Say what keeps this master from healing."""
    found = []
    names = [next(iter(one), "") if isinstance(one, Mapping) else one for one in engines(opts)]
    if ENGINE not in names:
        found.append(
            f"this master has no engine {ENGINE}; nothing is healed; run `saltext-eos "
            "configure-master` and restart the master"
        )
    tags = [tag for tag, _ in reactions(opts)]
    unheard = [deed for deed in DEEDS if not _matched(deed, tags)]
    if unheard:
        found.append(
            f"the reactor of this master starts nothing for decisions to {', '.join(unheard)}; "
            f"expected {REACTOR} for {EVERY}; run `saltext-eos configure-master` and restart the "
            "master"
        )
    return found


def engines(opts: Mapping[str, Any]) -> list[Any]:
    """List the entries of ``engines``, however they are written."""
    found = opts.get("engines") or []
    return (
        [{name: told} for name, told in found.items()] if isinstance(found, Mapping) else [*found]
    )


def _matched(deed: str, tags: list[str]) -> bool:
    return any(fnmatch.fnmatch(TAGS + deed, tag) for tag in tags)
