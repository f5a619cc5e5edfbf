"""A minion, or the master's own, that renders SLS and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chain
import salt.config
import salt.loader
import salt.state
from functions import Library
from problem import Problem
from sources import lenient, repeated

SALT = Path(salt.__file__).parent


class Minion:
    """
    Real Salt with a given pillar and recorded grains.

    :param site: the assembled tree.
    :param work: a folder for Salt's caches.
    :param minion_id: whose pillar it is.
    :param pillar: the whole pillar.
    :param grains: recorded on a real node.
    """

    def __init__(
        self, site: Path, work: Path, minion_id: str, pillar: dict[str, Any], grains: dict[str, Any]
    ) -> None:
        self._states = site / "saltext/eos/srv/salt"
        self._opts = dict(salt.config.minion_config(None)) | {
            "id": minion_id,
            "root_dir": str(work),
            "cachedir": str(work / "cache"),
            "extension_modules": str(work / "extmods"),
            "conf_file": str(work / "minion"),
            "file_client": "local",
            "file_roots": {"base": [str(self._states)]},
            "pillar_roots": {"base": []},
            "grains": {**grains, "id": minion_id},
            "pillar": pillar,
            "test": True,
            "master_uri": "",
        }
        self._pillar = pillar
        master = dict(salt.config.master_config(None)) | {"extension_modules": str(work / "x")}
        utils = salt.loader.utils(self._opts)
        mods = salt.loader.minion_mods(self._opts, utils=utils)
        found = salt.loader.states(self._opts, mods, utils, None)
        runners = salt.loader.runner(master)
        self.beacons = salt.loader.beacons(self._opts, mods, {})
        self.loaders = {"modules": mods, "states": found, "runners": runners}
        ours = site / "saltext/eos"
        self.modules = Library(mods, [ours / "modules", SALT / "modules"])
        self.states = Library(found, [ours / "states", SALT / "states"])
        self.runners = Library(runners, [ours / "runners", SALT / "runners"])

    def check(self, names: list[str], origins: dict[Path, Path], pillar: str) -> Iterator[Problem]:
        """
        Render SLS files, each with what it includes, and judge what comes out.

        :param names: SLS names.
        :param pillar: what to call this pillar in a message.
        """
        for name in names:
            path = self._file(name)
            if path is None:
                where = f"{pillar} on {self._opts['id']}"
                text = f"SLS {name} does not exist ({where}); expected it; run `npm run generate`"
                yield Problem("generated/salt", "EOS402", text)
                continue
            file = str(origins[path])
            twice = repeated(path)
            for mapping, key in twice:
                text = (
                    f"id {mapping}: {key} stands there twice; expected one state of a kind per id, "
                    "because the second hides the first; give it an id of its own"
                )
                yield Problem(file, "EOS404", text)
            if twice and not path.read_text("utf-8").startswith("#!py"):
                yield from self._judge(lenient(path.read_text("utf-8")), {name}, file, name)
                continue
            yield from self._loaded(name, file, pillar)

    def _loaded(self, name: str, file: str, pillar: str) -> Iterator[Problem]:
        high, errors = self._highstate(name)
        for error in errors:
            text = " ".join(str(error).split())
            where = f"({pillar} on {self._opts['id']})"
            if "is not available" in text or "Unknown include" in text:
                hint = "expected every include to exist; correct the name"
                yield Problem(file, "EOS402", f"{text} {where}; {hint}")
            else:
                yield Problem(
                    file,
                    "EOS401",
                    f"it does not render {where}: {text}; expected states; correct it",
                )
        known = {one.sls for one in chain.states(high)}
        yield from self._judge(high, known | {name}, file, name)

    def _judge(
        self, high: dict[str, Any], sls: set[str], file: str, name: str
    ) -> Iterator[Problem]:
        every = chain.states(high)
        # What it includes is judged by itself.
        found = [one for one in every if one.sls in ("", name)]
        yield from chain.functions(found, self.states, file)
        yield from chain.requisites(found, every, sls, file)
        for one in found:
            runner = f"{one.module}.{one.function}" in ("eos_run.done", "salt.runner")
            execution = f"{one.module}.{one.function}" == "salt.function"
            library = self.runners if runner else self.modules if execution else None
            if library is not None and library.signature(one.name) is None:
                kind = "runner" if runner else "execution function"
                text = (
                    f"id {one.id}: {kind} {one.name} does not exist; expected one of the pinned "
                    "Salt or of the wheel; correct its name"
                )
                yield Problem(file, "EOS406", text)

    def _highstate(self, name: str) -> tuple[dict[str, Any], list[Any]]:
        opts = dict(self._opts)
        with salt.state.HighState(opts, initial_pillar=self._pillar) as high_state:
            high, errors = high_state.render_highstate({"base": [name]})
            extended, wrong = high_state.state.reconcile_extend(high)
            errors = [*errors, *wrong, *high_state.state.verify_high(extended)]
        return extended, errors

    def _file(self, name: str) -> Path | None:
        base = self._states / Path(*name.split("."))
        for path in (base.with_suffix(".sls"), base / "init.sls"):
            if path.exists():
                return path
        return None
