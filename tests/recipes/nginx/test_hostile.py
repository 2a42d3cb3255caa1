"""Values that are hostile to nginx's syntax: none leaves its place, and none costs another host anything."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes.nginx.binaries import SUITES, nginx_binary
from tests.recipes.nginx.client import get
from tests.recipes.nginx.site import Site
from tests.recipes.nginx.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLES = (
    "VIRTUAL_HOST", "VIRTUAL_PORT", "VIRTUAL_PATH", "VIRTUAL_DEST", "VIRTUAL_PROTO", "VIRTUAL_ROOT", "NETWORK_ACCESS",
    "HTTPS_METHOD", "CERT_NAME",
)  # fmt: skip
OWN_VARIABLES = ("DEFAULT_HOST", "HTTPS_METHOD", "ENABLE_IPV6", "NGINX_CONTAINER_LABEL", "TRUST_DOWNSTREAM_PROXY")
MARK = "broken-out"
GOOD = {"VIRTUAL_HOST": "good.example.com"}
EVIL_HOST = {"VIRTUAL_HOST": "evil.example.com"}

# Every way out of a place that nginx's syntax has, each after something that could be meant.
_ENDINGS = (
    ";", "{", "}", "#", '"', "'", "\\", "\n", "\r\n", "\t", " ", "\0", "\x85", "\u2028", "$host", "${host}", "$", "~",
    "~^(", "~^[", "~^a{2,1}", "~^(?<host>.*)$", "~(?P<args>a)", "~^(?1)", "~\\", "~*", "=", "^~", "*", "*.*", "..",
    "/../",
    "@x", '";}', "';}", "\\\";}", "[*]", "\udcff", "\ud800", "é", "😀", "x" * 300, "a" * 5000,
    "~" + "(" * 120 + ")" * 120,
    "~^(a{1000}){1000}$", "~[[:foo:]]", "~\\Q", "~(?#", "~a++", "~\\x{110000}", "~(*UTF8)", "~.", "~^$",
)  # fmt: skip
_INJECTED = f"return 299 {MARK};"
_WORDS = st.one_of(
    st.sampled_from(_ENDINGS),
    st.sampled_from(["good.example.com", "evil.example.com", "*.evil.example.com", "/", "/a", "http", "80", _INJECTED]),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.text("abc./\\\"'{};$#~^*()[]|?+=<>! \n\t", max_size=8),
)
_VALUES = st.lists(_WORDS, max_size=4).map("".join)
_CONTAINERS = st.lists(st.dictionaries(st.sampled_from(VARIABLES), _VALUES), min_size=1, max_size=3)


@pytest.mark.parametrize("variable", [name for name in VARIABLES if name != "VIRTUAL_HOST"])
def test_no_value_breaks_out_or_breaks_another_host(site: Site, variable: str) -> None:
    """By requests: the other host is served, and nothing that was injected answers on any host or path."""
    good = {"VIRTUAL_PATH": "/", "VIRTUAL_PORT": "80"}
    for number, ending in enumerate(_ENDINGS):
        before = good.get(variable, "")
        value = f"{before}{ending}}} location /{MARK} {{ {_INJECTED} }} server {{ server_name {MARK}; {_INJECTED} }}"
        host = {"VIRTUAL_HOST": f"evil-{number}.example.com"}
        site.at(f"evil-{number}", host | {variable: value}, "127.0.0.2", 9)
        site.at(f"short-{number}", host | {variable: before + ending}, "127.0.0.2", 9)
    site.backend("good", GOOD)
    site.run()
    assert get(site.http_port, "good.example.com").backend == "good"
    for name in ("good.example.com", "evil-0.example.com", "evil-5.example.com", MARK):
        assert get(site.http_port, name, f"/{MARK}").status != 299


def test_no_host_breaks_out_or_breaks_another_host(site: Site) -> None:
    """A list with hostile entries serves its good ones, and so do the other containers."""
    for number, ending in enumerate(_ENDINGS):
        hosts = (f"ok-{number}.example.com", ending, f"x.example.com{ending}", f"{ending} server {{ {_INJECTED} }}")
        # What fits all hosts is a legal wish: it is only asked where no other host fits.
        site.at(f"evil-{number}", {"VIRTUAL_HOST": ",".join(hosts)}, "127.0.0.2", 9, health="unhealthy")
    site.backend("good", {"VIRTUAL_HOST": f"~(,{GOOD['VIRTUAL_HOST']}"})
    text = site.run()
    assert get(site.http_port, "good.example.com").backend == "good"
    assert "server_name ok-0.example.com;" in text
    assert get(site.http_port, MARK).status == 503


@pytest.fixture(scope="module", params=list(SUITES))
def anew(request: pytest.FixtureRequest) -> Iterator[tuple[Path, str]]:
    """A folder and an nginx for sites that are made one after the other."""
    folder = Path(tempfile.mkdtemp(prefix="pygen-nginx-"))
    yield folder, nginx_binary(request.param)
    shutil.rmtree(folder)


@settings(max_examples=50)
@given(containers=_CONTAINERS, own=st.dictionaries(st.sampled_from(OWN_VARIABLES), _VALUES))
def test_every_file_is_valid_and_has_its_shape(
    anew: tuple[Path, str], containers: list[dict[str, str]], own: dict[str, str]
) -> None:
    """Whatever containers and proxy say: nginx takes the file, the good host's part is there whole, nothing is new."""
    folder, binary = anew
    place = Path(tempfile.mkdtemp(dir=folder))
    with Site(place, binary) as site:
        site.environ |= {name: value for name, value in own.items() if "\0" not in value}
        for number, env in enumerate(containers):
            site.at(f"evil-{number}", env, "127.0.0.2", 9)
        site.at("good", GOOD, "127.0.0.3", 80)
        text = site.render()
        assert site.complaint() == "", text
    shutil.rmtree(place)
    _check_shape(text)


