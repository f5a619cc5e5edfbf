"""saltext-eos merges, shows, refuses, and takes back."""

import getpass
import grp
import json
import os

import pytest
import yaml


@pytest.fixture
def salt_dir(tmp_path):
    """A configuration folder of Salt with a master and a minion."""
    home = tmp_path / "salt"
    (home / "master.d").mkdir(parents=True)
    main = {
        "id": "m_master",
        "root_dir": str(tmp_path),
        "user": getpass.getuser(),
        "file_roots": {"base": ["/srv/own"], "dev": ["/srv/dev"]},
        "ext_pillar": [{"cmd_json": "x"}],
        "pillar_roots": {"base": ["/srv/own-pillar"]},
        "eos_state_dir": str(tmp_path / "store"),
        "eos_custody_key": str(tmp_path / "etc" / "custody.key"),
        "eos_tmpfiles_dir": str(tmp_path / "tmpfiles.d"),
        "eos_account": grp.getgrgid(os.getgid()).gr_name,
        "engines": [{"eos_bridge": {"socket": str(tmp_path / "run/eos/bridge.sock")}}, "reactor"],
    }
    (home / "master").write_text(yaml.safe_dump(main))
    (home / "minion").write_text(yaml.safe_dump({"id": "n1", "root_dir": str(tmp_path)}))
    return home


def _run(*arguments):
    from saltext.eos.command.main import main

    return main(list(arguments))


def _master(salt_dir, *arguments):
    return _run("configure-master", "--config", str(salt_dir / "master"), *arguments)


def _effective(salt_dir):
    import salt.config

    return salt.config.master_config(str(salt_dir / "master"))


def test_lists_are_merged_and_the_rest_is_left_alone(salt_dir, tmp_path):
    assert _master(salt_dir, "--yes") == 0
    opts = _effective(salt_dir)
    assert opts["file_roots"]["base"][0] == "/srv/own"
    assert opts["file_roots"]["base"][-1].endswith("saltext/eos/srv/salt")
    assert opts["file_roots"]["dev"] == ["/srv/dev"]
    assert opts["ext_pillar"] == [{"cmd_json": "x"}, {"eos": {}}]
    assert opts["pillar_roots"] == {"base": ["/srv/own-pillar"]}
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "etc" / "custody.key").stat().st_mode & 0o777 == 0o400


def test_the_engine_joins_those_that_are_there_and_gets_a_place_for_its_socket(salt_dir, tmp_path):
    assert _master(salt_dir, "--yes") == 0
    socket = tmp_path / "run/eos/bridge.sock"
    engine = {"eos_bridge": {"peers": [grp.getgrgid(os.getgid()).gr_name], "socket": str(socket)}}
    assert _effective(salt_dir)["engines"] == ["reactor", engine, {"eos_healer": {}}]
    assert socket.parent.stat().st_mode & 0o7777 == 0o2750
    line = (tmp_path / "tmpfiles.d/eos-bridge.conf").read_text()
    assert line.startswith(f"d {socket.parent} 2750 {getpass.getuser()} ")
    assert _run("remove", "--config", str(salt_dir), "--yes") == 0
    assert not (tmp_path / "tmpfiles.d/eos-bridge.conf").exists()


OURS = "salt://eos/heal/reactor.sls"
OWN = {"salt/minion/*/start": ["/srv/reactor/start.sls"]}


def _add(salt_dir, **settings):
    main = yaml.safe_load((salt_dir / "master").read_text())
    (salt_dir / "master").write_text(yaml.safe_dump({**main, **settings}))


def test_the_reactor_of_the_main_file_stays_and_ours_joins_it(salt_dir):
    _add(salt_dir, reactor=[OWN])
    before = _effective(salt_dir)["reactor"]
    assert _master(salt_dir, "--yes") == 0
    assert _effective(salt_dir)["reactor"] == [OWN, {"eos/heal/decided/*": [OURS]}]
    assert _run("remove", "--config", str(salt_dir), "--yes") == 0
    assert _effective(salt_dir)["reactor"] == before
    assert not any("eos_healer" in one for one in _effective(salt_dir)["engines"])


def test_a_reaction_that_came_later_to_the_main_file_joins_at_the_next_run(salt_dir):
    assert _master(salt_dir, "--yes") == 0
    _add(salt_dir, reactor=[OWN])
    assert _effective(salt_dir)["reactor"] == [{"eos/heal/decided/*": [OURS]}]
    assert _master(salt_dir, "--yes") == 0
    assert _effective(salt_dir)["reactor"] == [OWN, {"eos/heal/decided/*": [OURS]}]


@pytest.mark.parametrize("tag", ["eos/heal/decided/*", "eos/heal/*"])
def test_who_replaced_our_reactions_keeps_theirs_and_is_told(salt_dir, capsys, tag):
    _add(salt_dir, reactor=[{tag: ["/srv/reactor/heal.sls"]}])
    assert _master(salt_dir, "--yes") == 0
    assert _effective(salt_dir)["reactor"] == [{tag: ["/srv/reactor/heal.sls"]}]
    assert f"reactor {tag}: /srv/reactor/heal.sls is in the place" in capsys.readouterr().out


