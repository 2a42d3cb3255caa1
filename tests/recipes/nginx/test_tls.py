"""Certificates, redirects, HTTP/2 and IPv6."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.client import certificate_of, get, get_http2

if TYPE_CHECKING:
    from tests.recipes.nginx.certificates import Certificates
    from tests.recipes.nginx.site import Site

HOST = {"VIRTUAL_HOST": "www.a.example.com"}


def test_a_certificate_brings_https_and_the_redirect(site: Site, certificates: Certificates) -> None:
    """Over HTTPS the container answers, over HTTP everybody is sent there, to the port that it has."""
    site.backend("web", HOST)
    certificates.put(site, "www.a.example.com")
    site.run()
    redirect = get(site.http_port, "www.a.example.com", "/x?y=1")
    assert redirect.status == 301
    assert redirect.location == f"https://www.a.example.com:{site.https_port}/x?y=1"
    answer = get(site.https_port, "www.a.example.com", "/x", tls=True)
    assert (answer.backend, answer.path) == ("web", "/x")
    assert (answer.headers["x-forwarded-proto"], answer.headers["x-forwarded-ssl"]) == ("https", "on")
    assert certificate_of(site.https_port, "www.a.example.com") == certificates.pem("www.a.example.com")


def test_the_usual_port_is_not_in_the_redirect(site: Site, certificates: Certificates) -> None:
    """With HTTPS on port 443 the address needs no port."""
    site.backend("web", HOST)
    certificates.put(site, "www.a.example.com")
    site.environ["HTTPS_PORT"] = "443"
    assert "return 301 https://$host$request_uri;" in site.render()


@pytest.mark.parametrize(
    ("there", "shown"),
    [
        (["www.a.example.com", "a.example.com", "default"], "www.a.example.com"),
        (["a.example.com", "example.com", "default"], "a.example.com"),
        (["example.com", "default"], "default"),
        (["default", "b.example.com", "ww.a.example.com"], "default"),
    ],
)
def test_the_certificate_is_the_hosts_else_a_parents_else_the_default(
    site: Site, certificates: Certificates, there: list[str], shown: str
) -> None:
    """Host, then the domain above it and no further one, then default; each with the redirect."""
    site.backend("web", HOST)
    certificates.put(site, *there)
    site.run()
    assert certificate_of(site.https_port, "www.a.example.com") == certificates.pem(shown)
    assert get(site.https_port, "www.a.example.com", tls=True).backend == "web"
    assert get(site.http_port, "www.a.example.com").status == 301


def test_a_certificate_without_its_key_does_not_count(site: Site, certificates: Certificates) -> None:
    """Both files are needed; a link that leads nowhere is no file."""
    site.backend("web", HOST)
    certificates.put(site, "www.a.example.com", "a.example.com", "default")
    (site.folder / "certs" / "www.a.example.com.key").unlink()
    (site.folder / "certs" / "a.example.com.crt").unlink()
    (site.folder / "certs" / "a.example.com.crt").symlink_to("nowhere.crt")
    site.run()
    assert certificate_of(site.https_port, "www.a.example.com") == certificates.pem("default")


def test_cert_name_comes_first(site: Site, certificates: Certificates) -> None:
    """CERT_NAME's certificate is shown, for a wildcard and a regular expression, too; one that is not there is not."""
    site.backend("web", HOST | {"CERT_NAME": "shared"})
    site.backend("wild", {"VIRTUAL_HOST": "*.b.example.com", "CERT_NAME": "missing"})
    site.backend("regex", {"VIRTUAL_HOST": r"~^c\d\.example\.com$", "CERT_NAME": "shared"})
    certificates.put(site, "www.a.example.com", "shared", "b.example.com", "default")
    site.run()
    for host, name in (
        ("www.a.example.com", "shared"),
        ("x.b.example.com", "b.example.com"),
        ("c1.example.com", "shared"),
    ):
        assert certificate_of(site.https_port, host) == certificates.pem(name)
        assert get(site.https_port, host, tls=True).status == 200


def test_cert_name_does_not_leave_the_folder(site: Site, certificates: Certificates) -> None:
    """A name with a slash is no name."""
    site.backend("web", HOST | {"CERT_NAME": "../certs/shared"})
    certificates.put(site, "shared", "www.a.example.com")
    site.run()
    assert certificate_of(site.https_port, "www.a.example.com") == certificates.pem("www.a.example.com")


def test_without_any_certificate_the_handshake_is_refused(site: Site) -> None:
    """HTTP is served in place of the redirect, and HTTPS is refused for known and unknown hosts."""
    site.backend("web", HOST)
    site.backend("only", {"VIRTUAL_HOST": "only.example.com", "HTTPS_METHOD": "nohttp"})
    site.run()
    assert get(site.http_port, "www.a.example.com").backend == "web"
    assert get(site.http_port, "only.example.com").backend == "only"
    for host in ("www.a.example.com", "unknown.example.com"):
        with pytest.raises(ssl.SSLError):
            certificate_of(site.https_port, host)


