"""Compare-and-swap on real servers: a write between reading and writing is never lost."""

import pytest

pytestmark = pytest.mark.server

OBJECTS = [
    ("consul_kv", {"name": "swap/key", "value": "mine"}, "value"),
    ("consul_service_defaults", {"name": "swap-defaults", "protocol": "http"}, "protocol"),
    (
        "consul_service_intentions",
        {"name": "swap-db", "sources": [{"name": "api", "action": "allow"}]},
        "sources",
    ),
]
IDS = [one[0] for one in OBJECTS]


def theirs(client, resource, number):
    """Write as somebody else, every time something new: the same again is no write to Consul."""
    if resource == "consul_kv":
        assert client.put("/v1/kv/swap/key", f"theirs {number}") is True
        return
    if resource == "consul_service_intentions":
        other = f"source=web-{number}&destination=swap-db"
        assert client.put(f"/v1/connect/intentions/exact?{other}", {"Action": "deny"}) is True
        return
    entry = {"Kind": "service-defaults", "Name": "swap-defaults", "Protocol": "grpc"}
    assert client.put("/v1/config", {**entry, "MaxInboundConnections": number}) is True


@pytest.fixture
def consul(salted):
    """A client of somebody else."""
    from saltext.eos.utils.settings import connect

    salted.serve("consul")
    return connect("consul", salted.opts)


@pytest.fixture
def meanwhile(monkeypatch):
    """Do something after each of the first so many reads of an object."""
    from saltext.eos.utils import wire

    find = wire.find

    def arrange(times, deed):
        done = []

        def found(client, spec, keys):
            answer = find(client, spec, keys)
            if len(done) < times:
                done.append(deed(len(done) + 1))
            return answer

        monkeypatch.setattr(wire, "find", found)

    yield arrange
    monkeypatch.setattr(wire, "find", find)


@pytest.mark.parametrize(("resource", "wanted", "field"), OBJECTS, ids=IDS)
def test_what_another_wrote_meanwhile_is_read_again(
    salted, consul, meanwhile, resource, wanted, field
):
    """Mutation: write without `cas`, and what the other one added is written over unseen."""
    theirs(consul, resource, 100)
    meanwhile(1, lambda number: theirs(consul, resource, number))
    result = salted.state(f"{resource}.present", **wanted)
    try:
        assert result["result"] is True, result
        assert set(result["changes"]) == {field}
        assert len([one for one in salted.wrote if "cas=" in one[1]]) == 2
        found = salted.modules[f"{resource}.get"](name=wanted["name"])
        assert found[field] == wanted[field]
        if resource == "consul_service_defaults":
            assert found["max_inbound_connections"] == 1
    finally:
        salted.state(f"{resource}.absent", name=wanted["name"])


@pytest.mark.parametrize(("resource", "wanted", "field"), OBJECTS, ids=IDS)
@pytest.mark.parametrize("function", ["present", "absent"])
def test_who_never_stops_writing_wins(salted, consul, meanwhile, resource, wanted, field, function):
    """Mutation: try without end, and a state never returns; force the write, and this is lost."""
    theirs(consul, resource, 100)
    meanwhile(50, lambda number: theirs(consul, resource, number))
    arguments = wanted if function == "present" else {"name": wanted["name"]}
    result = salted.state(f"{resource}.{function}", **arguments)
    meanwhile(0, None)
    try:
        assert result["result"] is False, result
        assert "another has written meanwhile" in result["comment"]
        assert result["changes"] == {}
        assert salted.modules[f"{resource}.get"](name=wanted["name"])[field] != wanted[field]
    finally:
        salted.state(f"{resource}.absent", name=wanted["name"])


@pytest.mark.parametrize(("resource", "wanted", "field"), OBJECTS, ids=IDS)
def test_what_appeared_meanwhile_is_not_written_over(
    salted, consul, meanwhile, resource, wanted, field
):
    """Mutation: create without `cas=0`, and the object of another is gone without a word."""
    meanwhile(1, lambda number: theirs(consul, resource, number))
    result = salted.state(f"{resource}.present", **wanted)
    try:
        assert result["result"] is True, result
        assert result["changes"][field]["old"] not in (None, wanted[field])
    finally:
        salted.state(f"{resource}.absent", name=wanted["name"])


@pytest.mark.parametrize(("resource", "wanted", "field"), OBJECTS, ids=IDS)
def test_functions_read_again_as_states_do(salted, consul, meanwhile, resource, wanted, field):
    """Mutation: try once, and an update beside Consul's own writes fails now and then."""
    names = {"name": wanted["name"]}
    theirs(consul, resource, 100)
    meanwhile(1, lambda number: theirs(consul, resource, number))
    made = salted.modules[f"{resource}.update"](**wanted)
    assert made[field] == wanted[field]
    meanwhile(1, lambda number: theirs(consul, resource, 100 + number))
    assert salted.modules[f"{resource}.delete"](**names) is True
    assert salted.modules[f"{resource}.get"](**names) is None
    assert salted.modules[f"{resource}.delete"](**names) is False