def test_who_replaced_one_reaction_gets_that_decision_alone(salt_dir, capsys):
    """Salt runs every entry that matches: ours for all would run beside theirs for one."""
    own = {"eos/heal/decided/resync": "/srv/reactor/resync.sls"}
    assert _master(salt_dir, "--yes") == 0
    _add(salt_dir, reactor=[own])
    assert _master(salt_dir, "--yes") == 0
    found = _effective(salt_dir)["reactor"]
    assert found[0] == own
    tags = {next(iter(one)) for one in found[1:]}
    assert tags == {
        f"eos/heal/decided/{one}" for one in ("apply", "evaluate", "deregister", "unseal")
    }
    assert "resync.sls is in the place of Eos's own; it was left alone" in capsys.readouterr().out


def test_what_the_healer_was_told_is_kept(salt_dir):
    _add(salt_dir, engines=[{"eos_healer": {"view_within": 40}}])
    assert _master(salt_dir, "--yes") == 0
    assert {"eos_healer": {"view_within": 40}} in _effective(salt_dir)["engines"]


def test_a_minion_watches_kills_beside_its_own_beacons(salt_dir):
    own = {"load": [{"averages": {"1m": [0.0, 2.0]}}]}
    (salt_dir / "minion").write_text(yaml.safe_dump({"id": "n1", "beacons": own}))
    assert _run("configure-minion", "--config", str(salt_dir / "minion"), "--yes") == 0
    import salt.config

    beacons = salt.config.minion_config(str(salt_dir / "minion"))["beacons"]
    assert beacons["load"] == own["load"]
    assert {"interval": 1} in beacons["eos_oom"]
    assert {"interval": 1} in beacons["eos_host"]


def test_the_second_run_changes_nothing(salt_dir, capsys):
    _master(salt_dir, "--yes")
    key = (salt_dir.parent / "etc" / "custody.key").read_bytes()
    text = (salt_dir / "master.d/eos.conf").read_text()
    capsys.readouterr()
    assert _master(salt_dir, "--yes", "--json") == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False
    assert (salt_dir / "master.d/eos.conf").read_text() == text
    assert (salt_dir.parent / "etc" / "custody.key").read_bytes() == key


def test_a_dry_run_shows_the_difference_and_writes_nothing(salt_dir, capsys):
    assert _master(salt_dir, "--dry-run") == 0
    assert "+- eos: {}" in capsys.readouterr().out
    assert not (salt_dir / "master.d/eos.conf").exists()
    assert not (salt_dir.parent / "store").exists()


def test_without_an_answer_nothing_is_written(salt_dir, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", open("/dev/null"))  # noqa: SIM115, PTH123
    assert _master(salt_dir) == 1
    assert "--yes" in capsys.readouterr().err
    assert not (salt_dir / "master.d/eos.conf").exists()


REFUSALS = [
    ({"ext_pillar_first": True}, "ext_pillar_first is on"),
    ({"pillar_cache": True}, "pillar_cache is on"),
    ({"id": "m"}, "set `id: m_master`"),
    ({"reactor": {"salt/*": ["x.sls"]}}, "reactor is no list"),
]


@pytest.mark.parametrize(("setting", "message"), REFUSALS)
def test_refuses_what_would_not_work(salt_dir, setting, message, capsys):
    (salt_dir / "master.d/a.conf").write_text(yaml.safe_dump(setting))
    assert _master(salt_dir, "--yes") == 1
    assert message in capsys.readouterr().err
    assert not (salt_dir / "master.d/eos.conf").exists()


def test_refuses_when_a_later_file_would_move_eos_from_its_last_place(salt_dir, capsys):
    (salt_dir / "master.d/z.conf").write_text(yaml.safe_dump({"ext_pillar": [{"cmd_json": "y"}]}))
    assert _master(salt_dir, "--yes") == 1
    assert "z.conf is read after eos.conf and replaces ext_pillar" in capsys.readouterr().err


def test_refuses_an_unreadable_configuration(salt_dir, capsys):
    (salt_dir / "master.d/b.conf").write_text("a: [")
    assert _master(salt_dir, "--yes") == 1
    assert "b.conf is no YAML" in capsys.readouterr().err


def test_remove_takes_it_back_and_keeps_the_store(salt_dir, tmp_path):
    before = _effective(salt_dir)["file_roots"]
    _master(salt_dir, "--yes")
    _run("configure-minion", "--config", str(salt_dir / "minion"), "--yes")
    assert (salt_dir / "minion.d/eos.conf").exists()
    assert _run("remove", "--config", str(salt_dir), "--yes") == 0
    assert not (salt_dir / "minion.d/eos.conf").exists()
    assert _effective(salt_dir)["file_roots"] == before
    assert (tmp_path / "etc" / "custody.key").exists()


@pytest.mark.parametrize("copy", ["modules/eos_gate.py", "beacons/eos_oom.py"])
def test_a_minion_with_a_stale_synced_copy_is_refused(salt_dir, tmp_path, capsys, copy):
    stale = tmp_path / "var/cache/salt/minion/extmods" / copy
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    (salt_dir / "minion").write_text(
        yaml.safe_dump({"id": "n1", "extension_modules": str(stale.parent.parent)})
    )
    assert _run("configure-minion", "--config", str(salt_dir / "minion"), "--yes") == 1
    assert f"{copy} hides a module of the wheel" in capsys.readouterr().err
