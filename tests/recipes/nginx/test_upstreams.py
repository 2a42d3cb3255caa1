"""How nginx speaks to the containers behind a path: which one, over kept connections or new ones."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.backends import HttpBackend
from tests.recipes.nginx.client import get

if TYPE_CHECKING:
    from tests.recipes.nginx.site import Site

LABEL = "com.github.nginx-proxy.nginx-proxy."
KEEPALIVE, LOADBALANCE = LABEL + "keepalive", LABEL + "loadbalance"


def _ask(site: Site, name: str, times: int = 6) -> tuple[int, set[str | None]]:
    """How many connections its server got for so many requests, and what it was told of them."""
    told = {get(site.http_port, f"{name}.example.com").headers.get("connection") for _ in range(times)}
    server = site.servers[name]
    assert isinstance(server, HttpBackend)
    return server.connections, told


def test_connections_to_containers_are_kept(site: Site) -> None:
    """By default, for a number, and not where the label says `disabled`."""
    site.backend("usual", {"VIRTUAL_HOST": "usual.example.com"})
    site.backend("number", {"VIRTUAL_HOST": "number.example.com"}, labels={KEEPALIVE: "64"})
    site.backend("auto", {"VIRTUAL_HOST": "auto.example.com"}, labels={KEEPALIVE: "auto"})
    site.backend("never", {"VIRTUAL_HOST": "never.example.com"}, labels={KEEPALIVE: "disabled"})
    site.run()
    for name in ("usual", "number", "auto"):
        assert _ask(site, name) == (1, {None})
    assert _ask(site, "never") == (6, {"close"})


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        (None, "4"), ("auto", "4"), ("AUTO", "4"), ("64", "64"), ("disabled", None), ("99999999", "1024"), ("0", "4"),
        ("-1", "4"), ("4; server 127.0.0.9", "4"),
    ],
)  # fmt: skip
def test_how_many_are_kept(site: Site, label: str | None, kept: str | None) -> None:
    """Twice as many as there are containers, or the number, within reason; what is neither counts as not said."""
    labels = {} if label is None else {KEEPALIVE: label}
    for number in (1, 2):
        site.at(f"web-{number}", {"VIRTUAL_HOST": "a.example.com"}, f"127.0.0.{number}", 80, labels=labels)
    text = site.render()
    assert site.complaint() == ""
    assert [line.split()[1].rstrip(";") for line in text.splitlines() if line.startswith("    keepalive ")] == (
        [kept] if kept else []
    )


def test_fastcgi_connections_are_kept_too(site: Site) -> None:
    """FastCGI has a flag of its own for it."""
    site.at("app", {"VIRTUAL_HOST": "a.example.com", "VIRTUAL_PROTO": "fastcgi"}, "127.0.0.2", 80)
    assert "fastcgi_keep_conn on;" in site.render()
    assert site.complaint() == ""


def test_a_containers_choice_of_how_load_is_shared(site: Site) -> None:
    """`hash` of the request's path sends each path to one container, however often it is asked for."""
    for name in ("web-1", "web-2", "web-3"):
        site.backend(name, {"VIRTUAL_HOST": "a.example.com"}, labels={LOADBALANCE: "hash $request_uri consistent;"})
    site.run()
    served = {
        path: {get(site.http_port, "a.example.com", path).backend for _ in range(4)}
        for path in map("/{}".format, range(12))
    }
    assert all(len(names) == 1 for names in served.values())
    assert len(set().union(*served.values())) > 1


@pytest.mark.parametrize(
    "directive",
    [
        "least_conn", "least_conn;", " ip_hash ; ", "random;", "random two;", "random two least_conn;",
        "hash $remote_addr;", "hash $http_x_user$cookie_session consistent;", "hash $arg_id|$scheme://$host;",
    ],
)  # fmt: skip
def test_directives_of_nginx(site: Site, directive: str) -> None:
    """Those that every nginx has, with or without the semicolon."""
    site.at("web", {"VIRTUAL_HOST": "a.example.com"}, "127.0.0.2", 80, labels={LOADBALANCE: directive})
    text = site.render()
    assert site.complaint() == ""
    assert f"    {directive.strip().removesuffix(';').strip()};\n" in text
    assert site.notes == ()


@pytest.mark.parametrize(
    "directive",
    [
        "hash $nonsense;", "hash $remote_addrs;", "hash ${host};", "hash;", "least_time header;", "server 1.2.3.4;",
        "ip_hash; server 1.2.3.4;", "least_conn; } server { listen 1; }", "random three;", "hash $host evil;",
        "include /etc/passwd;", "keepalive 4;", "zone x 64k;", "hash $host\n;",
    ],
)  # fmt: skip
def test_other_directives_are_left_out(site: Site, directive: str) -> None:
    """What this nginx would refuse, and what would change more than how load is shared."""
    site.at("web", {"VIRTUAL_HOST": "a.example.com"}, "127.0.0.2", 80, labels={LOADBALANCE: directive})
    text = site.render()
    assert site.complaint() == ""
    upstream = text[text.index("upstream a.example.com") :].partition("}")[0]
    assert [line.split()[0] for line in upstream.splitlines()[1:]] == ["#", "server", "keepalive"]
    assert site.notes == (f"web: the label {LOADBALANCE} is nothing that it may say, and is ignored",)


def test_upstreams_may_be_called_by_sha1(site: Site) -> None:
    """SHA1_UPSTREAM_NAME: an operator's file may use the name."""
    host = "a.example.com"
    name = hashlib.sha1(host.encode(), usedforsecurity=False).hexdigest()
    site.backend("web", {"VIRTUAL_HOST": host})
    site.environ["SHA1_UPSTREAM_NAME"] = "true"
    site.write(f"vhost.d/{host}", f"location /again {{ proxy_pass http://{name}/x; }}\n")
    assert f"upstream {name} {{" in site.run()
    assert get(site.http_port, host).backend == "web"
    assert get(site.http_port, host, "/again").path == "/x"
