"""What the tests of states that are written by hand have in common."""

from __future__ import annotations

import importlib
from pathlib import Path

import yaml
from wheel import ROOT


def own(salted, service):
    """Give a client of the test's own, with the server's management token."""
    from saltext.eos.utils.settings import connect

    salted.serve(service)
    return connect(service, salted.opts)


def settles(salted, function, **arguments):
    """
    Apply a state as the law asks: predicted without a write, done just so, and then quiet.

    Gives the changes.
    """
    predicted = salted.state(function, test=True, **arguments)
    assert (predicted["result"], salted.wrote) == (None, []), predicted
    assert predicted["changes"]
    applied = salted.state(function, **arguments)
    assert applied["result"] is True, applied
    assert applied["changes"] == predicted["changes"]
    quiet(salted, function, **arguments)
    return applied["changes"]


def quiet(salted, function, **arguments):
    """See that a state is content, in test mode, too, and writes nothing; gives its comment."""
    for test in (True, False):
        again = salted.state(function, test=test, **arguments)
        assert (again["result"], again["changes"], salted.wrote) == (True, {}, []), again
    return again["comment"]


def refused(salted, function, **arguments):
    """See that a state fails and changes nothing, in test mode, too; gives its comment."""
    for test in (True, False):
        result = salted.state(function, test=test, **arguments)
        assert (result["result"], result["changes"], salted.wrote) == (False, {}, []), result
    return result["comment"]


def connected(salted, service, token=None):
    """Give options in which a service is asked with another token, or with none."""
    opts = salted.opts
    chosen = dict(opts["eos"]["connections"][service])
    place = Path(chosen.pop("token_file")).with_name(f"token-{str(token)[:8]}")
    if token is not None:
        place.touch(0o600)
        place.write_text(token)
        chosen["token_file"] = str(place)
    opts["eos"]["connections"][service] = chosen
    return opts


def samples(resource):
    """Give the states of each YAML block on a page: function and arguments."""
    page = (ROOT / f"docs/resources/{resource}.md").read_text("utf-8")
    blocks = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
    return [
        [
            (function, {"name": name, **{k: v for one in rest for k, v in one.items()}})
            for name, body in yaml.safe_load(block).items()
            for function, rest in body.items()
        ]
        for block in blocks
    ]


class Elsewhere:
    """
    States and modules that talk to other servers than those of the whole run.

    Salt's loader keeps one module of a name: two sets of options need the functions themselves.
    """

    def __init__(self, service, server):
        connections = {service: server.connection()}
        self.opts = {"id": "n2", "pillar": {}, "test": False, "eos": {"connections": connections}}
        self.sent = []
        self.modules = _Called(self, "modules")

    @property
    def wrote(self):
        """What was sent that may change something."""
        return [one for one in self.sent if one[0] not in ("GET", "LIST")]

    def state(self, function, test=False, **arguments):
        """Run a state; what it sent stands in ``sent`` alone."""
        self.sent.clear()
        return _Called(self, "states", test=test)[function](**arguments)


class _Called:
    """Functions of a kind, with the options of one run."""

    def __init__(self, home, kind, *, test=False):
        self.home, self.kind, self.test = home, kind, test

    def __getitem__(self, function):
        name, _, verb = function.partition(".")
        module = importlib.import_module(f"saltext.eos.{self.kind}.{name}")
        aliases = {two: one for one, two in getattr(module, "__func_alias__", {}).items()}
        called = getattr(module, aliases.get(verb, verb))

        def run(*arguments, **named):
            from saltext.eos.utils import http

            once, before = http.Client._once, module.__dict__.get("__opts__")

            def recorded(client, method, path, body):
                self.home.sent.append((method, path))
                return once(client, method, path, body)

            module.__opts__, module.__salt__ = {**self.home.opts, "test": self.test}, {}
            http.Client._once = recorded
            try:
                return called(*arguments, **named)
            finally:
                http.Client._once = once
                module.__opts__ = before

        return run
