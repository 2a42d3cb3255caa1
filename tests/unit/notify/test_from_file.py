"""Notifications as a configuration file has them: every key, and every mistake by its key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from notify.actions import ACTIONS
from notify.actions.command import Command
from notify.actions.exec import Exec
from notify.actions.from_file import NotificationError, all_keys, keys_of, notification_from, notifications_from
from notify.actions.http import Http
from notify.actions.restart import Restart
from notify.actions.signal import Signal
from notify.actions.signal_child import SignalChild
from notify.interval import Interval
from notify.rules import Rules

FINE = {
    "{ signal = 12, child = true }": SignalChild("", "SIGUSR2"),
    '{ signal = "hup", child = true }': SignalChild("", "SIGHUP"),
    '{ signal = "HUP", container = "nginx" }': Signal("nginx", "SIGHUP"),
    '{ signal = 12, container = "a/b" }': Signal("a/b", "SIGUSR2"),
    """{ signal = "HUP", match = "labels.role == 'lb'" }""": Signal("", "SIGHUP", match="labels.role == 'lb'"),
    """{ signal = "HUP", container = "lb", match = "health != 'unhealthy'" }""": Signal(
        "lb", "SIGHUP", match="health != 'unhealthy'"
    ),
    '{ restart = true, container = "cache" }': Restart("cache"),
    '{ exec = ["nginx", "-s", "reload"], container = "nginx", user = "0:0", timeout = 5 }': Exec(
        "nginx", ("nginx", "-s", "reload"), "0:0", 5.0
    ),
    '{ http = "http://127.0.0.1:8080/reload" }': Http("", "http://127.0.0.1:8080/reload"),
    '{ http = "https://a.example/", method = "put", headers = { Authorization = { file = "token" } }, '
    "statuses = [200, 204, 200], timeout = 0.5 }": Http(
        "", "https://a.example/", "PUT", (("Authorization", "token"),), (200, 204), 0.5
    ),
    '{ http = "http://{container}:8080/reload", container = "web" }': Http("web", "http://{container}:8080/reload"),
    '{ command = ["systemctl", "reload", "nginx"], timeout = 60 }': Command(
        "", ("systemctl", "reload", "nginx"), timeout_s=60.0
    ),
    '{ command = ["echo $0 >/dev/null", "a"], shell = true }': Command("", ("echo $0 >/dev/null", "a"), shell=True),
    '{ command = "reload | logger", shell = true }': Command("", ("reload | logger",), shell=True),
    '{ command = "/usr/bin/reload" }': Command("", ("/usr/bin/reload",)),
    "{ none = true }": None,
}

WRONG = {
    "{}": "it names no action: give one of restart, signal, exec, http, command, child, none",
    '{ container = "a" }': "it names no action: give one of",
    '{ sginal = "HUP", container = "a" }': "it names no action (did you mean signal?)",
    '{ signal = "HUP", restart = true, container = "a" }': "it names several actions (restart, signal)",
    '{ signal = "HUP" }': "nobody is named to tell: give container, or match",
    '{ signal = "HOP", container = "a" }': "signal: ",
    '{ signal = "HOP", child = true }': "signal: ",
    "{ child = true }": "signal is missing: give it beside child",
    '{ signal = "HUP", child = false }': "child: give true",
    '{ signal = "HUP", child = true, container = "a" }': "container: child has no such key",
    '{ signal = "HUP", child = true, max_parallel = 1 }': "max_parallel: child has no such key",
    '{ signal = "HUP", child = true, restart = true }': "it names several actions (restart, signal, child)",
    '{ signal = true, container = "a" }': "signal: give a text",
    '{ signal = "HUP", container = 5 }': "container: give a text",
    '{ signal = "HUP", container = "" }': "container: give a text",
    '{ signal = "HUP", match = " " }': "match: give a text",
    '{ signal = "HUP", contianer = "a" }': "contianer: signal has no such key: did you mean container?",
    '{ signal = "HUP", container = "a", timeout = 5 }': "timeout: signal has no such key: its keys are signal, conta",
    '{ restart = false, container = "a" }': "restart: give true, or leave the key out",
    '{ exec = "nginx -s reload", container = "a" }': "exec: give a list of texts",
    '{ exec = [], container = "a" }': "exec: give a list of texts",
    '{ exec = ["a", 5], container = "a" }': "exec: give a list of texts",
    '{ exec = ["", "x"], container = "a" }': "exec: the program's name is empty",
    '{ exec = ["a\\u0000"], container = "a" }': "exec: it holds a zero byte",
    '{ exec = ["a"], container = "a", user = 5 }': "user: give a text",
    '{ exec = ["a"], container = "a", timeout = 0 }': "timeout: give a number of seconds over 0",
    '{ exec = ["a"], container = "a", timeout = inf }': "timeout: give a number of seconds over 0",
    '{ exec = ["a"], container = "a", timeout = true }': "timeout: give a number of seconds over 0",
    '{ http = "example.org" }': "http: URL is not the address of a server",
    '{ http = "http://{container}/" }': "http: {container} in the address stands for nobody: give container or match",
    '{ http = "http://a/", method = "CONNECT" }': "method: it is no method of a request",
    '{ http = "http://a/", method = "PO ST" }': "method: it is no method of a request",
    '{ http = "http://a/", method = 5 }': "method: give a text",
    '{ http = "http://a/", headers = ["a"] }': "headers: give a table of files",
    '{ http = "http://a/", headers = { "a b" = { file = "x" } } }': "headers: 'a b' can't be the name of a header",
    '{ http = "http://a/", headers = { "a\\r\\nb" = { file = "x" } } }': "headers: 'a\\r\\nb' can't be the name",
    '{ http = "http://a/", headers = { Content-Length = { file = "x" } } }': "headers: Content-Length is set by the",
    '{ http = "http://a/", headers = { A = { file = "x" }, a = { file = "x" } } }': "headers: a is there twice",
    '{ http = "http://a/", headers = { Authorization = "s3cret" } }': "headers: the value of Authorization comes fro",
    '{ http = "http://a/", headers = { A = { file = "" } } }': "headers: the file of A: give a text",
    '{ http = "http://a/", statuses = 200 }': "statuses: give a list of statuses",
    '{ http = "http://a/", statuses = [] }': "statuses: give a list of statuses",
    '{ http = "http://a/", statuses = [99] }': "statuses: give statuses from 200 to 599",
    '{ http = "http://a/", statuses = [true] }': "statuses: give statuses from 200 to 599",
    "{ command = [], shell = true }": "command: give a list of texts",
    '{ command = "reload it" }': "command: one text with blanks is no program",
    '{ command = ["a"], shell = 1 }': "shell: give true or false",
    '{ command = ["a"], container = "b" }': "container: command has no such key",
    '{ command = ["a"], max_parallel = 1 }': "max_parallel: command has no such key",
    '{ http = "http://a/", max_parallel = 1 }': "max_parallel and pause are for containers",
    '{ http = "http://a/", pause = 1 }': "max_parallel and pause are for containers",
    "{ none = false }": "none: give true",
    '{ none = true, container = "a" }': "container: it says nothing beside none",
    '{ restart = true, container = "a", on = [] }': "on: give a list of state, template, drift",
    '{ restart = true, container = "a", on = "state" }': "on: give a list of state, template, drift",
    '{ restart = true, container = "a", on = ["edit"] }': "on: 'edit' is not known: give a list of state, template,",
    '{ restart = true, container = "a", on = [5] }': "on: an element is not known",
    '{ restart = true, container = "a", interval = [2, 1] }': "interval: MIN (2 s) of an interval is over its MAX (1",
    '{ restart = true, container = "a", interval = [] }': "interval: give [MIN, MAX] in seconds",
    '{ restart = true, container = "a", interval = [1, 2, 3] }': "interval: give [MIN, MAX] in seconds",
    '{ restart = true, container = "a", interval = [-1, 2] }': "interval: give [MIN, MAX] in seconds",
    '{ restart = true, container = "a", max_parallel = 0 }': "max_parallel: give a whole number, 1 or more",
    '{ restart = true, container = "a", max_parallel = true }': "max_parallel: give a whole number, 1 or more",
    '{ restart = true, container = "a", max_parallel = 1.5 }': "max_parallel: give a whole number, 1 or more",
    '{ restart = true, container = "a", pause = -1 }': "pause: give a number of seconds, 0 or more",
    '{ restart = true, container = "a", pause = nan }': "pause: give a number of seconds, 0 or more",
}


def entry(text: str) -> dict[str, object]:
    """One inline table of TOML."""
    found: dict[str, object] = tomllib.loads(f"it = {text}")["it"]
    return found


@pytest.mark.parametrize(("text", "expected"), FINE.items(), ids=list(FINE))
def test_what_is_fine(text: str, expected: object) -> None:
    """An entry is the action that it says, by the rules that hold unless it says others, and is kept in the state."""
    made = notification_from(entry(text))
    assert made == expected
    if made is not None:
        assert made.rules == Rules()
        assert type(made).from_state(json_of(made.state())) == made


def json_of(state: dict[str, object]) -> dict[str, object]:
    """As a state file keeps it."""
    import json

    found: dict[str, object] = json.loads(json.dumps(state))
    return found


@pytest.mark.parametrize(("text", "expected"), WRONG.items(), ids=list(WRONG))
def test_what_is_wrong(text: str, expected: str) -> None:
    """The message begins with the key, and says what to give; no value that may be a secret is in it."""
    with pytest.raises(NotificationError) as caught:
        notification_from(entry(text))
    assert str(caught.value).startswith(expected)
    assert "s3cret" not in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    """Each with its key."""
    with pytest.raises(NotificationError) as caught:
        notification_from(entry('{ exec = "a", container = 1, timeout = "x", usr = "b" }'))
    assert sorted(key for key, _ in caught.value.problems) == ["container", "exec", "timeout", "usr"]


def test_the_rules() -> None:
    """They are no part of what is owed, so a state that was kept by others is the same one's."""
    rules = 'on = ["drift", "state"], interval = [1, 60], max_parallel = 2, pause = 5'
    made = notification_from(entry(f'{{ restart = true, container = "web", {rules} }}'))
    assert made is not None
    assert made.rules == Rules(frozenset({"state", "drift"}), Interval(1, 60), 2, 5.0)
    assert made == Restart("web")
    assert made.state() == Restart("web").state()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("interval = 3", Rules(interval=Interval(3, 3))),
        ("pause = 3", Rules(max_parallel=1, pause_s=3.0)),
        ("pause = 0", Rules(max_parallel=1, pause_s=0.0)),
        ("max_parallel = 1", Rules(max_parallel=1)),
    ],
)
def test_what_a_rule_alone_means(text: str, expected: Rules) -> None:
    """A pause lies between containers, so that there is one at a time."""
    made = notification_from(entry(f'{{ restart = true, container = "web", {text} }}'))
    assert made is not None
    assert made.rules == expected


