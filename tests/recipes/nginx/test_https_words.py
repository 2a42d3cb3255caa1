"""How HTTPS is spoken: HSTS, redirects, the default certificate, policies, client certificates, key exchange."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.certificates import Authority
from tests.recipes.nginx.client import certificate_of, get, temporary_key, tls_context
from tests.recipes.nginx.site import RECIPE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.recipes.nginx.certificates import Certificates
    from tests.recipes.nginx.site import Site

LABEL = "com.github.nginx-proxy.nginx-proxy."
HSTS = "strict-transport-security"


def _host(name: str) -> dict[str, str]:
    return {"VIRTUAL_HOST": f"{name}.example.com"}


def test_hsts(site: Site, certificates: Certificates) -> None:
    """A year by default, on errors as well; a value of one's own; off; none without the redirect or over HTTP."""
    certificates.put(site, "example.com")
    own = "max-age=86400; includeSubDomains; preload"
    site.backend("usual", _host("usual"))
    site.backend("own", _host("own") | {"HSTS": own})
    site.backend("off", _host("off") | {"HSTS": "off"})
    site.backend("both", _host("both") | {"HTTPS_METHOD": "noredirect"})
    site.backend("down", _host("down"), health="unhealthy")
    site.run()

    def sent(name: str, path: str = "/") -> str | None:
        return get(site.https_port, f"{name}.example.com", path, tls=True).fields.get(HSTS)

    assert sent("usual") == sent("usual", "/status/500") == sent("down") == "max-age=31536000"
    assert sent("own") == own
    assert sent("off") is sent("both") is None
    assert HSTS not in get(site.http_port, "usual.example.com").fields
    site.environ["HSTS"] = "max-age=1"
    site.run()
    assert (sent("usual"), sent("own"), sent("both")) == ("max-age=1", own, None)


def test_other_methods_may_be_redirected_otherwise(site: Site, certificates: Certificates) -> None:
    """NON_GET_REDIRECT, or a host's label: a POST stays a POST; GET and HEAD are redirected as ever."""
    certificates.put(site, "example.com")
    site.backend("usual", _host("usual"))
    site.backend("own", _host("own"), labels={LABEL + "non-get-redirect": "308"})

    def statuses(name: str) -> list[int]:
        return [
            get(site.http_port, f"{name}.example.com", "/x", method=each).status
            for each in ("GET", "HEAD", "POST", "DELETE")
        ]

    site.run()
    assert statuses("usual") == [301] * 4
    assert statuses("own") == [301, 301, 308, 308]
    site.environ["NON_GET_REDIRECT"] = "307"
    site.run()
    assert statuses("usual") == [301, 301, 307, 307]
    answer = get(site.http_port, "usual.example.com", "/x?y", method="POST")
    assert answer.location == f"https://usual.example.com:{site.https_port}/x?y"


def test_an_untrusted_default_certificate_is_shown_to_nobody_but_strangers(
    site: Site, certificates: Certificates
) -> None:
    """TRUST_DEFAULT_CERT=false, or the label: the host is served over HTTP, and its handshake refused."""
    certificates.put(site, "default", "own.example.com")
    site.backend("usual", _host("usual"))
    site.backend("wary", _host("wary") | {"HTTPS_METHOD": "nohttp"}, labels={LABEL + "trust-default-cert": "false"})
    site.backend("own", _host("own"))
    site.run()
    assert get(site.https_port, "usual.example.com", tls=True).backend == "usual"
    assert get(site.http_port, "wary.example.com").backend == "wary"
    with pytest.raises(ssl.SSLError):
        certificate_of(site.https_port, "wary.example.com")
    site.environ["TRUST_DEFAULT_CERT"] = "false"
    site.run()
    assert get(site.http_port, "usual.example.com").backend == "usual"
    with pytest.raises(ssl.SSLError):
        certificate_of(site.https_port, "usual.example.com")
    assert get(site.https_port, "own.example.com", tls=True).backend == "own"
    assert get(site.https_port, "stranger.example.com", tls=True).status == 503


