"""Tests of recorded states: written by `record`, read in an engine's place."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.container import Container
from notify.port import EngineRefused
from reconciler.backend.address import EngineAddress
from reconciler.backend.open_engine import open_notify_port, open_reader
from reconciler.backend.port import EngineError
from reconciler.backend.record import record
from reconciler.backend.recorded import RecordedReader
from reconciler.backend.recorded_format import read_state
from reconciler.informer.list_comparison import summary_of_container, summary_of_entry
from tests.support.fake_clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.backend.engine_reader import HttpEngineReader
    from tests.support.fake_engine import FakeEngine


def reader_of(path: Path, **options: Any) -> RecordedReader:
    """A reader of a recorded state, as the program has it."""
    return RecordedReader(EngineAddress.parse(f"file://{path}", {}), clock=FakeClock(), **options)


def write_state(path: Path, *containers: dict[str, Any]) -> None:
    """Write a state by hand."""
    state = {"format": "pygen-state", "version": 1, "containers": containers, "networks": []}
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(state))
    temporary.replace(path)


def test_a_recorded_engine_reads_as_the_real_one(engine: FakeEngine, reader: HttpEngineReader, tmp_path: Path) -> None:
    """Lists, inspects and networks of the record give the model the same containers."""
    engine.add_network("app", internal=True)
    engine.add_container("web", networks=["app"], ports=["80/tcp"], health="healthy", env={"A": "1"})
    engine.add_container("stopped", running=False)
    path = tmp_path / "STATE.json"
    path.write_bytes(record(reader))
    recorded = reader_of(path)
    for entry in recorded.list().entries:
        body = recorded.inspect(entry["Id"]).body
        original = engine.inspect_body(entry["Id"])
        assert body is not None
        told: list[str] = []
        container = Container.from_inspect(body, engine="", networks={}, warn=told.append)
        assert container.same_fields(Container.from_inspect(original, engine="", networks={}, warn=told.append))
        assert summary_of_entry(entry) == summary_of_container(container)
        assert told == []
    assert len(recorded.list().entries) == 2
    assert sorted(network["Name"] for network in recorded.networks() if network["Internal"]) == ["app"]
    assert recorded.name == f"file://{path}"


def test_the_same_state_is_recorded_in_the_same_bytes(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """A record can be kept under version control."""
    for number in range(12):
        engine.add_container(f"web-{number}")
    assert record(reader) == record(reader)


def test_commands_health_tests_and_log_options_are_left_out(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """What may hold secrets in any shape is not written down at all."""
    secret = "hunter2-in-plain-sight"
    engine.add_container(
        "web",
        health="healthy",
        overrides={
            "Path": secret,
            "Args": [secret],
            "State": {"Error": secret, "Health": {"Log": [{"Output": secret}]}},
            "Config": {"Cmd": [secret], "Entrypoint": [secret], "Healthcheck": {"Test": ["CMD", secret]}},
            "HostConfig": {"LogConfig": {"Type": "splunk", "Config": {"splunk-url": secret}}},
        },
    )
    written = record(reader)
    assert secret.encode() not in written
    container = json.loads(written)["containers"][0]
    assert container["State"]["Health"]["Status"] == "healthy"
    assert container["HostConfig"]["LogConfig"]["Type"] == "splunk"


def test_secrets_in_variables_labels_and_options_are_masked(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """By their names, and by their shapes wherever they are."""
    engine.add_container(
        "web",
        env=["DB_PASSWORD=hunter2", "DATABASE_URL=postgres://app:hunter2@db/app", "PLAIN=value", "NOEQUALS", "EMPTY="],
        labels={"api.token": "hunter2", "rule": "Host(`a.example`)", "note": "password=hunter2"},
        overrides={
            "HostConfig": {
                "Mounts": [{"VolumeOptions": {"DriverConfig": {"Options": {"o": "username=u,password=hunter2"}}}}]
            }
        },
    )
    written = record(reader)
    assert b"hunter2" not in written
    config = json.loads(written)["containers"][0]["Config"]
    assert config["Env"] == [
        "DB_PASSWORD=<masked>", "DATABASE_URL=postgres://<masked>@db/app", "PLAIN=value", "NOEQUALS", "EMPTY=",
    ]  # fmt: skip
    assert config["Labels"] == {"api.token": "<masked>", "rule": "Host(`a.example`)", "note": "password=<masked>"}


def test_odd_containers_are_recorded_too(engine: FakeEngine, reader: HttpEngineReader) -> None:
    """Null and odd fields stop nothing."""
    engine.add_container("odd", overrides={"Config": None, "State": {"Health": None}, "HostConfig": {"LogConfig": 7}})
    engine.add_container("env", overrides={"Config": {"Env": [None, 7, "A=1"], "Labels": {"a": None}}})
    containers = json.loads(record(reader))["containers"]
    assert [container["Name"] for container in containers] == ["/env", "/odd"]
    assert containers[0]["Config"]["Env"] == [None, 7, "A=1"]


def test_a_container_that_vanishes_meanwhile_is_no_part_of_the_record(
    engine: FakeEngine, reader: HttpEngineReader
) -> None:
    """Gone between list and inspect is gone."""
    ids = [engine.add_container(f"web-{number}") for number in range(3)]
    engine.on("list", lambda: engine.remove(ids[1]))
    assert [each["Id"] for each in json.loads(record(reader))["containers"]] == [ids[0], ids[2]]


@pytest.mark.parametrize("operation", ["list", "inspect", "networks"])
def test_an_engine_that_fails_gives_no_half_record(
    engine: FakeEngine, reader: HttpEngineReader, operation: str
) -> None:
    """Either all is recorded, or there is an error."""
    engine.add_container("web")
    engine.fault(operation, times=None, status=500)
    with pytest.raises(EngineError):
        record(reader)


@pytest.mark.parametrize("body", ['{"Id":"x"}}', "{,}"])
def test_a_body_that_is_no_json_is_an_error(engine: FakeEngine, reader: HttpEngineReader, body: str) -> None:
    """What only looks like an object at both ends is found out here."""
    engine.add_container("web")
    engine.fault("inspect", times=None, status=200, body=body)
    with pytest.raises(EngineError, match="not valid JSON"):
        record(reader)


def test_the_output_of_docker_inspect_is_a_state_as_well(tmp_path: Path) -> None:
    """A list of inspect bodies needs no wrapping."""
    path = tmp_path / "STATE.json"
    path.write_text(json.dumps([{"Id": "a" * 64, "Name": "/web"}]))
    reader = reader_of(path)
    assert [entry["Names"] for entry in reader.list().entries] == [["/web"]]
    assert reader.networks() == ()
    assert reader.inspect("b" * 64).body is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("7", "not written by"),
        ("{}", "not written by"),
        ('{"format":"pygen-state"}', "another version"),
        ('{"format":"pygen-state","version":2}', "another version"),
        ('{"format":"pygen-state","version":1}', "containers are not a list"),
        ('{"format":"pygen-state","version":1,"containers":[]}', "networks are not a list"),
        ('[{"Id":"a"},{}]', "number 2 of its containers"),
        ('[{"Id":""}]', "number 1 of its containers"),
        ('{"format":"pygen-state","version":1,"containers":[],"networks":[7]}', "number 1 of its networks"),
        ('[{"Id":7}]', "number 1 of its containers"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_state_says_why(tmp_path: Path, content: str, message: str) -> None:
    """The message names the file and what is wrong with it."""
    path = tmp_path / "STATE.json"
    path.write_text(content)
    with pytest.raises(EngineError, match=message) as caught:
        reader_of(path).list()
    assert (caught.value.reason, caught.value.operation) == ("malformed", "list")
    assert str(path) in str(caught.value)


def test_a_missing_file_is_unreachable_until_it_is_there(tmp_path: Path) -> None:
    """It is read as soon as it can be."""
    path = tmp_path / "STATE.json"
    reader = reader_of(path)
    with pytest.raises(EngineError, match="No such file") as caught:
        reader.networks()
    assert caught.value.reason == "unreachable"
    write_state(path, {"Id": "a" * 64})
    assert len(reader.list().entries) == 1


def test_an_edit_is_an_event_for_each_container(tmp_path: Path) -> None:
    """Containers that came, went and stayed are all hinted at, and read anew."""
    path = tmp_path / "STATE.json"
    write_state(path, {"Id": "a"}, {"Id": "b"})
    reader = reader_of(path, poll_s=0.01)
    stream = reader.events()
    write_state(path, {"Id": "b"}, {"Id": "c"})
    events = iter(stream)
    assert [(next(events).actor_id) for _ in range(3)] == ["a", "b", "c"]
    assert reader.inspect("a").body is None
    assert [inspection.body for inspection in reader.inspect_many(["c"])] == [b'{"Id": "c"}']


def test_a_file_that_breaks_ends_the_stream(tmp_path: Path) -> None:
    """A state that was edited to something broken is an error like an engine's."""
    path = tmp_path / "STATE.json"
    write_state(path)
    stream = reader_of(path, poll_s=0.01).events()
    os.truncate(path, 3)
    with pytest.raises(EngineError) as caught:
        next(iter(stream))
    assert (caught.value.operation, caught.value.reason) == ("events", "malformed")


