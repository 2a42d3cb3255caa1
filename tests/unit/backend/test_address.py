"""Tests of reading an engine's address."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from docker.transport.unixconn import UnixHTTPAdapter
from docker.utils import parse_host

from reconciler.backend.address import EngineAddress, TlsFiles

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unix:///run/docker.sock", EngineAddress("unix", path="/run/docker.sock")),
        ("/run/docker.sock", EngineAddress("unix", path="/run/docker.sock")),
        ("unix://var/run/docker.sock", EngineAddress("unix", path="/var/run/docker.sock")),
        ("http+unix:///run/docker.sock", EngineAddress("unix", path="/run/docker.sock")),
        ("http+unix://var/run/docker.sock", EngineAddress("unix", path="/var/run/docker.sock")),
        ("tcp://engine:2375", EngineAddress("tcp", host="engine", port=2375)),
        ("tcp://engine:2375/", EngineAddress("tcp", host="engine", port=2375)),
        ("tcp://engine", EngineAddress("tcp", host="engine", port=2375)),
        ("tcp://127.0.0.1:65535", EngineAddress("tcp", host="127.0.0.1", port=65535)),
        ("tcp://[::1]:2375", EngineAddress("tcp", host="::1", port=2375)),
        ("tcp://[::1]", EngineAddress("tcp", host="::1", port=2375)),
        ("http://engine:80", EngineAddress("tcp", host="engine", port=80)),
        ("file://STATE.json", EngineAddress("file", path="STATE.json")),
        ("file:///srv/STATE.json", EngineAddress("file", path="/srv/STATE.json")),
    ],
)
def test_every_form_is_read(text: str, expected: EngineAddress) -> None:
    """Sockets, paths, hosts with and without a port, and recorded states are told apart."""
    assert EngineAddress.parse(text, {}) == expected


@pytest.mark.parametrize("text", ["unix://var/run/docker.sock", "http+unix://run/a.sock", "unix:///run/a.sock"])
def test_a_socket_is_where_docker_py_finds_it(text: str) -> None:
    """Whoever brings an address along finds the same engine."""
    found = UnixHTTPAdapter(str(parse_host(text))).socket_path
    assert EngineAddress.parse(text, {}).path == os.path.normpath(found)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("ssh://user:hunter2@engine", "ssh -nNT -L"),
        ("SSH://engine", "forward its socket"),
        ("npipe:////./pipe/docker_engine", "in a Linux container"),
        ("fd://", "where an engine listens"),
        ("hunter2@x://engine", "this address is not supported; use unix:///PATH"),
        ("ftp://engine", "begin with ftp:// are not supported; use unix:///PATH"),
    ],
)
def test_what_is_not_supported_says_what_to_do(text: str, advice: str) -> None:
    """And repeats no credentials."""
    with pytest.raises(ValueError, match=re.escape(advice)) as caught:
        EngineAddress.parse(text, {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "docker.sock",
        "localhost:2375",
        "unix://",
        "unix:///run/",
        "unix://run/",
        "http+unix://",
        "file://",
        "file://folder/",
        "tcp://",
        "tcp://:2375",
        "tcp://engine:port",
        "tcp://engine:",
        "tcp://engine:0",
        "tcp://engine:65536",
        "tcp://engine:-1",
        "tcp://engine:²",
        "tcp://::1:2375",
        "tcp://[::1",
        "tcp://[]:2375",
        "tcp://[engine]:2375",
        "tcp://[::1]2375",
        "tcp://engine:2375/v1.41",
        "tcp://engine/path",
        "tcp://two hosts:2375",
        "ssh://user@engine",
        "npipe:////./pipe/docker_engine",
        "fd://",
        "TCP://engine:2375",
        "://engine",
    ],
)
def test_what_is_no_address_is_refused_with_the_right_forms(text: str) -> None:
    """A malformed address is a ValueError that helps."""
    with pytest.raises(ValueError, match=r"use |written in brackets|a number from 1"):
        EngineAddress.parse(text, {})


@pytest.mark.parametrize("text", ["tcp://user:hunter2@engine:2375", "tcp://hunter2@engine", "http://a:hunter2@b@c"])
def test_credentials_in_an_address_are_refused_and_not_repeated(text: str) -> None:
    """A password in an address is an error whose message does not show it."""
    with pytest.raises(ValueError, match="no user name or password") as caught:
        EngineAddress.parse(text, {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", [None, ""])
def test_without_an_address_docker_host_counts(text: str | None) -> None:
    """DOCKER_HOST is the default of an option that is not given, or empty."""
    assert EngineAddress.parse(text, {"DOCKER_HOST": "tcp://other:1"}).name == "tcp://other:1"


def test_an_address_wins_over_docker_host() -> None:
    """The option wins."""
    assert EngineAddress.parse("/run/a.sock", {"DOCKER_HOST": "tcp://other:1"}).name == "unix:///run/a.sock"


@pytest.mark.parametrize("environ", [{}, {"DOCKER_HOST": ""}])
def test_without_anything_it_is_the_standard_socket(environ: dict[str, str]) -> None:
    """The last default is Docker's own."""
    assert EngineAddress.parse(None, environ).name == "unix:///var/run/docker.sock"


def test_tls_is_verified_with_docker_tls_verify() -> None:
    """DOCKER_TLS_VERIFY with DOCKER_CERT_PATH is TLS with verification, on the port for it."""
    environ = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}
    address = EngineAddress.parse("tcp://engine", environ)
    assert address.tls == TlsFiles("/certs", verify=True)
    assert address.name == "tcp://engine:2376"


def test_the_home_folder_is_the_default_for_certificates() -> None:
    """Without DOCKER_CERT_PATH they are looked for where Docker's tools look."""
    address = EngineAddress.parse("tcp://engine:1", {"DOCKER_TLS_VERIFY": "1", "HOME": "/home/me"})
    assert address.tls == TlsFiles("/home/me/.docker", verify=True)


def test_a_certificate_path_alone_is_tls_without_verification() -> None:
    """That is what Docker's libraries make of it."""
    address = EngineAddress.parse("tcp://engine:1", {"DOCKER_CERT_PATH": "/certs", "DOCKER_TLS_VERIFY": ""})
    assert address.tls == TlsFiles("/certs", verify=False)


def test_https_is_verified_tls_by_itself() -> None:
    """An address that says https:// needs no variable."""
    address = EngineAddress.parse("https://engine", {"HOME": "/home/me"})
    assert address.tls == TlsFiles("/home/me/.docker", verify=True)
    assert address.port == 2376


def test_a_socket_never_speaks_tls() -> None:
    """The variables are for TCP only."""
    assert EngineAddress.parse("/run/docker.sock", {"DOCKER_TLS_VERIFY": "1"}).tls is None


def test_only_certificates_that_exist_are_used(tmp_path: Path) -> None:
    """A folder without ca.pem means the system's authorities; a certificate without its key means none."""
    files = TlsFiles(str(tmp_path), verify=True)
    pairs = [(files.authority, files.client)]
    for names in (["cert.pem"], ["key.pem", "ca.pem"]):
        for name in names:
            (tmp_path / name).touch()
        pairs.append((files.authority, files.client))
    complete = (str(tmp_path / "ca.pem"), (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")))
    assert pairs == [(None, None), (None, None), complete]


def test_an_ipv6_host_is_named_in_brackets() -> None:
    """The name reads as it was written."""
    assert EngineAddress.parse("tcp://[::1]:9", {}).name == "tcp://[::1]:9"
