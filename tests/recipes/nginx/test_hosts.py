"""Which container answers for which host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.client import get

if TYPE_CHECKING:
    from tests.recipes.nginx.site import Site


def test_each_host_of_the_list_reaches_its_container(site: Site) -> None:
    """VIRTUAL_HOST is a list: trimmed, blanks dropped, in any case."""
    site.backend("web", {"VIRTUAL_HOST": " a.example.com ,, B.Example.com,c.example.com., "})
    site.backend("other", {"VIRTUAL_HOST": "other.example.com"})
    site.run()
    for host in ("a.example.com", "b.example.com", "B.EXAMPLE.COM", "c.example.com", "a.example.com:1234"):
        assert get(site.http_port, host).backend == "web"
    assert get(site.http_port, "other.example.com").backend == "other"


@pytest.mark.parametrize(
    ("written", "host", "elsewhere"),
    [
        ("*.example.com", "deep.sub.example.com", "example.com"),
        (".example.com", "sub.example.com", "example.org"),
        ("www.example.*", "www.example.org", "www.other.org"),
        (r"~^app\d+\.example\.com$", "app42.example.com", "app.example.com"),
        (r"~^(foo|bar)\.[a-z]{2,3}\.nip\.io$", "foo.ab.nip.io", "foo.abcd.nip.io"),
        ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
        ("localhost", "localhost", "localhos"),
    ],
)
def test_wildcards_and_regular_expressions(site: Site, written: str, host: str, elsewhere: str) -> None:
    """A host may be a wildcard at either end, or ~ and a regular expression; what does not fit is unknown."""
    # A comma separates hosts, in a regular expression too.
    site.backend("web", {"VIRTUAL_HOST": written.replace("{2,3}", "{2}")})
    site.run()
    assert get(site.http_port, host).backend == "web"
    assert get(site.http_port, elsewhere).status == 503


def test_hosts_in_common_are_shared_out(site: Site) -> None:
    """Containers with the same host take turns, each with one server entry."""
    addresses = [site.backend(name, {"VIRTUAL_HOST": "a.example.com,a.example.com"}) for name in ("web-1", "web-2")]
    text = site.run()
    assert {get(site.http_port, "a.example.com").backend for _ in range(4)} == {"web-1", "web-2"}
    assert [text.count(f"server {address};") for address in addresses] == [1, 1]


def test_an_unknown_host_is_answered_503(site: Site) -> None:
    """A host that no container names is 503, with containers and without any."""
    site.run()
    assert get(site.http_port, "a.example.com").status == 503
    site.backend("web", {"VIRTUAL_HOST": "a.example.com"})
    site.run()
    assert get(site.http_port, "b.example.com").status == 503
    assert get(site.http_port, "a.example.com").status == 200


def test_containers_without_a_host_are_not_served(site: Site) -> None:
    """No VIRTUAL_HOST, or one of blanks only, is nothing to serve."""
    address = [site.backend("plain", {}), site.backend("blank", {"VIRTUAL_HOST": " , "})]
    text = site.run()
    assert not any(each in text for each in address)
    assert "\nupstream " not in text


def test_default_host_answers_for_unknown_hosts(site: Site) -> None:
    """DEFAULT_HOST names the host whose containers answer for what no other host fits."""
    site.backend("main", {"VIRTUAL_HOST": "main.example.com"})
    site.backend("other", {"VIRTUAL_HOST": "other.example.com"})
    site.environ["DEFAULT_HOST"] = "main.example.com"
    site.run()
    assert get(site.http_port, "unknown.example.org").backend == "main"
    assert get(site.http_port, "other.example.com").backend == "other"


def test_a_default_host_that_nobody_has_is_unknown(site: Site) -> None:
    """DEFAULT_HOST without a container of that host leaves unknown hosts at 503."""
    site.backend("other", {"VIRTUAL_HOST": "other.example.com"})
    site.environ["DEFAULT_HOST"] = "main.example.com"
    site.run()
    assert get(site.http_port, "unknown.example.org").status == 503


def test_the_state_alone_decides_about_the_bytes(site: Site) -> None:
    """Rendered twice, the same; with the containers made in another order, too."""
    for name in ("c", "a", "b"):
        site.at(name, {"VIRTUAL_HOST": f"{name}.example.com,all.example.com"}, "10.0.0.1", 80)
    assert site.render() == site.render()
    containers = site.snapshot().containers
    assert [each.name for each in containers] == ["a", "b", "c"]
    assert site.render().index("upstream a.example.com") < site.render().index("upstream b.example.com")


def test_thousands_of_hosts_are_taken(site: Site) -> None:
    """Neither many nor the longest names overflow nginx's tables."""
    long = ".".join(["x" * 60] * 4)
    for number in range(1200):
        host = f"{long}.{number}" if number < 3 else f"host-{number}.example.com"
        site.at(f"web-{number}", {"VIRTUAL_HOST": host}, "10.0.0.1", 80)
    text = site.render()
    assert text.count("\nupstream ") == 1200
    assert site.complaint() == ""