@pytest.mark.parametrize("ended_by", ["stream", "reader"])
def test_closing_ends_the_stream(tmp_path: Path, ended_by: str) -> None:
    """From any thread."""
    path = tmp_path / "STATE.json"
    write_state(path)
    reader = reader_of(path, poll_s=0.01)
    stream = reader.events()
    caught: list[str] = []

    def read() -> None:
        try:
            next(iter(stream))
        except EngineError as error:
            caught.append(error.reason)

    thread = threading.Thread(target=read)
    thread.start()
    (stream if ended_by == "stream" else reader).close()
    thread.join(30)
    assert caught == ["closed"]


def test_nobody_is_told_of_a_recorded_state(tmp_path: Path) -> None:
    """Debts to recorded containers end, because nobody is there; anything else is refused."""
    port = open_notify_port(EngineAddress.parse(f"file://{tmp_path}/S", {}), observer=_Nobody())
    assert port.inspect("any", "a", timeout_s=1) is None
    for act in (
        lambda: port.kill("any", "a", "SIGHUP", timeout_s=1),
        lambda: port.restart("any", "a", stop_timeout_s=None, timeout_s=1),
        lambda: port.start("any", "a", timeout_s=1),
        lambda: port.execute("any", "a", ["true"], timeout_s=1),
    ):
        with pytest.raises(EngineRefused, match="recorded state"):
            act()


