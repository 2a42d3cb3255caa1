"""The operator's own files in /etc/nginx/vhost.d."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.client import get

if TYPE_CHECKING:
    from tests.recipes.nginx.site import Site

HOST = "a.example.com"


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _served_by(site: Site, path: str = "/", host: str = HOST) -> tuple[str, str]:
    """Which files had a say: the server's and the location's, each of which sets a header for the backend."""
    headers = get(site.http_port, host, path).headers
    return headers.get("x-server", ""), headers.get("x-location", "")


@pytest.fixture
def shown(site: Site) -> Site:
    """A proxy that hands on two variables, which files in vhost.d may set."""
    # At http level a variable has to exist; a location's `set` runs after its server's.
    site.write(
        "conf.d/00.conf",
        'map "" $server_file { default ""; }\nmap "" $location_file { default ""; }\n'
        "proxy_set_header X-Server $server_file;\nproxy_set_header X-Location $location_file;\n",
    )
    return site


def _write(site: Site, *names: str) -> None:
    for name in names:
        kind = "location" if name.endswith("_location") else "server"
        site.write(f"vhost.d/{name}", f'set ${kind}_file "{name}";\n')


def test_a_hosts_own_files_come_before_the_default_ones(shown: Site) -> None:
    """HOST else default in the server; HOST_<sha1 of the path>_location, HOST_location, default_location in it."""
    shown.backend("root", {"VIRTUAL_HOST": f"{HOST},b.example.com"})
    shown.backend("api", {"VIRTUAL_HOST": HOST, "VIRTUAL_PATH": "/api/"})
    shown.backend("regex", {"VIRTUAL_HOST": HOST, "VIRTUAL_PATH": r"~\.php$"})
    by_path, by_regex = f"{HOST}_{_sha1('/api/')}_location", f"{HOST}_{_sha1('~' + chr(92) + '.php$')}_location"
    _write(shown, "default", "default_location")
    shown.run()
    assert _served_by(shown) == ("default", "default_location")
    _write(shown, HOST, f"{HOST}_location", by_path, by_regex)
    shown.run()
    assert _served_by(shown) == (HOST, f"{HOST}_location")
    assert _served_by(shown, "/api/x") == (HOST, by_path)
    assert _served_by(shown, "/x.php") == (HOST, by_regex)
    assert _served_by(shown, host="b.example.com") == ("default", "default_location")


def test_the_root_path_has_a_name_by_its_hash_too(shown: Site) -> None:
    """The path / is a path like any other."""
    shown.backend("root", {"VIRTUAL_HOST": HOST})
    _write(shown, f"{HOST}_{_sha1('/')}_location", f"{HOST}_location")
    shown.run()
    assert _served_by(shown) == ("", f"{HOST}_{_sha1('/')}_location")


def test_a_regular_expressions_files_are_named_by_its_hash(shown: Site) -> None:
    """A regular expression is no file name: its sha1 is."""
    host = r"~^a\d\.example\.com$"
    shown.backend("root", {"VIRTUAL_HOST": host})
    _write(shown, _sha1(host), f"{_sha1(host)}_location")
    shown.run()
    assert _served_by(shown, host="a1.example.com") == (_sha1(host), f"{_sha1(host)}_location")


def test_a_wildcards_files_are_its_own(shown: Site) -> None:
    """The star in a file's name is a star, and not every other host's file."""
    shown.backend("root", {"VIRTUAL_HOST": "*.example.com"})
    _write(shown, "*.example.com", "*.example.com_location", "zz.example.com", "zz.example.com_location")
    shown.run()
    assert _served_by(shown, host="zz.example.com") == ("*.example.com", "*.example.com_location")


def test_a_file_that_comes_or_goes_is_noticed(site: Site) -> None:
    """The folders are watched like the template."""
    site.add("web", {"VIRTUAL_HOST": HOST})
    assert "include" not in site.render()
    site.write(f"vhost.d/{HOST}", "# nothing\n")
    assert site.is_stale()
    assert f"include {site.folder}/vhost.d/{HOST};" in site.render()
    (site.folder / "vhost.d" / HOST).unlink()
    assert "include" not in site.render()


def test_a_host_cannot_be_named_so_that_it_gets_anothers_file(site: Site) -> None:
    """A location's file would not be valid in a server: such a name has no file of its own."""
    site.backend("victim", {"VIRTUAL_HOST": HOST})
    site.add("evil", {"VIRTUAL_HOST": f"{HOST}_location,default_location,{HOST}_{_sha1('/')}_location"})
    for name in (f"{HOST}_location", "default_location", f"{HOST}_{_sha1('/')}_location"):
        site.write(f"vhost.d/{name}", "internal;\n" if name == "default_location" else "alias /nowhere;\n")
    assert "alias" not in site.render()
    assert site.complaint() == ""


def test_an_operators_file_may_name_the_upstream(site: Site) -> None:
    """An upstream is called as its host, which nginx-proxy documents; it is there with nobody behind it, too."""
    site.backend("web", {"VIRTUAL_HOST": HOST})
    site.add("down", {"VIRTUAL_HOST": "down.example.com"}, health="unhealthy")
    other = "location /other { proxy_pass http://down.example.com; }\n"
    site.write(f"vhost.d/{HOST}", f"location /again {{ proxy_pass http://{HOST}/x; }}\n{other}")
    site.run()
    assert get(site.http_port, HOST, "/again").path == "/x"
    assert get(site.http_port, HOST, "/other").status == 502
