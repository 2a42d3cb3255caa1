"""Several containers behind one host, by path, and how they are spoken to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.backends import free_address
from tests.recipes.nginx.client import echoed, get, get_http2
from tests.support.ports import reserve_port

if TYPE_CHECKING:
    from tests.recipes.nginx.certificates import Certificates
    from tests.recipes.nginx.site import Site

HOST = {"VIRTUAL_HOST": "a.example.com"}


def test_paths_lead_to_their_containers(site: Site) -> None:
    """VIRTUAL_PATH splits a host up; the path is handed on as it is."""
    site.backend("root", HOST | {"VIRTUAL_PATH": "/"})
    site.backend("api", HOST | {"VIRTUAL_PATH": "/api/v2/"})
    site.backend("docs", HOST | {"VIRTUAL_PATH": "/my docs/"})
    site.run()
    for path, backend in (("/", "root"), ("/api/", "root"), ("/api/v2/x?y=1", "api"), ("/my%20docs/a", "docs")):
        answer = get(site.http_port, "a.example.com", path)
        assert (answer.backend, answer.path) == (backend, path)


@pytest.mark.parametrize(
    ("path", "inside", "outside"),
    [
        ("~^/(app1|alternative1)/", "/alternative1/x", "/app2/"),
        (r"~ \.php$", "/deep/x.php", "/x.phps"),
        (r"~*\.(gif|png)$", "/X.PNG", "/x.jpg"),
        ("=/exact", "/exact", "/exact/more"),
        ("^~ /static/", "/static/x", "/stati"),
    ],
)
def test_paths_with_modifiers(site: Site, path: str, inside: str, outside: str) -> None:
    """A path may be a regular expression, or have another of nginx's modifiers; VIRTUAL_DEST does it no harm."""
    dest = {"VIRTUAL_DEST": "/"} if path.startswith("~") else {}
    site.backend("some", HOST | {"VIRTUAL_PATH": path} | dest)
    site.run()
    answer = get(site.http_port, "a.example.com", inside)
    assert (answer.backend, answer.path) == ("some", inside)
    assert get(site.http_port, "a.example.com", outside).status == 404


def test_one_place_is_written_once(site: Site) -> None:
    """What nginx takes for the same location, written in two ways, is served by both containers together."""
    site.backend("one", HOST | {"VIRTUAL_PATH": "/a"})
    site.backend("two", HOST | {"VIRTUAL_PATH": "^~ /a"})
    site.backend("three", HOST | {"VIRTUAL_PATH": " /a "})
    site.run()
    assert {get(site.http_port, "a.example.com", "/a").backend for _ in range(6)} == {"one", "two", "three"}


@pytest.mark.parametrize(
    ("dest", "asked", "seen"),
    [
        ("/", "/app/foo?x=1", "/foo?x=1"),
        ("/other/", "/app/foo", "/other/foo"),
        ("", "/app/foo", "/app/foo"),
        (" / ", "/app/foo", "/foo"),
        (".evil.example.com/", "/app/foo", "/app/foo"),
        ("/$host/", "/app/foo", "/app/foo"),
    ],
)
def test_dest_takes_the_place_of_the_path(site: Site, dest: str, asked: str, seen: str) -> None:
    """VIRTUAL_DEST replaces the path; one that is no path is as if it were not there."""
    site.backend("app", HOST | {"VIRTUAL_PATH": "/app/", "VIRTUAL_DEST": dest})
    site.run()
    answer = get(site.http_port, "a.example.com", asked)
    assert (answer.backend, answer.path) == ("app", seen)


@pytest.mark.parametrize(
    ("value", "status", "location", "body"),
    [
        (None, 404, "", None),
        ("418", 418, "", None),
        ("301 https://example.org$request_uri", 301, "https://example.org/missing", None),
        ("https://example.org/x", 302, "https://example.org/x", None),
        ('200 "it is; {ok}"', 200, "", "it is; {ok}"),
        ("200 two words", 200, "", "two words"),
        ("4040", 404, "", None),
        ("404; } server { listen 1; }", 404, "", "; } server { listen 1; }"),
    ],
)
def test_default_root_answers_where_no_path_fits(
    site: Site, value: str | None, status: int, location: str, body: str | None
) -> None:
    """DEFAULT_ROOT is what nginx's `return` takes, 404 where it is not set or is nothing of the kind."""
    site.backend("api", HOST | {"VIRTUAL_PATH": "/api"})
    if value is not None:
        site.environ["DEFAULT_ROOT"] = value
    if value == "404; } server { listen 1; }":
        site.environ["DEFAULT_ROOT"] = value.replace("404;", "404 ;")
    site.run()
    answer = get(site.http_port, "a.example.com", "/missing")
    assert (answer.status, answer.location) == (status, location)
    assert body is None or answer.body == body
    assert get(site.http_port, "a.example.com", "/api").backend == "api"


