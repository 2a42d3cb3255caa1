"""Challenges of an ACME client, such as acme-companion's, which puts its answers into a folder of nginx's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.client import get

if TYPE_CHECKING:
    from tests.recipes.nginx.certificates import Certificates
    from tests.recipes.nginx.site import Site

PATH = "/.well-known/acme-challenge/token"
WORDS = ("true", "false", "legacy")


def _statuses(site: Site, *hosts: str) -> list[int]:
    return [get(site.http_port, f"{host}.example.com", PATH).status for host in hosts]


@pytest.fixture
def challenged(site: Site, certificates: Certificates) -> Site:
    """Hosts with a certificate and without, that say nothing or one word."""
    site.write("html/.well-known/acme-challenge/token", "answer")
    certificates.put(site, "tls.example.com")
    for word in ("", *WORDS):
        said = {"ACME_HTTP_CHALLENGE_LOCATION": word} if word else {}
        site.backend(f"plain-{word}", {"VIRTUAL_HOST": f"plain{word}.example.com"} | said)
        site.backend(f"tls-{word}", {"VIRTUAL_HOST": f"tls{word}.tls.example.com"} | said)
    return site


def test_they_are_answered_before_the_redirect(challenged: Site) -> None:
    """By default and by the container's own word; `legacy` keeps to hosts with a certificate and the redirect."""
    challenged.run()
    assert _statuses(challenged, "tls.tls", *(f"tls{word}.tls" for word in WORDS)) == [200, 200, 301, 200]
    answer = get(challenged.http_port, "tls.tls.example.com", PATH)
    assert answer.body == "answer"
    # Without a certificate the container would answer: it gives 200 to everything.
    plain = [get(challenged.http_port, f"plain{word}.example.com", PATH) for word in ("", *WORDS)]
    assert [answer.body == "answer" for answer in plain] == [True, True, False, False]
    assert get(challenged.http_port, "tls.tls.example.com", PATH + "-2").status == 404
    assert _statuses(challenged, "unknown") == [503]


def test_the_proxys_word_counts_for_those_that_say_nothing(challenged: Site) -> None:
    """ACME_HTTP_CHALLENGE_LOCATION of the proxy."""
    challenged.environ["ACME_HTTP_CHALLENGE_LOCATION"] = "false"
    challenged.run()
    assert _statuses(challenged, "tls.tls", "tlstrue.tls") == [301, 200]


def test_unknown_hosts_may_be_answered_too(challenged: Site) -> None:
    """ACME_HTTP_CHALLENGE_ACCEPT_UNKNOWN_HOST, for those whose container does not run at the time."""
    challenged.environ["ACME_HTTP_CHALLENGE_ACCEPT_UNKNOWN_HOST"] = "true"
    challenged.run()
    assert _statuses(challenged, "unknown") == [200]
    assert get(challenged.http_port, "unknown.example.com").status == 503


def test_a_container_that_answers_them_itself_is_asked(site: Site) -> None:
    """Two locations of one place would cost the whole file."""
    site.backend("acme", {"VIRTUAL_HOST": "a.example.com", "VIRTUAL_PATH": "^~ /.well-known/acme-challenge/"})
    site.backend("web", {"VIRTUAL_HOST": "a.example.com"})
    site.run()
    assert get(site.http_port, "a.example.com", PATH).backend == "acme"
