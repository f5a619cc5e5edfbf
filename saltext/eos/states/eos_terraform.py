"""
Terraform roots: rendered as data, planned, shown, applied, and planned again.

A root is one folder with its own state. Its credentials are leased from Vault for the run and are
in neither plan nor state. A plan that deletes or replaces something is refused unless that very
address is confirmed in pillar.
"""

from __future__ import annotations

import functools
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import settle, state, terraform_lease, terraform_plan
from saltext.eos.utils.app_root import TOKEN
from saltext.eos.utils.terraform_root import HOME, PROGRAM, SETTINGS, VOLATILE, Root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]

__virtualname__ = "eos_terraform"


def __virtual__() -> str:
    return __virtualname__


def applied(
    name: str,
    root: str,
    config: dict[str, Any],
    vault: str,
    secret_id: Any,
    role: str = "terraform",
    write_role: str | None = None,
    confirm: list[str] | None = None,
    held: str | None = None,
    within: float = 900,
    home: str = str(HOME),
    volatile: str = str(VOLATILE),
    program: str = PROGRAM,
    settings: str = str(SETTINGS),
    ca_file: str = terraform_lease.CA_FILE,
) -> dict[str, Any]:
    """
    Ensure that a root is applied: the plan after it is empty.

    name
        Name of the state.

    root
        Name of the root, and of its folder below ``home``.

    config
        ``main.tf.json`` as data.

    vault
        Address of Vault, where the Nomad token is leased.

    secret_id
        Secret id of the AppRole ``eos-terraform``.

    role
        Role of Vault's Nomad engine whose token plans, and applies.

    write_role
        Role whose token applies instead, leased only when there is something to apply; for what
        only a management token may write.

    confirm
        Addresses that this plan may delete or replace, such as ``nomad_job.database``.

    held
        Why the root is left alone as it is; it is neither planned nor applied then.

    within
        Longest time of one command, in seconds.

    home
        Folder of all roots.

    volatile
        Folder in memory for the token and the plan.

    program
        OpenTofu 1.11 or later, or Terraform 1.10 or later.

    settings
        Its CLI configuration.

    ca_file
        CA that Vault's certificate must come from.

    In test mode the plan is the prediction and nothing is applied.
    """
    test = __opts__["test"]
    if held:
        return {**state.result(name, True, held), "warnings": [held]}
    made = Root(
        root, within=within, home=Path(home), volatile=Path(volatile),
        program=program, settings=Path(settings),
    )  # fmt: skip
    changes: dict[str, Any] = {}
    try:
        with ExitStack() as stack:
            own = settle.opened(secret_id, __pillar__, __opts__)
            session = stack.enter_context(terraform_lease.session(vault, own, ca_file=ca_file))
            # One lease per role and run: each costs Nomad a token and a connection.
            lease = functools.cache(functools.partial(terraform_lease.nomad_token, session))
            stack.callback(made.forget)
            made.prepare(config)
            with _credentials(made, lease, role):
                plan = made.plan()
            if plan is None:
                return state.unchanged(name, f"Root {root}")
            changes = terraform_plan.changes(plan)
            refused = sorted(set(terraform_plan.destroyed(plan)) - set(confirm or ()))
            if refused:
                return state.failed(
                    name,
                    f"root {root}: the plan deletes or replaces {', '.join(refused)}; expected "
                    f"each to be confirmed by address; check what would be lost, then list it in "
                    f"eos:terraform:confirm:{root}",
                )
            if test:
                return state.changed(name, f"Root {root} {{0}} applied.", changes, test=True)
            with _credentials(made, lease, write_role or role):
                made.apply()
            with _credentials(made, lease, role):
                left = made.plan()
    except (settle.NotYet, terraform_lease.Blocked) as err:
        if test:
            expected = {root: {"old": None, "new": "planned once Vault answers"}}
            return state.changed(
                name, f"Root {root} {{0}} applied; now: {err}", expected, test=True
            )
        return state.failed(name, err, changes)
    except CommandExecutionError as err:
        if test and _is_first_run(config, Path(settings), Path(program)):
            expected = {root: {"old": None, "new": "planned once OpenTofu is installed"}}
            return state.changed(
                name, f"Root {root} {{0}} applied; now: {err}", expected, test=True
            )
        return state.failed(name, err, changes)
    if left is not None:
        differing = ", ".join(terraform_plan.changes(left))
        return state.failed(
            name,
            f"root {root}: the plan after its application is not empty, in: {differing}; expected "
            "Nomad to keep what it accepted; look for a second writer",
            changes,
        )
    return state.changed(name, f"Root {root} {{0}} applied.", changes, test=False)


def _is_first_run(config: dict[str, Any], settings: Path, program: Path) -> bool:
    """Tell whether an earlier step of the same run will have installed what is missing."""
    return bool(config) and not (program.exists() and settings.exists())


@contextmanager
def _credentials(root: Root, lease: Callable[[str], str], role: str) -> Iterator[None]:
    """Hold a Nomad token of a role in its file for as long as one command runs."""
    with root.token(TOKEN, lease(role)):
        yield
