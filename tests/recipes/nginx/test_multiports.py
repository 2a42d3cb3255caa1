"""VIRTUAL_HOST_MULTIPORTS: several ports of one container, by host and path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.recipes.nginx.client import get

if TYPE_CHECKING:
    from tests.recipes.nginx.site import Site

HOST = "a.example.com"


def _ports(site: Site, *names: str) -> tuple[str, dict[str, int]]:
    """Servers at one address, each on a port of its own, whose container is still to be added."""
    address, ports = "", {}
    for name in names:
        host, _, port = site.backend(name, {}, host=address).rpartition(":")
        address, ports[name] = host, int(port)
        site.world.remove(name)
    return address, ports


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_each_host_and_path_leads_to_its_port(site: Site, form: str) -> None:
    """By host, by path, with a destination; what is not said is the path /, the default port and no destination."""
    address, ports = _ports(site, "main", "api", "other")
    document = {
        HOST: {"/": None, "/api/": {"port": ports["api"], "dest": "/v2/"}, "/raw/": {"port": str(ports["api"])}},
        "b.example.com": {"/": {"port": ports["other"]}},
        "C.example.com": {} if form == "json" else None,
    }
    written = json.dumps(document, indent=2) if form == "json" else _yaml(document)
    ignored = {"VIRTUAL_HOST": "ignored.example.com", "VIRTUAL_PORT": "1", "VIRTUAL_PATH": "/no", "VIRTUAL_DEST": "/no"}
    site.at("app", {"VIRTUAL_HOST_MULTIPORTS": written} | ignored, address, ports["main"])
    site.run()
    for host, path, backend, seen in (
        (HOST, "/x", "main", "/x"), (HOST, "/api/x", "api", "/v2/x"), (HOST, "/raw/x", "api", "/raw/x"),
        ("b.example.com", "/x", "other", "/x"), ("c.example.com", "/x", "main", "/x"),
    ):  # fmt: skip
        answer = get(site.http_port, host, path)
        assert (answer.backend, answer.path) == (backend, seen)
    assert get(site.http_port, "ignored.example.com").status == 503
    assert site.notes == ()


def _yaml(document: Any) -> str:
    lines = []
    for host, paths in document.items():
        lines.append(f"{host}:")
        for path, values in (paths or {}).items():
            lines.append(f'  "{path}":')
            lines += [f"    {key}: {value}" for key, value in (values or {}).items()]
    return "\n".join(lines)


def test_it_adds_to_what_other_containers_say_of_a_host(site: Site) -> None:
    """Its paths stand beside theirs, a path in common is shared, and its destination counts."""
    address, ports = _ports(site, "one", "two")
    document = {HOST: {"/": {"port": ports["one"]}, "/two/": {"port": ports["two"], "dest": "/"}}}
    site.at("multi", {"VIRTUAL_HOST_MULTIPORTS": json.dumps(document)}, address, 9)
    site.backend("plain", {"VIRTUAL_HOST": HOST})
    site.backend("a-third", {"VIRTUAL_HOST": HOST, "VIRTUAL_PATH": "/two/", "VIRTUAL_DEST": "/no/"})
    site.backend("own", {"VIRTUAL_HOST": HOST, "VIRTUAL_PATH": "/own"})
    site.run()
    assert {get(site.http_port, HOST).backend for _ in range(4)} == {"one", "plain"}
    answers = [get(site.http_port, HOST, "/two/x") for _ in range(4)]
    assert {answer.backend for answer in answers} == {"two", "a-third"}
    assert {answer.path for answer in answers} == {"/x"}
    assert get(site.http_port, HOST, "/own").backend == "own"


@pytest.mark.parametrize(
    "document",
    [
        "a.example.com\nb.example.com:", "b.example.com:\nb.example.com:",
        '{"b.example.com": {}, "B.example.com.": {}}',
        'b.example.com:\n  "/":\n    port: 80\n  "/":\n    port: 81', "b.example.com: [1, 2", "- b.example.com", "{}",
        "b.example.com: text", 'b.example.com:\n  "/": 8000', "b.example.com:\n  api:\n    port: 80",
        "b example.com:",
        'b.example.com:\n  "/":\n    port: http', 'b.example.com:\n  "/":\n    port: 70000', "1: {}", "{[1]: 2}",
        'b.example.com:\n  "/":\n    port: true', 'b.example.com:\n  "/":\n    dest: none', "!!set {b.example.com}",
        "b.example.com: {external_http_port: x}", "b.example.com: {external_https_port: 0}",
    ],
)  # fmt: skip
def test_what_is_not_valid_leaves_out_its_container_alone(site: Site, document: str) -> None:
    """Whole, with a note that says whose it was and not what it says."""
    site.at("bad", {"VIRTUAL_HOST_MULTIPORTS": document}, "127.0.0.2", 9)
    site.at("good", {"VIRTUAL_HOST": HOST}, "127.0.0.3", 80)
    text = site.render()
    assert site.complaint() == ""
    assert text.count("\nupstream ") == 1
    assert "server 127.0.0.3:80;" in text
    (note,) = site.notes
    assert note.startswith("bad: VIRTUAL_HOST_MULTIPORTS ")
    assert "example" not in note
    assert f"# {note}" in text


def test_hosts_may_be_whatever_virtual_host_takes(site: Site) -> None:
    """Wildcards, regular expressions and addresses, and paths with nginx's modifiers."""
    document: dict[str, Any] = {
        "*.example.com": {},
        r"~^app\d+\.test$": {"~ \\.php$": {}},
        "fd00::4": {},
        "10.1.2.3": {"^~ /a": {}},
    }
    site.at("app", {"VIRTUAL_HOST_MULTIPORTS": json.dumps(document)}, "127.0.0.2", 80)
    text = site.render()
    assert site.complaint() == ""
    for written in ("*.example.com", r'"~^app\\d+\\.test$"', '"[fd00::4]"', "10.1.2.3"):
        assert f"server_name {written};" in text
    assert site.notes == ()
