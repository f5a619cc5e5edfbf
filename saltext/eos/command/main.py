"""``saltext-eos``: set a Salt master or minion up for Eos, and take that back."""

from __future__ import annotations

import argparse
import json
import sys

from saltext.eos.command.change import Change, Refusal
from saltext.eos.command.master import configure_master
from saltext.eos.command.minion import configure_minion
from saltext.eos.command.remove import remove
from saltext.eos.version import __version__


def main(arguments: list[str] | None = None) -> int:
    """
    Run the command line.

    :return: 0 done or nothing to do, 1 refused, 2 wrong usage.
    """
    options = _parser().parse_args(arguments)
    makers = {
        "configure-master": configure_master,
        "configure-minion": configure_minion,
        "remove": remove,
    }
    try:
        change = makers[options.verb](options.config)
    except Refusal as refusal:
        return _refused(refusal, as_json=options.json)
    needed, written = change.is_needed, False
    if needed and not options.dry_run:
        if not options.yes and not options.json:
            sys.stdout.write(change.difference)
        if not options.yes and not _agreed():
            sys.stderr.write("Nothing was written; give --yes to write without a question.\n")
            return 1
        try:
            change.write()
        except OSError as err:
            problem = (
                f"{err.filename or change.path} cannot be written: {err.strerror}; run as root"
            )
            return _refused(Refusal([problem]), as_json=options.json)
        written = True
    _tell(change, needed=needed, written=written, options=options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="saltext-eos", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, says, config in (
        ("configure-master", "merge what Eos needs into a master's configuration", "master"),
        ("configure-minion", "merge what Eos needs into a minion's configuration", "minion"),
        ("remove", "take both back; secrets and certificates stay", ""),
    ):
        one = verbs.add_parser(verb, help=says, description=says)
        default = f"/etc/salt/{config}" if config else "/etc/salt"
        what = "main configuration file" if config else "configuration folder"
        one.add_argument("--config", default=default, help=f"{what} (default {default})")
        one.add_argument("--yes", action="store_true", help="write without a question")
        one.add_argument("--dry-run", action="store_true", help="show the difference only")
        one.add_argument("--json", action="store_true", help="answer as one JSON object")
    return parser


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    return input("Write this? [y/N] ").strip().lower() in ("y", "yes")


def _refused(refusal: Refusal, *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps({"refused": refusal.reasons}, indent=2) + "\n")
    else:
        for reason in refusal.reasons:
            sys.stderr.write(f"refused: {reason}\n")
    return 1


def _tell(change: Change, *, needed: bool, written: bool, options: argparse.Namespace) -> None:
    if options.json:
        found = {
            "path": str(change.path),
            "changed": needed,
            "written": written,
            "difference": change.difference,
            "notes": change.notes,
            "next": change.advice if written else None,
        }
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    for note in change.notes:
        sys.stdout.write(f"{note}.\n")
    if not needed:
        sys.stdout.write(f"{change.path} is already as specified.\n")
    else:
        if options.yes or options.dry_run:
            sys.stdout.write(change.difference)
        if written:
            sys.stdout.write(f"{change.path} has been written. {change.advice}\n")
