"""How Eos's states reach Vault: as its own identity, or once, on the first run, as root."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import vault_init
from saltext.eos.utils.http import BadRequest, Client, Forbidden, HttpError, NotFound

CA_FILE = "/etc/eos/tls/ca.pem"
ADMIN = "eos-admin"
_MAPS = ("/v1/sys/mounts", "/v1/sys/auth", "/v1/sys/audit")


class ObjectClient(Client):
    """A client for the objects that states keep in Vault: they come without their envelope."""

    pooled = True
    strict = True
    warnings: tuple[str, ...] = ()
    """What the server said beside its last answer, such as names that it does not know."""

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """
        Send one request and give the ``data`` of its answer.

        Vault lists mounts and audit devices as a map by path: here it is a list whose items have
        their path. What is no such map is handed on as it is.
        """
        answer = super().request(method, path, body)
        said = answer.get("warnings") if isinstance(answer, dict) else None
        self.warnings = tuple(map(str, said)) if isinstance(said, list) else ()
        is_wrapped = isinstance(answer, dict) and "request_id" in answer and "data" in answer
        found = answer["data"] if is_wrapped else answer
        if method != "GET" or path not in _MAPS or not isinstance(found, dict):
            return found
        if not all(isinstance(item, dict) for item in found.values()):
            return found
        return [{**item, "path": name.rstrip("/")} for name, item in found.items()]

    def version(self) -> str:
        """Give the version that the server says it has; a sealed one says it too."""
        return str(self.get("/v1/sys/seal-status")["version"])


def client(address: str, token: str | None = None) -> Client:
    """Give a client that verifies the server, with a token or without."""
    return Client(address, CA_FILE, headers={"X-Vault-Token": token} if token else {})


def login(address: str, role_id: str, secret_id: str) -> str:
    """
    Log in through AppRole and give the token.

    :raises BadRequest: the role or the secret id is wrong.
    :raises Forbidden: there is no AppRole auth method yet.
    """
    found = client(address).post(
        "/v1/auth/approle/login", {"role_id": role_id, "secret_id": secret_id}
    )
    return str(found["auth"]["client_token"])


@contextmanager
def session(address: str, secret_id: str, directory: str | None = None) -> Iterator[Client]:
    """
    Give a client with Eos's own rights, and take the token back afterwards.

    On the very first run that identity does not exist yet; then the first root token is used, if
    it still lies sealed in ``directory``.

    :raises CommandExecutionError: neither is possible.
    """
    try:
        token = login(address, ADMIN, secret_id)
    except (BadRequest, Forbidden, NotFound) as err:
        root = vault_init.root_token(directory) if directory else None
        if root is None:
            raise CommandExecutionError(
                f"Vault refuses the identity {ADMIN}: {err}; expected its secret id, which "
                "`salt-run eos.secrets` delivers, to be the one Vault knows; apply eos.vault_open"
            ) from err
        yield client(address, root)
        return
    mine = client(address, token)
    try:
        yield mine
    finally:
        with suppress(HttpError):
            mine.post("/v1/auth/token/revoke-self")
