"""Vault's initialisation, killed after each of its steps: nothing is lost in silence."""

import pytest

pytestmark = pytest.mark.server


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def vault_only(loopback, monkeypatch):
    """A Vault that has never been initialised, and a switch that kills before a sealed file."""
    import shutil
    from pathlib import Path

    from saltext.eos.utils import sealed

    if "vault" in loopback.running:
        loopback.stop("vault")
    for path in (loopback.moved("/var/lib/vault"), loopback.directory):
        shutil.rmtree(path, ignore_errors=True)
        Path(path).mkdir(parents=True)
    loopback.start_vault()
    create = sealed.create

    def kill_before(name):
        def killed(opts, given, value):
            if given == name:
                raise Killed
            create(opts, given, value)

        monkeypatch.setattr(sealed, "create", killed)

    loopback.kill_before = kill_before
    loopback.revive = lambda: monkeypatch.setattr(sealed, "create", create)
    return loopback


def initialise(loopback):
    _, function, arguments = loopback.states("vault_open")[0]
    return loopback.state(function, **arguments)


def unseal(loopback):
    _, function, arguments = loopback.states("vault_open")[1]
    return loopback.state(function, **arguments)


@pytest.mark.parametrize("step", ["share-1", "share-4", "root"])
def test_killed_after_the_answer_is_sealed_a_second_run_completes_it(vault_only, step):
    vault_only.kill_before(step)
    with pytest.raises(Killed):
        initialise(vault_only)
    vault_only.revive()
    again = initialise(vault_only)
    assert again["result"] is True, again
    from saltext.eos.utils import vault_init

    assert len(vault_init.shares(vault_only.directory)) == 5
    assert vault_init.root_token(vault_only.directory)
    assert unseal(vault_only)["result"] is True


def test_killed_before_the_answer_is_sealed_says_what_was_lost(vault_only):
    vault_only.kill_before("answer")
    with pytest.raises(Killed):
        initialise(vault_only)
    vault_only.revive()
    again = initialise(vault_only)
    assert again["result"] is False
    assert "the answer of the initialisation was lost" in again["comment"]
    assert "it holds no data yet" in again["comment"]


def test_killed_before_the_call_a_second_run_begins_anew(vault_only, monkeypatch):
    from saltext.eos.utils.http import Client

    put = Client.put
    monkeypatch.setattr(Client, "put", lambda *_: (_ for _ in ()).throw(Killed()))
    with pytest.raises(Killed):
        initialise(vault_only)
    monkeypatch.setattr(Client, "put", put)
    done = initialise(vault_only)
    assert done["result"] is True
    assert "whoever is root on this host" in done["comment"]


def test_shares_of_an_earlier_vault_are_never_overwritten(vault_only):
    import shutil
    from pathlib import Path

    assert initialise(vault_only)["result"] is True
    vault_only.stop("vault")
    shutil.rmtree(vault_only.moved("/var/lib/vault"))
    Path(vault_only.moved("/var/lib/vault")).mkdir()
    vault_only.start_vault()
    found = initialise(vault_only)
    assert found["result"] is False
    assert "sealed shares of an earlier one" in found["comment"]


def test_shares_without_their_host_key_are_refused(vault_only):
    from pathlib import Path

    from saltext.eos.utils import vault_init

    assert initialise(vault_only)["result"] is True
    key = Path(vault_init.KEY)
    kept = key.read_bytes()
    key.unlink()
    try:
        found = unseal(vault_only)
    finally:
        key.write_bytes(kept)
        key.chmod(0o400)
    assert found["result"] is False
    assert "expected the custody key" in found["comment"]


def test_the_files_of_custody_hold_no_secret_in_clear(vault_only):
    from pathlib import Path

    from saltext.eos.utils import sealed, vault_init

    assert initialise(vault_only)["result"] is True
    root = vault_init.root_token(vault_only.directory)
    custody = vault_init.custody(vault_only.directory)
    shares = [sealed.require(custody, name) for name in vault_init.shares(vault_only.directory)]
    for path in Path(vault_only.directory).rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path
            assert not [secret for secret in (root, *shares) if secret in path.read_text()]
