"""Where cases are tried: Salt, the real servers, and a proxy before each of them."""

from __future__ import annotations

import contextlib
import time

import pytest
from fault_proxy import between
from law_faults import Bench, Clock, Through


@pytest.fixture(scope="session")
def proxies(salted_once):
    """The proxy of each server, which starts when first asked for."""
    with contextlib.ExitStack() as stack:
        running = {}

        def of(service):
            known = salted_once.connections[service]
            where = known["address"]
            if where not in running:
                running[where] = stack.enter_context(between(where, known["ca_file"]))
            return running[where]

        yield of


@pytest.fixture
def bench(salted, proxies, monkeypatch, caplog):
    """Cases of a service are tried here."""
    caplog.set_level("DEBUG")

    def of(service):
        salted.serve(service)
        proxy = proxies(service)
        clock = Clock([proxy], time.monotonic)
        clock.patch(monkeypatch)
        through = Through(salted, service, proxy)
        through.patch(monkeypatch)
        return Bench(salted, through, proxy, clock, lambda: caplog.text)

    return of
