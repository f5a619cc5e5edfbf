"""TLS keys of this host: born here, never sent; the master gets requests."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import store, tls

__virtualname__ = "eos_tls"


def __virtual__() -> str:
    return __virtualname__


def request(component: str) -> str:
    """
    Give a certificate request of a component as PEM; its key is made if there is none yet.

    The request names nobody: the master decides which names a component on this node has.

    :param component: name of the component, such as ``consul``.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_tls.request consul
    """
    tls.make_key(component)
    return tls.request(component)


def show(component: str) -> dict[str, Any]:
    """
    Tell whether a component has a key here, and the fingerprint of its certificate.

    :param component: name of the component, such as ``consul``.
    :return: ``key`` (bool) and ``certificate`` (SHA-256 fingerprint, or ``None``).

    CLI Example:

    .. code-block:: bash

        salt n1 eos_tls.show consul
    """
    return {
        "key": tls.key_path(component).exists(),
        "certificate": tls.fingerprint(store.read(tls.certificate_path(component))),
    }