def test_http_may_stay_off_without_a_certificate(site: Site) -> None:
    """ENABLE_HTTP_ON_MISSING_CERT=false keeps to what HTTPS_METHOD says; a container's own word beats the proxy's."""
    site.environ["ENABLE_HTTP_ON_MISSING_CERT"] = "false"
    site.backend("redirected", _host("redirected"))
    site.backend("closed", _host("closed") | {"HTTPS_METHOD": "nohttp"})
    site.backend("open", _host("open") | {"ENABLE_HTTP_ON_MISSING_CERT": "true"})
    site.run()
    statuses = [get(site.http_port, f"{name}.example.com").status for name in ("redirected", "closed", "open")]
    assert statuses == [301, 503, 200]


def _handshake(site: Site, host: str, version: ssl.TLSVersion, ciphers: str = "DEFAULT:@SECLEVEL=0") -> str:
    """The cipher that was agreed on, '' where none was."""
    context = tls_context()
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(ciphers)
    try:
        return get(site.https_port, host, tls=True, context=context).fields["x-cipher"]
    except ssl.SSLError:
        return ""


def _show_ciphers(site: Site) -> None:
    site.write("vhost.d/default", "add_header X-Cipher $ssl_cipher always;\n")


V1_0, V1_1, V1_2, V1_3 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_policy_says_which_versions_are_spoken(site: Site, certificates: Certificates, kind: str) -> None:
    """Mozilla-Intermediate by default; each host its own, beside others that speak less and more."""
    certificates.put(site, "example.com", kind=kind)
    _show_ciphers(site)
    for policy in ("Mozilla-Modern", "Mozilla-Old", "AWS-FS-1-2-2019-08", "AWS-TLS13-1-3-2021-06"):
        site.backend(policy, {"VIRTUAL_HOST": f"{policy}.example.com", "SSL_POLICY": policy})
    site.backend("usual", _host("usual"))
    site.run()
    spoken = {
        name: [bool(_handshake(site, f"{name}.example.com", version)) for version in (V1_0, V1_2, V1_3)]
        for name in ("usual", "mozilla-modern", "aws-tls13-1-3-2021-06", "mozilla-old")
    }
    assert spoken == {
        "usual": [False, True, True], "mozilla-modern": [False, False, True],
        "aws-tls13-1-3-2021-06": [False, False, True], "mozilla-old": [True, True, True],
    }  # fmt: skip
    assert _handshake(site, "aws-fs-1-2-2019-08.example.com", V1_2)


def test_every_policy_is_one_that_nginx_takes(site: Site, certificates: Certificates) -> None:
    """With the ciphers that it stands for; a word that is no policy is the default one, with a note."""
    certificates.put(site, "example.com")
    template = (site.folder / "recipe" / "parts" / "policies.j2").read_text()
    policies = [line.split("'")[1] for line in template.splitlines() if line.startswith(("    'AWS-", "    'Mozilla-"))]
    assert len(policies) == 22
    for policy in (*policies, "Mozilla-None"):
        site.at(policy, {"VIRTUAL_HOST": f"{policy}.example.com", "SSL_POLICY": policy}, "127.0.0.2", 80)
    site.render()
    assert site.complaint() == ""
    assert site.notes == ("Mozilla-None: SSL_POLICY is no policy that is known, and is ignored",)


@pytest.mark.parametrize(
    ("own", "bits"), [({}, 4096), ({"DHPARAM_BITS": "2048"}, 2048), ({"DHPARAM_BITS": "1024"}, 4096)]
)
def test_the_groups_of_rfc_7919(site: Site, certificates: Certificates, own: dict[str, str], bits: int) -> None:
    """DHPARAM_BITS says which; DHPARAM_SKIP leaves them out, so that there is no such key exchange."""
    _use_dhe(site, certificates, own)
    assert _key_bits(site) == bits


@pytest.mark.parametrize("own", [{"DHPARAM_SKIP": "true"}, {"DHPARAM_GENERATION": "false"}])
def test_no_group_means_no_such_key_exchange(site: Site, certificates: Certificates, own: dict[str, str]) -> None:
    """As nginx has it."""
    _use_dhe(site, certificates, own)
    assert _key_bits(site) == 0


