"""Values that are hostile to nginx's syntax: none leaves its place, and none costs another host anything."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes.nginx.binaries import SUITES
from tests.recipes.nginx.client import get
from tests.recipes.nginx.site import NGINX_LABEL, Site
from tests.recipes.nginx.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.recipes.nginx.certificates import Certificates

LABEL = "com.github.nginx-proxy.nginx-proxy."
VARIABLES = (
    "VIRTUAL_HOST", "VIRTUAL_HOST_MULTIPORTS", "VIRTUAL_PORT", "VIRTUAL_PATH", "VIRTUAL_DEST", "VIRTUAL_PROTO",
    "VIRTUAL_ROOT", "NETWORK_ACCESS", "HTTPS_METHOD", "CERT_NAME", "HSTS", "SSL_POLICY", "SERVER_TOKENS",
    "ENABLE_HTTP_ON_MISSING_CERT", "ACME_HTTP_CHALLENGE_LOCATION", "EXTERNAL_HTTP_PORT", "EXTERNAL_HTTPS_PORT",
)  # fmt: skip
LABELS = tuple(
    LABEL + name
    for name in (
        "keepalive", "loadbalance", "http2.enable", "http3.enable", "trust-default-cert", "non-get-redirect",
        "debug-endpoint", "ssl_verify_client",
    )
)  # fmt: skip
OWN_VARIABLES = (
    "DEFAULT_HOST", "HTTPS_METHOD", "ENABLE_IPV6", "TRUST_DOWNSTREAM_PROXY", "HSTS",
    "SSL_POLICY", "RESOLVERS", "ENABLE_HTTP2", "ENABLE_HTTP3", "ENABLE_PROXY_PROTOCOL", "LOG_FORMAT_ESCAPE", "LOG_JSON",
    "NON_GET_REDIRECT", "DEBUG_ENDPOINT", "SHA1_UPSTREAM_NAME", "DISABLE_ACCESS_LOGS", "DHPARAM_BITS", "DHPARAM_SKIP",
    "ACME_HTTP_CHALLENGE_LOCATION", "ACME_HTTP_CHALLENGE_ACCEPT_UNKNOWN_HOST", "TRUST_DEFAULT_CERT",
    "ENABLE_HTTP_ON_MISSING_CERT", "PREFER_IPV6_NETWORK", "HTTP_PORT", "HTTPS_PORT",
)  # fmt: skip
MARK = "broken-out"
GOOD = {"VIRTUAL_HOST": "good.example.com", "HTTPS_METHOD": "noredirect"}
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
_DOCUMENTS = st.dictionaries(
    _VALUES,
    st.none() | _VALUES | st.dictionaries(
        _VALUES | st.sampled_from(["/", "external_http_port", "external_https_port"]),
        st.none() | _VALUES | st.integers()
        | st.fixed_dictionaries({}, optional={"port": _VALUES | st.integers(), "dest": _VALUES}),
    ),
).map(json.dumps)  # fmt: skip
_WISHES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(VARIABLES + LABELS, _VALUES) | {"VIRTUAL_HOST_MULTIPORTS": _VALUES | _DOCUMENTS}
)
_CONTAINERS = st.lists(_WISHES, min_size=1, max_size=3)

# What each may say, so that what follows it is met by whatever reads on.
BEFORE = {
    "VIRTUAL_PATH": "/", "VIRTUAL_PORT": "80", "VIRTUAL_DEST": "/", "VIRTUAL_PROTO": "http", "VIRTUAL_ROOT": "/srv",
    "NETWORK_ACCESS": "internal", "HTTPS_METHOD": "noredirect", "CERT_NAME": "default", "HSTS": "max-age=1",
    "SSL_POLICY": "Mozilla-Old", "SERVER_TOKENS": "off", "ENABLE_HTTP_ON_MISSING_CERT": "true",
    "ACME_HTTP_CHALLENGE_LOCATION": "true", "EXTERNAL_HTTP_PORT": "8080", "EXTERNAL_HTTPS_PORT": "8443",
    "VIRTUAL_HOST_MULTIPORTS": "evil.example.com:\n  /:\n    dest: /", LABEL + "keepalive": "4",
    LABEL + "loadbalance": "hash $remote_addr", LABEL + "http2.enable": "true", LABEL + "http3.enable": "true",
    LABEL + "trust-default-cert": "true", LABEL + "non-get-redirect": "308", LABEL + "debug-endpoint": "true",
    LABEL + "ssl_verify_client": "optional",
}  # fmt: skip


def _put(site: Site, name: str, wishes: dict[str, str]) -> None:
    """A container that says all this, by variables and labels."""
    labels = {word: value for word, value in wishes.items() if word.startswith(LABEL)}
    env = {word: value for word, value in wishes.items() if word not in labels}
    site.at(name, env, "127.0.0.2", 9, labels=labels)


def _put_nginx(site: Site) -> None:
    """Nginx's own container, which says which version it is and lets containers ask for two ports."""
    env = {"NGINX_VERSION": "1.26.2"} if site.version == "1.26" else {}
    site.add("nginx", env, labels={NGINX_LABEL: ""}, ports=("80/tcp", "8080/tcp", "8443/tcp"))