def test_an_address_opens_what_it_names(engine: FakeEngine, tmp_path: Path) -> None:
    """A file is read as a record, everything else as an engine."""
    write_state(tmp_path / "STATE.json", {"Id": "a"})
    for address, count in ((f"file://{tmp_path}/STATE.json", 1), (engine.address, 0)):
        reader = open_reader(
            EngineAddress.parse(address, {}),
            clock=FakeClock(),
            sleep=lambda _: None,
            chance=lambda: 0.5,
            observer=_Nobody(),
        )
        assert (reader.name, len(reader.list().entries)) == (address, count)
        reader.close()


class _Nobody:
    def request(self, operation: str, result: str, duration_s: float) -> None:
        """Count nothing."""

    def retry(self, operation: str) -> None:
        """Count nothing."""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Id", "Name", "State", "Config",
        "NetworkSettings", "Status", "Health"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(JSON, max_size=3), st.lists(JSON, max_size=3))
def test_any_state_is_read_or_refused(containers: list[Any], networks: list[Any]) -> None:
    """Whatever a file holds, it is a state or a ValueError that says why not."""
    data = {"format": "pygen-state", "version": 1, "containers": containers, "networks": networks}
    is_state = all(isinstance(each, dict) and each.get("Id") and isinstance(each["Id"], str)
                   for each in containers + networks)  # fmt: skip
    text = json.dumps(data).encode()
    if is_state:
        assert len(read_state(text).entries) == len(containers)
    else:
        with pytest.raises(ValueError, match="has no Id"):
            read_state(text)