def test_a_list() -> None:
    """In its order, the same one once."""
    hup, cache = entry('{ signal = "HUP", container = "a" }'), entry('{ restart = true, container = "b" }')
    assert notifications_from([cache, hup, cache]) == (Restart("b"), Signal("a", "SIGHUP"))
    assert notifications_from([]) == ()
    assert notifications_from([{"none": True}]) == ()


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"signal": "HUP"}, "notify: give a list"),
        (["HUP"], "notify[1]: give a table"),
        ([{"none": True}, {"restart": True, "container": "a"}], "notify[1].none: it stands beside others"),
        ([{"restart": True, "container": "a"}, {"restart": 5}], "notify[2].restart: give true"),
        ([{"restart": True, "container": "a"}, {"signal": "HUP"}], "notify[2]: nobody is named to tell"),
        (
            [{"restart": True, "container": "a"}, {"restart": True, "container": "a", "on": ["state"]}],
            "notify[2]: restart of a is there twice, with other rules: make them one",
        ),
    ],
)
def test_a_wrong_list(entries: object, expected: str) -> None:
    """Which entry is wrong is said by its place."""
    with pytest.raises(NotificationError) as caught:
        notifications_from(entries)
    assert str(caught.value).startswith(expected)


def test_paths_begin_where_the_file_is() -> None:
    """Those of headers; absolute ones stay."""
    headers = {"A": {"file": "token"}, "B": {"file": "/run/token"}}
    made = notification_from({"http": "http://a/", "headers": headers}, Path("/etc/pygen"))
    assert isinstance(made, Http)
    assert made.header_files == (("A", "/etc/pygen/token"), ("B", "/run/token"))


def test_every_action_has_its_keys() -> None:
    """Each begins with the one that names it, has no key twice, and fills fields that exist."""
    assert list(all_keys()) == [*(action.keys[0].name for action in ACTIONS.values()), "none"]
    for action in ACTIONS.values():
        keys = keys_of(action)
        assert keys[0].name == ("child" if action is SignalChild else action.action)  # `signal` alone is for containers
        assert len({key.name for key in keys}) == len(keys)
        fields = {*action.__dataclass_fields__, *Rules.__dataclass_fields__, ""}
        assert {key.field for key in keys} <= fields
        assert all(key.kind and key.help for key in keys)
