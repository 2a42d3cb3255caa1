"""acme-companion's files, in the places and of the shapes that it gives them: its docs/Persistent-data.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.client import certificate_of, get

if TYPE_CHECKING:
    from tests.recipes.nginx.certificates import Certificates
    from tests.recipes.nginx.site import Site

NAME = "shop.example.com"
HOST = {"VIRTUAL_HOST": NAME, "LETSENCRYPT_HOST": NAME, "LETSENCRYPT_EMAIL": "me@example.com"}
CHALLENGE = "/.well-known/acme-challenge/token"
# What older releases, and later ones that are told to, put into vhost.d.
LOCATION = """## Start of configuration add by letsencrypt container
location ^~ /.well-known/acme-challenge/ {
    auth_basic off;
    allow all;
    root HTML;
    try_files $uri =404;
    break;
}
## End of configuration add by letsencrypt container
"""


def _issue(site: Site, certificates: Certificates) -> None:
    """A certificate as the companion leaves it: a folder of its own, and links to what is in it."""
    certs = site.folder / "certs"
    certificates.put(site, NAME)
    (certs / NAME).mkdir()
    (certs / f"{NAME}.crt").rename(certs / NAME / "fullchain.pem")
    (certs / f"{NAME}.key").rename(certs / NAME / "key.pem")
    (certs / NAME / "key.pem").chmod(0o600)
    (certs / NAME / "chain.pem").write_text(certificates.pem(NAME))
    for link, file in (("crt", "fullchain.pem"), ("key", "key.pem"), ("chain.pem", "chain.pem")):
        (certs / f"{NAME}.{link}").symlink_to(f"./{NAME}/{file}")


def test_a_challenge_is_answered_before_and_after_there_is_a_certificate(
    site: Site, certificates: Certificates
) -> None:
    """Over HTTP, before the redirect that the certificate brings."""
    site.backend("web", HOST)
    site.write(f"html{CHALLENGE}", "answer")
    site.run()
    assert get(site.http_port, NAME, "/").backend == "web"
    first = get(site.http_port, NAME, CHALLENGE)
    _issue(site, certificates)
    site.run()
    again = get(site.http_port, NAME, CHALLENGE)
    assert [(each.status, each.body) for each in (first, again)] == [(200, "answer")] * 2
    assert get(site.http_port, NAME, "/").status == 301
    assert get(site.https_port, NAME, "/", tls=True).backend == "web"
    assert certificate_of(site.https_port, NAME) == certificates.pem(NAME)


def test_a_new_certificate_is_noticed_and_a_renewed_one_changes_no_file(site: Site, certificates: Certificates) -> None:
    """As the page says: for a renewal it is the companion's own signal to nginx that counts."""
    site.backend("web", HOST)
    site.render()
    _issue(site, certificates)
    assert site.is_stale()
    before = site.render()
    key = site.folder / "certs" / NAME / "key.pem"
    key.write_bytes(key.read_bytes())
    assert site.render() == before


@pytest.mark.parametrize("name", ["default", NAME])
def test_what_older_releases_left_in_vhost_d_is_what_the_page_says(site: Site, name: str) -> None:
    """The location twice is refused; without the recipe's own the companion's answers."""
    site.backend("web", HOST)
    site.write(f"html{CHALLENGE}", "answer")
    site.write(f"vhost.d/{name}", LOCATION.replace("HTML", str(site.folder / "html")))
    site.render()
    assert "duplicate location" in site.complaint()
    site.environ["ACME_HTTP_CHALLENGE_LOCATION"] = "false"
    site.run()
    assert get(site.http_port, NAME, CHALLENGE).status == 200