@pytest.mark.parametrize("word", list(BEFORE))
def test_no_value_breaks_out_or_breaks_another_host(site: Site, certificates: Certificates, word: str) -> None:
    """By requests: the other host is served, and nothing that was injected answers on any host or path."""
    certificates.put(site, "default", "ca")
    (site.folder / "certs" / "ca.key").unlink()
    site.nginx(80, 8080, 8443)
    for number, ending in enumerate(_ENDINGS):
        value = (
            f"{BEFORE[word]}{ending}}} location /{MARK} {{ {_INJECTED} }} server {{ server_name {MARK}; {_INJECTED} }}"
        )
        host = {"VIRTUAL_HOST": f"evil-{number}.example.com"}
        _put(site, f"evil-{number}", host | {word: value})
        _put(site, f"short-{number}", host | {word: BEFORE[word] + ending})
    site.backend("good", GOOD)
    site.run()
    assert get(site.http_port, "good.example.com").backend == "good"
    for name in ("good.example.com", "evil-0.example.com", "evil-5.example.com", "evil.example.com", MARK):
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


def test_no_key_of_a_document_breaks_out(site: Site) -> None:
    """VIRTUAL_HOST_MULTIPORTS with hostile hosts, paths, ports and destinations costs its own container alone."""
    for number, ending in enumerate(_ENDINGS):
        host, injected = f"evil-{number}.example.com", f"{ending} }} {_INJECTED}"
        for place, document in enumerate((
            {f"{host}{injected}": {}}, {host: {f"/{injected}": {}}}, {host: {"/": {"port": f"80{injected}"}}},
            {host: {"/": {"dest": f"/{injected}"}}}, {host: {"external_http_port": f"80{injected}"}}, {host: injected},
        )):  # fmt: skip
            written = json.dumps(document, ensure_ascii=False)
            site.at(f"evil-{number}-{place}", {"VIRTUAL_HOST_MULTIPORTS": written}, "127.0.0.2", 9)
    site.backend("good", GOOD)
    site.run()
    assert get(site.http_port, "good.example.com").backend == "good"
    for host in ("evil-0.example.com", "evil-5.example.com"):
        assert get(site.http_port, host, f"/{MARK}").status != 299


@pytest.fixture(scope="module", params=list(SUITES))
def attacked(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[Site]:
    """A proxy with a certificate, for one set of containers after the other."""
    folder = Path(tempfile.mkdtemp(prefix="pygen-nginx-"))
    with Site(folder, request.param) as site:
        certificates.put(site, "default")
        yield site
    shutil.rmtree(folder)


@settings(max_examples=50)
@given(containers=_CONTAINERS, own=st.dictionaries(st.sampled_from(OWN_VARIABLES), _VALUES))
def test_every_file_is_valid_and_has_its_shape(
    attacked: Site, containers: list[dict[str, str]], own: dict[str, str]
) -> None:
    """Whatever containers and proxy say: nginx takes the file, the good host's part is there whole, nothing is new."""
    attacked.remove_containers()
    attacked.nginx(80, 8080, 8443, **own)
    for number, wishes in enumerate(containers):
        _put(attacked, f"evil-{number}", wishes)
    attacked.at("good", GOOD, "127.0.0.3", 80)
    text = attacked.render()
    assert attacked.complaint() == "", text
    _check_shape(text)


def _check_shape(text: str) -> None:
    """Only the recipe's own directives, each at its own level, and the good host served by its container."""
    top = parse(text)
    assert {name for name, *_ in top} <= {
        "map", "server", "upstream", "server_names_hash_bucket_size", "server_names_hash_max_size", "log_format",
        "resolver", "proxy_http_version", "proxy_set_header", "grpc_set_header",
    }  # fmt: skip
    servers = [block for name, _, block in top if name == "server"]
    for block in servers:
        assert {name for name, *_ in block} <= {
            "server_name", "server_tokens", "access_log", "listen", "location", "add_header", "ssl_certificate",
            "ssl_certificate_key", "ssl_protocols", "ssl_ciphers", "ssl_prefer_server_ciphers", "ssl_reject_handshake",
            "ssl_session_cache", "ssl_session_tickets", "ssl_session_timeout", "http2", "http3",
        }  # fmt: skip
        for name, _, inner in block:
            if name == "location":
                assert {each for each, *_ in inner} <= {
                    "return", "allow", "deny", "include", "root", "proxy_pass", "grpc_pass", "uwsgi_pass",
                    "fastcgi_pass", "fastcgi_param", "fastcgi_keep_conn", "uwsgi_param", "set", "if", "default_type",
                    "auth_basic", "auth_request", "try_files", "break",
                }  # fmt: skip
    assert any(("server_name", ["good.example.com"], []) in block for block in servers)
    upstreams = {tuple(words): block for name, words, block in top if name == "upstream"}
    assert any(("server", ["127.0.0.3:80"], []) in block for block in upstreams.values())


@pytest.mark.parametrize(
    "host",
    [
        "~^(?<host>.*)$", "~^(?<proxy_connection>.*)$", "~(", "~[z-a]", "~a{", "~*", "~", "$hostname", "*", "*.*",
        "www.*.com", "a..b", "*.www.*", "ü.example.com", "a b", "a:80", "[::1", "[::1%eth0]", "[::1]:80", "1:2",
        "~\\p{Foo}", "~(?R)", "~(?i)x", "..",
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