def _check_shape(text: str) -> None:
    """Only the recipe's own directives, each at its own level, and the good host served by its container."""
    top = parse(text)
    assert {name for name, *_ in top} <= {
        "map", "server", "upstream", "server_names_hash_bucket_size", "server_names_hash_max_size",
        "proxy_http_version", "proxy_set_header", "grpc_set_header",
    }  # fmt: skip
    servers = [block for name, _, block in top if name == "server"]
    for block in servers:
        assert {name for name, *_ in block} <= {
            "server_name", "listen", "location", "return", "ssl_certificate", "ssl_certificate_key", "ssl_protocols",
            "ssl_reject_handshake", "ssl_session_cache", "ssl_session_tickets", "ssl_session_timeout", "http2",
        }  # fmt: skip
        for name, _, inner in block:
            if name == "location":
                assert {each for each, *_ in inner} <= {
                    "return", "allow", "deny", "include", "root", "proxy_pass", "grpc_pass", "uwsgi_pass",
                    "fastcgi_pass", "fastcgi_param",
                }  # fmt: skip
    assert any(("server_name", ["good.example.com"], []) in block for block in servers)
    upstreams = {tuple(words): block for name, words, block in top if name == "upstream"}
    assert ("server", ["127.0.0.3:80"], []) in upstreams["good.example.com",]


@pytest.mark.parametrize(
    "host",
    [
        "~^(?<host>.*)$", "~^(?<proxy_connection>.*)$", "~(", "~[z-a]", "~a{", "~*", "~", "$hostname", "*", "*.*",
        "www.*.com", "a..b", "*.www.*", "ü.example.com", "a b", "a:80", "[::1]", "~\\p{Foo}", "~(?R)", "~(?i)x", "..",
        "~(?P<args>.*)", "~(?#x)y", "~(?<=a)b", "~(a)(?(1)b|c)", "~(?P>x)", "~(a)\\1",
    ],
)  # fmt: skip
def test_hosts_that_nginx_would_refuse_or_misread_are_left_out(site: Site, host: str) -> None:
    """The file says whose entry it was, and not what it says."""
    site.at("evil", {"VIRTUAL_HOST": f"{host},ok.example.com"}, "127.0.0.2", 9)
    text = site.render()
    assert site.complaint() == ""
    assert text.count("\nupstream ") == 1
    assert "# evil: an entry of VIRTUAL_HOST is not a host name" in text


def test_an_upstreams_name_cannot_be_made_up_for_another(site: Site) -> None:
    """Two upstreams of one name would cost the whole file: a host that looks like the name of another's is hashed."""
    site.backend("api", {"VIRTUAL_HOST": "a.example.com", "VIRTUAL_PATH": "/api"})
    site.backend("regex", {"VIRTUAL_HOST": "~^b$"})
    names = [line.split()[1] for line in site.render().splitlines() if line.startswith("upstream ")]
    for number, name in enumerate(names):
        site.at(f"evil-{number}", {"VIRTUAL_HOST": name}, "127.0.0.2", 9)
    site.run()
    assert get(site.http_port, "a.example.com", "/api").backend == "api"
    assert get(site.http_port, "b").backend == "regex"


def test_a_containers_name_does_not_end_its_comment(site: Site) -> None:
    """An engine that is not Docker may have other names."""
    site.add("web", EVIL_HOST | {"VIRTUAL_PORT": "x"}, overrides={"Name": f"/web\n{_INJECTED}\n"})
    site.add("nginx", labels={"com.github.nginx-proxy.nginx-proxy.nginx": ""}, overrides={"Name": "/n\nfoo bar;"})
    text = site.render()
    assert site.complaint() == ""
    assert all(line.strip().startswith("#") for line in text.splitlines() if MARK in line or "foo_bar" in line)
    assert "# web_return_299_broken-out__: VIRTUAL_PORT" in text


def test_an_address_that_is_none_is_not_written(site: Site) -> None:
    """What the engine says is checked, too."""
    site.at("web", EVIL_HOST, "127.0.0.1;} evil", 80)
    assert "server 127.0.0.1 down;" in site.render()
    assert site.complaint() == ""
