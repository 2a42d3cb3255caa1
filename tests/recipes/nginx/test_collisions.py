"""Containers that get into each other's way: the file stays valid, and no flood of one costs the others anything."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes.nginx.binaries import SUITES
from tests.recipes.nginx.client import get
from tests.recipes.nginx.site import Site
from tests.recipes.nginx.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.recipes.nginx.certificates import Certificates

LABEL = "com.github.nginx-proxy.nginx-proxy."

# Few of each, so that they meet.
_HOSTS = st.sampled_from([
    "a.test", "A.test", "a.test.", " a.test ", ".a.test", "*.a.test", "b.a.test", "a.*", "~^a\\.test$", "~a", "~A",
    "[fd00::1]", "FD00:0::1", "10.0.0.1", "default", "a.test_location",
])  # fmt: skip
_PATHS = st.sampled_from([
    "", "/", " / ", "/a", "^~ /a", "^~/a", "=/a", "= /a", "~ /a", "~/a", "~* /a", "/a/", "/A", "/nginx-proxy-debug",
    "/.well-known/acme-challenge/", "^~ /.well-known/acme-challenge/", "=/nginx-proxy-errors/50x.html",
])  # fmt: skip
_PORTS = st.sampled_from(["80", "443", "8080", "8443", "9"])
_NUMBERS = _PORTS.map(int) | _PORTS
_DOCUMENTS = st.dictionaries(
    _HOSTS,
    st.none()
    | st.dictionaries(
        _PATHS.filter(bool), st.none() | st.fixed_dictionaries({}, optional={"port": _NUMBERS, "dest": st.just("/")})
    ).flatmap(
        lambda paths: st.fixed_dictionaries(
            {}, optional={"external_http_port": _NUMBERS, "external_https_port": _NUMBERS}
        ).map(lambda ports: ports | paths)
    ),
    max_size=3,
).map(json.dumps)
_SAID = {
    "VIRTUAL_HOST": st.lists(_HOSTS, min_size=1, max_size=5).map(",".join),
    "VIRTUAL_HOST_MULTIPORTS": _DOCUMENTS,
    "VIRTUAL_PATH": _PATHS,
    "VIRTUAL_DEST": st.sampled_from(["", "/", "/b/"]),
    "VIRTUAL_PROTO": st.sampled_from(["http", "https", "grpc", "fastcgi", "uwsgi"]),
    "EXTERNAL_HTTP_PORT": _PORTS,
    "EXTERNAL_HTTPS_PORT": _PORTS,
    "HTTPS_METHOD": st.sampled_from(["redirect", "noredirect", "nohttp", "nohttps"]),
    "SSL_POLICY": st.sampled_from(["Mozilla-Modern", "Mozilla-Old"]),
    "CERT_NAME": st.sampled_from(["default", "a.test", "none"]),
    "ACME_HTTP_CHALLENGE_LOCATION": st.sampled_from(["true", "false", "legacy"]),
    LABEL + "http2.enable": st.sampled_from(["true", "false"]),
    LABEL + "http3.enable": st.sampled_from(["true", "false"]),
    LABEL + "keepalive": st.sampled_from(["4", "disabled"]),
    LABEL + "loadbalance": st.sampled_from(["ip_hash;", "least_conn;"]),
    LABEL + "trust-default-cert": st.just("false"),
    LABEL + "debug-endpoint": st.just("true"),
    LABEL + "ssl_verify_client": st.just("optional"),
}
_CONTAINERS = st.lists(st.fixed_dictionaries({}, optional=_SAID), min_size=2, max_size=6)
_OWN = st.fixed_dictionaries(
    {},
    optional={
        "DEFAULT_HOST": _HOSTS, "HTTP_PORT": _PORTS, "HTTPS_PORT": _PORTS, "DEBUG_ENDPOINT": st.just("true"),
        "ENABLE_HTTP3": st.just("true"), "ENABLE_IPV6": st.just("true"), "SHA1_UPSTREAM_NAME": st.just("true"),
    },
)  # fmt: skip


@pytest.fixture(scope="module", params=list(SUITES))
def met(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[Site]:
    """A proxy with files of all kinds, for one set of containers after the other."""
    folder = Path(tempfile.mkdtemp(prefix="pygen-nginx-"))
    with Site(folder, request.param) as site:
        certificates.put(site, "default", "a.test")
        site.write("certs/ca.crt", certificates.pem("default"))
        site.write("html/errors/50x.html", "page")
        yield site
    shutil.rmtree(folder)


@settings(max_examples=60)
@given(containers=_CONTAINERS, own=_OWN)
def test_whatever_meets_is_valid(met: Site, containers: list[dict[str, str]], own: dict[str, str]) -> None:
    """Lists that repeat, differ in case, overlap and collide: nginx takes the file, and nothing is there twice."""
    met.remove_containers()
    met.nginx(80, 443, 8080, 8443, **own)
    for number, said in enumerate(containers):
        labels = {word: value for word, value in said.items() if word.startswith(LABEL)}
        env = {word: value for word, value in said.items() if word not in labels}
        met.at(f"web-{number}", env, f"127.0.0.{number % 2 + 2}", 80, labels=labels)
    text = met.render()
    assert met.complaint() == "", text
    _check_once(text)


def _check_once(text: str) -> None:
    """Each upstream once, each of its servers once, and each name once on each port."""
    top = parse(text)
    upstreams = Counter(words[0] for name, words, _ in top if name == "upstream")
    assert set(upstreams.values()) <= {1}
    for name, _, block in top:
        if name == "upstream":
            assert max(Counter(words[0] for each, words, _ in block if each == "server").values()) == 1
    served: Counter[tuple[str, str, bool]] = Counter()
    for block in (block for name, _, block in top if name == "server"):
        names = [words[0] for each, words, _ in block if each == "server_name"]
        places = [(words[0], "quic" in words) for each, words, _ in block if each == "listen"]
        served.update((name, port, is_quic) for name in names for port, is_quic in places)
    assert set(served.values()) == {1}


def _flood(size: int) -> dict[str, dict[str, Any]]:
    names = ",".join(f"h{number}.evil.test" for number in range(100_000))[:size]
    paths = {f"/{number}": {"port": 80} for number in range(2000)}
    return {
        "hosts": {"VIRTUAL_HOST": names},
        "same": {"VIRTUAL_HOST": ",".join(["a.evil.test"] * (size // 12))},
        "regexes": {"VIRTUAL_HOST": ",".join(f"~^{number}" for number in range(100_000))[:size]},
        "multi": {"VIRTUAL_HOST_MULTIPORTS": json.dumps({"m.evil.test": paths})},
        "many": {"VIRTUAL_HOST_MULTIPORTS": json.dumps({f"m{number}.evil.test": {} for number in range(2500)})},
        "path": {"VIRTUAL_HOST": "p.evil.test", "VIRTUAL_PATH": "/" + "x" * size},
    }


def test_one_containers_flood_costs_the_others_nothing(site: Site) -> None:
    """64 KiB in one variable: so many entries count, the rest is noted, and the others are served."""
    for name, env in _flood(64 * 1024).items():
        site.at(name, env, "127.0.0.2", 9)
    site.backend("good", {"VIRTUAL_HOST": "good.example.com"})
    text = site.run()
    assert get(site.http_port, "good.example.com").backend == "good"
    many = "has more than 500 entries; the others are left out"
    assert {note for note in site.notes if note.endswith(many)} == {
        f"{name}: VIRTUAL_HOST {many}" for name in ("hosts", "regexes")
    } | {f"{name}: VIRTUAL_HOST_MULTIPORTS {many}" for name in ("multi", "many")}
    assert text.count("server_name h") == 500
    assert len(text) < 2_000_000


def test_how_many_entries_count_is_the_operators_choice(site: Site) -> None:
    """ENTRIES_MAX."""
    site.environ["ENTRIES_MAX"] = "3"
    site.at("web", {"VIRTUAL_HOST": "a.test,b.test,c.test,d.test"}, "127.0.0.2", 9)
    assert "server_name d.test" not in site.render()
    assert site.notes == ("web: VIRTUAL_HOST has more than 3 entries; the others are left out",)
    site.environ["ENTRIES_MAX"] = "4"