@pytest.mark.parametrize("file", ["dhparam/dhparam.pem", "certs/example.com.dhparam.pem"])
def test_a_group_of_ones_own(site: Site, certificates: Certificates, file: str) -> None:
    """For all hosts, or for a certificate."""
    _use_dhe(site, certificates, {"DHPARAM_SKIP": "true"}, file)
    assert _key_bits(site) == 2048


_GROUPS = ("nginx/dhparam/ffdhe2048.pem", "nginx/dhparam/ffdhe3072.pem", "nginx/dhparam/ffdhe4096.pem")


def _use_dhe(site: Site, certificates: Certificates, own: dict[str, str], file: str = "") -> None:
    certificates.put(site, "example.com", kind="rsa")
    for name in _GROUPS:
        site.write(name.removeprefix("nginx/"), (RECIPE.parent / name).read_text())
    if file:
        site.write(file, (RECIPE.parent / _GROUPS[0]).read_text())
    site.environ |= own
    site.backend("web", _host("web"))
    site.run()


def _key_bits(site: Site) -> int:
    """How many bits the server's temporary key has, 0 where there is no handshake."""
    return temporary_key(site.https_port, "web.example.com", "DHE-RSA-AES128-GCM-SHA256")


def test_a_chain_brings_stapling(site: Site, certificates: Certificates) -> None:
    """NAME.chain.pem is what nginx needs for it; nobody answers for these certificates, so it stays at a warning."""
    certificates.put(site, "example.com")
    site.write("certs/example.com.chain.pem", certificates.pem("example.com"))
    site.backend("web", _host("web"))
    text = site.run()
    assert "ssl_stapling on;" in text
    assert f"ssl_trusted_certificate {site.folder}/certs/example.com.chain.pem;" in text
    assert get(site.https_port, "web.example.com", tls=True).backend == "web"


def test_clients_may_have_to_show_a_certificate(site: Site, certificates: Certificates, tmp_path: Path) -> None:
    """HOST.ca.crt for a host, ca.crt for all; a revoked one is refused; the label asks for less."""
    authority = Authority(tmp_path)
    good, revoked = authority.client("good"), authority.client("revoked", revoked=True)
    certificates.put(site, "example.com", "shop.example.com.ca")
    for name in ("ca", "own.example.com.ca"):
        site.write(f"certs/{name}.crt", authority.certificate)
    for name in ("ca", "own.example.com"):
        site.write(f"certs/{name}.crl.pem", authority.revocations)
    site.backend("all", _host("all"))
    site.backend("own", _host("own"))
    site.backend("lax", _host("lax"), labels={LABEL + "ssl_verify_client": "optional"})
    site.backend("mixed-1", _host("mixed"), labels={LABEL + "ssl_verify_client": "off"})
    site.backend("mixed-2", _host("mixed"), labels={LABEL + "ssl_verify_client": "on"})
    site.run()

    def status(name: str, context: ssl.SSLContext | None = None) -> int:
        return get(site.https_port, f"{name}.example.com", tls=True, context=context).status

    assert [status(name) for name in ("all", "own", "lax", "mixed")] == [400, 400, 200, 400]
    assert [status(name, good) for name in ("all", "own", "lax")] == [200, 200, 200]
    assert [status(name, revoked) for name in ("all", "own", "lax")] == [400, 400, 400]


def test_a_hosts_certificate_is_no_authority_for_another(site: Site, certificates: Certificates) -> None:
    """The host shop.ca has the certificate shop.ca.crt, which the host shop must not ask its clients for."""
    certificates.put(site, "shop.ca", "default")
    site.backend("shop", {"VIRTUAL_HOST": "shop"})
    site.backend("canadian", {"VIRTUAL_HOST": "shop.ca"})
    site.run()
    assert get(site.https_port, "shop", tls=True).backend == "shop"
    assert certificate_of(site.https_port, "shop.ca") == certificates.pem("shop.ca")
