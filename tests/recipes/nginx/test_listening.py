"""Where and how nginx listens: ports per host, addresses as names, HTTP/2 and HTTP/3, the PROXY protocol."""

from __future__ import annotations

import os
import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.client import certificate_of, get, get_http2, tls_context
from tests.recipes.nginx.client_http3 import get_http3
from tests.support.ports import reserve_port

if TYPE_CHECKING:
    from tests.recipes.nginx.certificates import Certificates
    from tests.recipes.nginx.site import Site

LABEL = "com.github.nginx-proxy.nginx-proxy."


def _host(name: str) -> dict[str, str]:
    return {"VIRTUAL_HOST": f"{name}.example.com"}


def test_a_host_may_have_ports_of_its_own(site: Site, certificates: Certificates) -> None:
    """EXTERNAL_HTTP_PORT and EXTERNAL_HTTPS_PORT, each by itself; other hosts are unknown there."""
    certificates.put(site, "example.com", "default")
    http, https = reserve_port(), reserve_port()
    site.nginx(http, https)
    site.backend("both", _host("both") | {"EXTERNAL_HTTP_PORT": str(http), "EXTERNAL_HTTPS_PORT": str(https)})
    site.backend("http", _host("http") | {"EXTERNAL_HTTP_PORT": str(http)})
    document = f"https.example.com:\n  external_https_port: {https}\n  /:\n"
    site.backend("https", {"VIRTUAL_HOST_MULTIPORTS": document})
    # What VIRTUAL_HOST_MULTIPORTS says of a host comes first.
    site.backend("also", _host("https") | {"EXTERNAL_HTTPS_PORT": str(site.https_port), "VIRTUAL_PATH": "/also"})
    site.backend("usual", _host("usual"))
    site.run()
    for name, plain, secure in (
        ("both", http, https), ("http", http, site.https_port), ("https", site.http_port, https),
        ("usual", site.http_port, site.https_port),
    ):  # fmt: skip
        answer = get(plain, f"{name}.example.com", "/x")
        assert (answer.status, answer.location) == (301, f"https://{name}.example.com:{secure}/x")
        found = get(secure, f"{name}.example.com", "/x", tls=True)
        assert (found.backend, found.headers["x-forwarded-port"]) == (name, str(secure))
    assert get(https, "https.example.com", "/also", tls=True).backend == "also"
    assert get(http, "usual.example.com").status == 503
    assert get(site.http_port, "both.example.com").status == 503
    assert get(https, "usual.example.com", tls=True).status == 503


def test_ports_that_nobody_opened_are_not_listened_on(site: Site) -> None:
    """One that nginx's container does not expose, one for HTTP and HTTPS: noted, and the host has its usual one."""
    exposed = reserve_port()
    site.nginx(exposed)
    other = reserve_port()
    site.backend("a", _host("a") | {"EXTERNAL_HTTP_PORT": str(exposed)})
    site.backend("b", _host("b") | {"EXTERNAL_HTTPS_PORT": str(exposed)})
    site.backend("c", _host("c") | {"EXTERNAL_HTTP_PORT": str(other)})
    site.backend("d", _host("d") | {"EXTERNAL_HTTP_PORT": str(site.https_port)})
    site.backend("e", _host("e") | {"EXTERNAL_HTTP_PORT": "0"})
    text = site.run()
    assert str(other) not in text
    assert [get(site.http_port, f"{name}.example.com").status for name in "abcde"] == [503, 200, 200, 200, 200]
    assert get(exposed, "a.example.com").backend == "a"
    unknown = "is no port that nginx's container exposes, and is ignored"
    assert site.notes == (
        "b: EXTERNAL_HTTPS_PORT is already used for the other of HTTP and HTTPS, and is ignored",
        f"c: EXTERNAL_HTTP_PORT {unknown}", f"d: EXTERNAL_HTTP_PORT {unknown}", f"e: EXTERNAL_HTTP_PORT {unknown}",
    )  # fmt: skip


def test_one_port_for_both_is_not_taken(site: Site) -> None:
    """HTTP_PORT and HTTPS_PORT alike, or one of them the other's usual one, would cost the whole file."""
    for http, https in (("8080", "8080"), ("443", ""), ("", "80")):
        site.environ = {"HTTP_PORT": http, "HTTPS_PORT": https}
        text = site.render()
        ports = [line.split()[1].rstrip(";") for line in text.splitlines() if line.startswith("    listen ")]
        assert len(ports) == len(set(ports)) == 2
        assert "HTTPS_PORT of the proxy is not valid, and is ignored" in site.notes


def test_addresses_are_names_too(site: Site, certificates: Certificates) -> None:
    """IPv4 and IPv6, the latter in brackets or without, in any form; as the browser asks for them."""
    certificates.put(site, "default")
    site.backend("four", {"VIRTUAL_HOST": "10.20.30.40"})
    site.backend("six", {"VIRTUAL_HOST": "[FD00:0:0::4],fd00::5", "HTTPS_METHOD": "noredirect"})
    site.write("vhost.d/[fd00::4]", "add_header X-Own yes;\n")
    site.run()
    assert get(site.https_port, "10.20.30.40", tls=True).backend == "four"
    assert get(site.http_port, "10.20.30.40:80", "/x").location == f"https://10.20.30.40:{site.https_port}/x"
    for host in ("[fd00::4]", "[fd00::5]", "[fd00::4]:8080"):
        assert get(site.http_port, host).backend == "six"
    assert get(site.http_port, "[fd00::4]").fields["x-own"] == "yes"
    assert "x-own" not in get(site.http_port, "[fd00::5]").fields
    assert get(site.http_port, "[fd00::6]").status == 503


