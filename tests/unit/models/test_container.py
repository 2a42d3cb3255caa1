"""A container as templates see it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models.container import Container
from models.run import Run
from tests.unit.models.bodies import GONE, WEB_ID, attrs, read, read_attrs


def test_has_every_field() -> None:
    """All that the inspect answer says, under the names that templates use."""
    container = read()
    assert {name: container[name] for name in container if name not in {"raw", "networks", "mounts", "published"}} == {
        "id": WEB_ID,
        "short_id": WEB_ID[:10],
        "name": "shop-web-1",
        "image": "nginx:1.25",
        "status": "running",
        "health": "healthy",
        "labels": attrs()["Config"]["Labels"],
        "env": {"VIRTUAL_HOST": "shop.example.com", "PATH": "/bin", "FORMULA": "e=mc^2"},
        "ports": {"sctp": [], "tcp": [80, 443], "udp": [53]},
        "created": "2024-05-01T10:00:00.123456789Z",
        "hostname": "a1b2c3d4e5f6",
        "network_mode": "shop_default",
        "restart_policy": "always",
        "compose": container.compose,
    }
    assert tuple(container) == Container.TEMPLATE_FIELDS
    assert (container.networks.first_value.ip_address, container.published.host_port) == ("172.18.0.2", 8080)  # type: ignore[union-attr] # there is one
    assert (container.compose.project, container.compose.number) == ("shop", 1)
    assert container.raw.attrs == attrs()


def test_reads_as_in_docker_pygen() -> None:
    """Attributes and keys, in any case."""
    container: Any = read()
    assert container["Ports"]["TCP"] == container.ports.tcp == [80, 443]
    assert container.env.virtual_host == container.ENV["Virtual_Host"] == "shop.example.com"
    assert container.labels["pygen.target"] == "front"
    assert container.Raw.name == container["RAW"].name == "shop-web-1"
    assert "name" in container
    assert "engine" not in container
    assert dict(container)["name"] == "shop-web-1"


def test_the_rest_of_the_program_sees_more() -> None:
    """Which engine, whether it runs, and which run it is."""
    container = read()
    assert container.engine == "unix:///engine"
    assert (container.running, container.restarting, container.paused) == (True, False, False)
    assert container.started_at == "2024-05-01T10:00:01.987654321Z"
    assert container.run == Run(WEB_ID, "2024-05-01T10:00:01.987654321Z")
    assert container.is_current


@pytest.mark.parametrize(
    ("state", "is_current"),
    [
        ({"Running": True}, True),
        ({"Running": True, "Paused": True, "Status": "paused"}, True),
        ({"Running": True, "Restarting": True, "Status": "restarting"}, False),
        ({"Running": False, "Status": "exited"}, False),
        ({"Running": False, "Status": "running"}, False),
        ({"Status": "running"}, True),
        ({"Status": "exited"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_only_a_running_container_has_a_run(state: Any, is_current: bool) -> None:  # noqa: FBT001 - a table's column
    """Paused ones do, restarting ones do not."""
    container = read({"State": state})
    assert container.is_current is is_current
    assert (container.run is not None) is is_current


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        (GONE, "unknown"), (None, "unknown"), ({}, "unknown"), ({"Status": ""}, "unknown"),
        ({"Status": "none"}, "unknown"), ({"Status": "starting"}, "starting"), ({"Status": "unhealthy"}, "unhealthy"),
    ],
)  # fmt: skip
def test_health_is_unknown_without_a_check(health: Any, expected: str) -> None:
    """However the engine says that there is none."""
    assert read({"State/Health": health}).health == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (None, {}),
        ([], {}),
        (["A"], {"A": ""}),
        (["A="], {"A": ""}),
        (["A=b=c"], {"A": "b=c"}),
        (["A=1", "A=2"], {"A": "2"}),
        (["=x", ""], {}),
        (["B=2", "A=1", "Ä=ö"], {"A": "1", "B": "2", "Ä": "ö"}),
    ],
)
def test_environment_entries(entries: Any, expected: dict[str, str]) -> None:
    """One without `=` is legal and empty, the last of several counts."""
    assert read({"Config/Env": entries}).env == expected


def test_labels_may_be_anything_that_engines_allow() -> None:
    """Null, non-ASCII, empty."""
    assert read({"Config/Labels": None}).labels == {}
    assert read({"Config/Labels": {"größe": "süß", "": "x", "empty": ""}}).labels.GRÖSSE == "süß"


def test_image_is_as_asked_for_else_its_id() -> None:
    """Some engines do not say what was asked for."""
    assert read({"Config/Image": ""}).image == "sha256:" + "9" * 64
    assert read({"Config": None}).image == "sha256:" + "9" * 64


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"Name": 5}, "Name"),
        ({"Config": []}, "Config"),
        ({"State": "running"}, "State"),
        ({"State/Running": "yes"}, "State.Running"),
        ({"State/StartedAt": 5}, "State.StartedAt"),
        ({"State/Health": []}, "State.Health"),
        ({"HostConfig": 1}, "HostConfig"),
        ({"HostConfig/RestartPolicy": "always"}, "HostConfig.RestartPolicy"),
        ({"NetworkSettings": True}, "NetworkSettings"),
        ({"Config/Labels": ["a"]}, "Config.Labels"),
        ({"Config/Labels": {"a": 1}}, "Config.Labels.a"),
        ({"Config/Env": {"A": "b"}}, "Config.Env"),
        ({"Config/Env": [5]}, "Config.Env[]"),
        ({"Config/ExposedPorts": []}, "Config.ExposedPorts"),
        ({"Mounts": {}}, "Mounts"),
        ({"Created": 1.5}, "Created"),
    ],
)
def test_what_cannot_be_read_is_empty_with_one_warning(changes: dict[str, Any], field: str) -> None:
    """The warning names container and field; everything else is there."""
    warnings: list[str] = []
    container = read(changes, warnings)
    assert container.id == WEB_ID
    assert len(warnings) == 1
    assert f": {field} can't be read" in warnings[0]
    assert (container.name or container.short_id) in warnings[0]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("running", "running"),
        ("removing", "removing"),
        ("made up", "made up"),
        ("stopped", "exited"),
        ("stopping", "running"),
        ("configured", "created"),
        ("initialized", "created"),
    ],
)
def test_a_status_is_in_docker_s_words(said: str, meant: str) -> None:
    """Podman has some of its own; what no engine is known to say stays as it is."""
    assert read({"State/Status": said}).status == meant


def test_a_container_of_nothing_but_an_id_is_empty() -> None:
    """And silent: every field may be absent."""
    container = read_attrs({"Id": "abc"})
    assert (container.id, container.short_id, container.name, container.status) == ("abc", "abc", "", "")
    assert container.health == "unknown"
    assert container.target_names == {"abc": 0}
    others = set(Container.TEMPLATE_FIELDS) - {"raw", "id", "short_id", "health", "ports"}
    assert not any(container[field] for field in others)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{}", b'{"Id": null}', b'{"Id": 5}', b'{"Id": ""}', b'{"id": "a"}', b'{"Id": "a"'],
)
def test_without_an_id_it_is_no_container(body: bytes) -> None:
    """ValueError, and nothing else."""
    with pytest.raises(ValueError, match=r"."):
        Container.from_inspect(body, engine="e", networks={}, warn=lambda _: None)


def test_warnings_never_show_a_value() -> None:
    """It may be a secret."""
    warnings: list[str] = []
    read({"Config/Env": ["A=b", ["hunter2"], {"hunter2": 1}], "Config/Labels": {"k": ["hunter2"]}}, warnings)
    assert len(warnings) == 3
    assert "hunter2" not in "".join(warnings)


def test_its_repr_shows_no_variables() -> None:
    """A repr ends up in logs."""
    assert repr(read()) == "<Container shop-web-1>"
    assert repr(read({"Name": GONE})) == f"<Container {WEB_ID[:10]}>"


def test_is_never_changed() -> None:
    """Neither it nor what it is matched by."""
    container: Any = read()
    with pytest.raises(AttributeError):
        container.name = "other"
    with pytest.raises(AttributeError):
        container.target_names.clear()
    with pytest.raises(TypeError):
        dict.clear(container.target_names)


def test_a_view_is_the_same_until_a_template_could_see_a_difference() -> None:
    """`raw` is part of the view, but not of the fields."""
    before, after = read(), read({"State/Health/Log": [{"Output": "ok"}]})
    assert before.same_view(read())
    assert before == read()
    assert hash(before) == hash(read())
    assert before.same_fields(after)
    assert not before.same_view(after)
    assert before != after
    assert before != "web"


@pytest.mark.parametrize(
    "changes",
    [
        {"Name": "/x"}, {"State/Status": "paused"}, {"State/Paused": True}, {"State/StartedAt": "x"}, {"Created": "x"},
        {"State/Health": None}, {"Config/Labels": {}}, {"Config/Env": []}, {"NetworkSettings/Networks": {}},
        {"NetworkSettings/Ports": {}}, {"Config/ExposedPorts": {}}, {"Mounts": []}, {"Config/Hostname": "x"},
        {"HostConfig/NetworkMode": "x"}, {"HostConfig/RestartPolicy": {}}, {"Config/Image": "x"}, {"Id": "x"},
    ],
)  # fmt: skip
def test_every_field_is_compared(changes: dict[str, Any]) -> None:
    """A change of any one is a difference."""
    assert not read().same_fields(read(changes))


def test_equal_texts_are_kept_once() -> None:
    """Ten thousand containers of one image have one copy of its variables' names and of their networks."""
    one, other = read(), Container.from_inspect(json.dumps(attrs()).encode(), engine="e", networks={}, warn=print)
    assert one.networks[0].id is other.networks[0].id
    assert one.image is other.image
    assert one.ports is other.ports
    assert [*one.env][0] is [*other.env][0]  # noqa: RUF015 - the same spelling on both sides