def test_unknown_hosts_are_503_over_https_with_the_default_certificate(site: Site, certificates: Certificates) -> None:
    """Where there is a default certificate an unknown host gets an answer over HTTPS, too."""
    site.backend("web", HOST)
    certificates.put(site, "default")
    site.run()
    assert get(site.https_port, "unknown.example.com", tls=True).status == 503
    assert certificate_of(site.https_port, "unknown.example.com") == certificates.pem("default")


def test_a_known_host_without_a_usable_container_is_503_over_https(site: Site, certificates: Certificates) -> None:
    """With its own certificate."""
    site.backend("web", HOST, health="unhealthy")
    certificates.put(site, "www.a.example.com")
    site.run()
    assert get(site.https_port, "www.a.example.com", tls=True).status == 503


@pytest.mark.parametrize(
    ("method", "statuses"),
    [
        ("redirect", (301, 200)), ("noredirect", (200, 200)), ("nohttp", (503, 200)), ("nohttps", (200, 503)),
        ("what", (301, 200)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("whose", ["container", "proxy"])
def test_https_method(
    site: Site, certificates: Certificates, method: str, statuses: tuple[int, int], whose: str
) -> None:
    """HTTPS_METHOD says what is served how, the container's own or else the proxy's; what it cannot say is ignored."""
    if whose == "proxy":
        site.environ["HTTPS_METHOD"] = method
    site.backend("web", HOST | ({"HTTPS_METHOD": method} if whose == "container" else {}))
    certificates.put(site, "www.a.example.com", "default")
    site.run()
    over_http = get(site.http_port, "www.a.example.com").status
    assert (over_http, get(site.https_port, "www.a.example.com", tls=True).status) == statuses


def test_a_containers_https_method_beats_the_proxys(site: Site, certificates: Certificates) -> None:
    """What a container asks for itself is nearer."""
    site.environ["HTTPS_METHOD"] = "nohttps"
    site.backend("web", HOST | {"HTTPS_METHOD": "redirect"})
    certificates.put(site, "www.a.example.com")
    site.run()
    assert get(site.http_port, "www.a.example.com").status == 301


def test_the_default_host_answers_over_https_too(site: Site, certificates: Certificates) -> None:
    """DEFAULT_HOST is the default for both ports."""
    site.backend("web", HOST)
    site.backend("other", {"VIRTUAL_HOST": "other.example.com"})
    certificates.put(site, "www.a.example.com", "default")
    site.environ["DEFAULT_HOST"] = "www.a.example.com"
    site.run()
    assert get(site.https_port, "unknown.example.org", tls=True).backend == "web"
    assert get(site.http_port, "unknown.example.org").status == 301
    assert get(site.https_port, "other.example.com", tls=True).backend == "other"


def test_http2_is_spoken_over_https(site: Site, certificates: Certificates) -> None:
    """Agreed on in the handshake; the backend is asked over HTTP/1.1 as ever."""
    site.backend("web", HOST)
    certificates.put(site, "www.a.example.com")
    site.run()
    answer = get_http2(site.https_port, "www.a.example.com")
    assert (answer.status, answer.backend) == (200, "web")
    assert answer.headers["host"] == "www.a.example.com"


def test_http2_in_the_form_that_nginxs_own_version_likes(site: Site, certificates: Certificates) -> None:
    """The directive from 1.25.1 on, where nginx's image says its version; else the option that both take."""
    label = {"com.github.nginx-proxy.nginx-proxy.nginx": ""}
    nginx = site.add("nginx", {"NGINX_VERSION": "1.26.2"}, labels=label)
    site.backend("web", HOST)
    certificates.put(site, "www.a.example.com")
    assert "http2 on;" in site.render()
    assert " ssl http2" not in site.render()
    if "http2" not in site.complaint():
        site.run()
        assert get_http2(site.https_port, "www.a.example.com").backend == "web"
    site.world.remove(nginx)
    for number, version in enumerate(("1.22.1", "1.24.0", "1.25.0", "", "1.x", "evil;")):
        nginx = site.add(f"nginx-{number}", {"NGINX_VERSION": version}, labels=label)
        assert "http2 on;" not in site.render()
        assert site.complaint() == ""
        site.world.remove(nginx)


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("value", "listens"), [("true", True), ("True", True), ("false", False), ("", False), ("1", True), ("yes", False)]
)
def test_ipv6_only_where_it_is_asked_for(site: Site, certificates: Certificates, value: str, listens: bool) -> None:  # noqa: FBT001
    """ENABLE_IPV6=true listens on both, on every server; anything else on IPv4 alone."""
    site.backend("web", HOST)
    certificates.put(site, "www.a.example.com")
    site.environ["ENABLE_IPV6"] = value
    text = site.render()
    listening = [line.split()[1].rstrip(";") for line in text.splitlines() if line.startswith("    listen ")]
    both = [f"[::]:{port}" for port in (site.http_port, site.https_port)]
    assert sum(each in both for each in listening) == (len(listening) / 2 if listens else 0)
    assert len(listening) == (8 if listens else 4)
    if listens and _has_ipv6():
        site.run()
        assert get(site.https_port, "www.a.example.com", tls=True, address="::1").backend == "web"