def test_default_root_none_leaves_the_root_to_the_operator(site: Site) -> None:
    """`none` writes no `location /`, so that a file in vhost.d can."""
    site.backend("api", HOST | {"VIRTUAL_PATH": "/api"})
    site.environ["DEFAULT_ROOT"] = "none"
    site.write("vhost.d/a.example.com", "location / { return 299; }\n")
    site.run()
    assert get(site.http_port, "a.example.com", "/missing").status == 299
    assert get(site.http_port, "a.example.com", "/api").backend == "api"


def test_a_path_that_is_none_leaves_the_container_out(site: Site) -> None:
    """The host stays known: 503 where that was its only container, and the others are served."""
    site.add("bad", HOST | {"VIRTUAL_PATH": "api"})
    assert "# bad: VIRTUAL_PATH is not a path" in site.run()
    assert get(site.http_port, "a.example.com").status == 503
    site.backend("good", HOST)
    site.run()
    assert get(site.http_port, "a.example.com").backend == "good"


def test_the_proxys_own_variables_may_be_nginxs(site: Site) -> None:
    """Its settings are read from nginx's container first, else from our own environment."""
    site.backend("api", HOST | {"VIRTUAL_PATH": "/api"})
    site.environ["DEFAULT_ROOT"] = "410"
    site.run()
    assert get(site.http_port, "a.example.com").status == 410
    site.add("nginx", {"DEFAULT_ROOT": "418"}, labels={"com.github.nginx-proxy.nginx-proxy.nginx": "true"})
    site.run()
    assert get(site.http_port, "a.example.com").status == 418


def test_ports_that_are_none_are_the_usual_ones(site: Site) -> None:
    """HTTP_PORT and HTTPS_PORT are 80 and 443 where they are not set, or are no ports."""
    site.environ["HTTP_PORT"], site.environ["HTTPS_PORT"] = "80;", "70000"
    text = site.render()
    assert "    listen 80;\n    listen 443 ssl http2;\n" in text
    assert "# HTTP_PORT of the proxy is not valid" in text
    site.environ.clear()
    assert "    listen 80;\n    listen 443 ssl http2;\n" in site.render()


def test_headers_say_who_asked_for_what(site: Site) -> None:
    """The backend learns the host, the client and the way, and not a `Proxy` header."""
    site.backend("web", HOST | {"VIRTUAL_PATH": "/app/", "VIRTUAL_DEST": "/"})
    site.run()
    headers = get(
        site.http_port, "A.example.com:8080", "/app/x?y", headers={"Proxy": "evil", "X-Forwarded-For": "1.2.3.4"}
    ).headers
    assert headers["host"] == headers["x-forwarded-host"] == "a.example.com:8080"
    assert headers["x-real-ip"] == "127.0.0.1"
    assert headers["x-forwarded-for"] == "1.2.3.4, 127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-ssl"] == "off"
    assert headers["x-forwarded-port"] == str(site.http_port)
    assert headers["x-original-uri"] == "/app/x?y"
    assert "proxy" not in headers


def test_what_a_proxy_in_front_says_is_handed_on_unless_it_is_not_trusted(site: Site) -> None:
    """TRUST_DOWNSTREAM_PROXY=false overwrites what clients say of themselves."""
    site.backend("web", HOST)
    names = ("proto", "host", "port", "ssl", "for")
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "other.example.org", "X-Forwarded-Port": "444"}
    told |= {"X-Forwarded-For": "1.2.3.4"}
    site.run()
    headers = get(site.http_port, "a.example.com", headers=told).headers
    assert [headers[f"x-forwarded-{name}"] for name in names] == [
        "https", "other.example.org", "444", "on", "1.2.3.4, 127.0.0.1",
    ]  # fmt: skip
    site.environ["TRUST_DOWNSTREAM_PROXY"] = "false"
    site.run()
    headers = get(site.http_port, "a.example.com", headers=told).headers
    assert [headers[f"x-forwarded-{name}"] for name in names] == [
        "http", "a.example.com", str(site.http_port), "off", "127.0.0.1",
    ]  # fmt: skip


@pytest.mark.parametrize("protocol", ["uwsgi", "fastcgi"])
def test_what_clients_say_of_themselves_reaches_no_program_by_a_variable(site: Site, protocol: str) -> None:
    """Programs behind uwsgi and FastCGI see headers as variables: the same ones count there, and HTTP_PROXY is none."""
    site.backend("app", HOST | {"VIRTUAL_PROTO": protocol})
    site.environ["TRUST_DOWNSTREAM_PROXY"] = "false"
    site.run()
    told = {"Proxy": "evil", "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"}
    variables = get(site.http_port, "a.example.com", headers=told).headers
    assert variables["HTTP_X_FORWARDED_FOR"] == variables["HTTP_X_REAL_IP"] == "127.0.0.1"
    assert variables["HTTP_X_FORWARDED_PROTO"] == "http"
    assert not variables.get("HTTP_PROXY")