def _speaks_http2(site: Site, host: str) -> bool:
    context = tls_context("h2", "http/1.1")
    with (
        socket.create_connection(("127.0.0.1", site.https_port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        return secure.selected_alpn_protocol() == "h2"


def test_http2_may_be_switched_off(site: Site, certificates: Certificates) -> None:
    """For all hosts; for one by its label, where nginx can do that, and with a note where it can't."""
    certificates.put(site, "example.com")
    site.nginx()
    site.backend("usual", _host("usual"))
    site.backend("without", _host("without"), labels={LABEL + "http2.enable": "false"})
    site.run()
    assert get_http2(site.https_port, "usual.example.com").backend == "usual"
    if site.version == "1.26":
        assert not _speaks_http2(site, "without.example.com")
        assert site.notes == ()
    else:
        assert site.notes == (f"without: the label {LABEL}http2.enable needs nginx 1.25.1, and is ignored",)
    site.environ["ENABLE_HTTP2"] = "false"
    site.run()
    assert not _speaks_http2(site, "usual.example.com")
    assert get(site.https_port, "usual.example.com", tls=True).backend == "usual"


def _answers_quic(port: int) -> bool:
    """Whether a version of QUIC that nobody speaks is answered with those that are spoken (RFC 9000, 6)."""
    ours, theirs = os.urandom(8), os.urandom(8)
    packet = b"\xc0\x1a\x2a\x3a\x4a" + bytes([8]) + theirs + bytes([8]) + ours
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect(("127.0.0.1", port))
        for _ in range(5):
            client.send(packet.ljust(1200, b"\0"))
            try:
                answer = client.recv(2000)
            except TimeoutError:
                continue
            except ConnectionRefusedError:
                return False
            negotiates = answer[0] >= 0x80 and answer[1:5] == b"\0\0\0\0" and answer[5:14] == bytes([8]) + ours
            return negotiates and b"\0\0\0\x01" in answer[23:]
    return False


@pytest.mark.parametrize("whose", ["proxy", "container"])
def test_http3_where_nginx_speaks_it(site: Site, certificates: Certificates, whose: str) -> None:
    """For all hosts or one: nginx answers over HTTP/3, and tells so; where it can't, there is a note."""
    certificates.put(site, "example.com")
    site.nginx()
    labels = {LABEL + "http3.enable": "true"} if whose == "container" else {}
    if whose == "proxy":
        site.environ["ENABLE_HTTP3"] = "true"
    site.backend("web", _host("web"), labels=labels)
    site.backend("other", _host("other"))
    site.run()
    offers = [get(site.https_port, f"{name}.example.com", tls=True).fields.get("alt-svc") for name in ("web", "other")]
    if site.version == "1.22":
        assert offers == [None, None]
        assert not _answers_quic(site.https_port)
        (note,) = site.notes
        assert "http3.enable" in note or "ENABLE_HTTP3" in note
    else:
        offer = f'h3=":{site.https_port}"; ma=86400;'
        assert offers == [offer, offer if whose == "proxy" else None]
        assert get_http3(site.https_port, "web.example.com").backend == "web"
        assert site.notes == ()


def test_http3_for_the_default_host_and_over_ipv6(site: Site, certificates: Certificates) -> None:
    """No option is said twice of one address."""
    certificates.put(site, "example.com", "default")
    http, https = reserve_port(), reserve_port()
    site.nginx(http, https)
    site.environ |= {"ENABLE_HTTP3": "true", "DEFAULT_HOST": "web.example.com", "ENABLE_IPV6": "true"}
    site.at("web", _host("web"), "127.0.0.2", 80)
    site.at("own", _host("own") | {"EXTERNAL_HTTPS_PORT": str(https)}, "127.0.0.2", 80)
    text = site.render()
    if site.version == "1.26":
        assert f"listen {https} quic reuseport;" in text
        assert f"listen {site.https_port} quic default_server;" in text
    assert site.complaint() == ""


def test_the_proxy_protocol(site: Site, certificates: Certificates) -> None:
    """ENABLE_PROXY_PROTOCOL: who connects says first for whom, and nginx's realip may believe it."""
    certificates.put(site, "example.com")
    site.backend("web", _host("web") | {"HTTPS_METHOD": "noredirect"})
    site.write("conf.d/realip.conf", "set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;\n")
    site.environ["ENABLE_PROXY_PROTOCOL"] = "true"
    site.run()
    for port, tls in ((site.http_port, False), (site.https_port, True)):
        preface = b"PROXY TCP4 8.8.4.4 127.0.0.1 1234 80\r\n"
        answer = get(port, "web.example.com", tls=tls, preface=preface)
        assert (answer.backend, answer.headers["x-real-ip"]) == ("web", "8.8.4.4")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        certificate_of(site.https_port, "web.example.com")