def test_a_request_line_with_a_host_of_its_own_decides(site: Site) -> None:
    """A backend is never told another host than the one that it was chosen by."""
    site.backend("web", HOST)
    site.run()
    answer = get(site.http_port, "other.example.com", "http://a.example.com/x")
    assert (answer.backend, answer.headers["host"]) == ("web", "a.example.com")


def test_websockets_are_upgraded(site: Site) -> None:
    """A connection that is upgraded goes both ways, byte for byte."""
    site.backend("chat", HOST)
    site.run()
    message = bytes(range(256))
    assert echoed(site.http_port, "a.example.com", message) == message


def test_network_access_internal_lets_private_addresses_in(site: Site) -> None:
    """Loopback and private networks are internal, and everybody else is told 403."""
    site.backend("web", HOST | {"NETWORK_ACCESS": "internal"})
    text = site.run()
    assert get(site.http_port, "a.example.com").backend == "web"
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"):
        assert f"allow {network};" in text
    # This machine's requests come from loopback: another address is shown by the operator's realip.
    site.write("conf.d/realip.conf", "set_real_ip_from 127.0.0.1; real_ip_header X-Test-Client;\n")
    site.run()
    assert get(site.http_port, "a.example.com", headers={"X-Test-Client": "192.168.3.4"}).status == 200
    assert get(site.http_port, "a.example.com", headers={"X-Test-Client": "8.8.8.8"}).status == 403


@pytest.mark.parametrize(("value", "status"), [("external", 200), ("", 200), ("External ", 200), ("intern", 403)])
def test_network_access_of_other_words(site: Site, value: str, status: int) -> None:
    """Open is what says so or says nothing; a word that is misspelled is rather shut off."""
    site.backend("web", HOST | {"NETWORK_ACCESS": value})
    site.write("network_internal.conf", "deny all;\n")
    site.run()
    assert get(site.http_port, "a.example.com").status == status


def test_network_access_is_a_paths_own_and_one_of_several_is_enough(site: Site) -> None:
    """One container that is to be internal makes its path internal, and no other path."""
    site.backend("web-1", HOST)
    site.backend("web-2", HOST | {"NETWORK_ACCESS": "internal"})
    site.backend("open", HOST | {"VIRTUAL_PATH": "/open"})
    site.write("network_internal.conf", "deny all;\n")
    site.run()
    assert [get(site.http_port, "a.example.com", path).status for path in ("/", "/", "/open")] == [403, 403, 200]


@pytest.mark.parametrize("protocol", ["uwsgi", "fastcgi"])
def test_protocols_with_variables(site: Site, protocol: str) -> None:
    """VIRTUAL_PROTO uwsgi and fastcgi: the backend gets the request as variables."""
    site.backend("app", HOST | {"VIRTUAL_PROTO": protocol, "VIRTUAL_ROOT": "/srv/app"})
    site.run()
    answer = get(site.http_port, "a.example.com", "/x.php?y=1")
    assert (answer.status, answer.backend, answer.path) == (200, "app", "/x.php?y=1")
    assert answer.headers["REQUEST_METHOD"] == "GET"
    if protocol == "fastcgi":
        assert answer.headers["SCRIPT_FILENAME"] == "/srv/app/x.php"


@pytest.mark.parametrize(
    ("protocol", "listens"),
    [("https", "ssl"), ("HTTPS", "ssl"), ("http", ""), ("grpc", "http2"), ("grpcs", "ssl http2")],
)
def test_protocols_with_requests(site: Site, certificates: Certificates, protocol: str, listens: str) -> None:
    """VIRTUAL_PROTO http, https, grpc and grpcs: the backend, another nginx here, is spoken to as it listens."""
    certificates.put(site, "a.example.com")
    address, port = free_address(), reserve_port()
    said = json.dumps({"backend": "$server_protocol $https", "path": "$request_uri", "headers": {"host": "$http_host"}})
    pair = f"{site.folder}/certs/a.example.com"
    pem = f"ssl_certificate {pair}.crt; ssl_certificate_key {pair}.key;"
    site.write("conf.d/zz.conf", f"server {{ listen {address}:{port} {listens}; {pem} return 200 '{said}'; }}\n")
    site.at("app", HOST | {"VIRTUAL_PROTO": protocol}, address, port)
    site.run()
    answer = get_http2(site.https_port, "a.example.com")
    version = "HTTP/2.0" if protocol.startswith("grpc") else "HTTP/1.1"
    assert answer.status == 200
    assert answer.backend.split() == [version, *(["on"] if "ssl" in listens else [])]
    assert answer.headers["host"] == "a.example.com"


def test_a_protocol_that_is_none_is_http(site: Site) -> None:
    """A word that is no protocol is as if it were not there, and said in the file."""
    site.backend("web", HOST | {"VIRTUAL_PROTO": "gopher"})
    assert "# web: VIRTUAL_PROTO is nothing that it may say" in site.run()
    assert get(site.http_port, "a.example.com").backend == "web"
