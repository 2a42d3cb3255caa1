"""The operator's files beside vhost.d's own: overrides, passwords, networks, headers, the error page, and streams."""

from __future__ import annotations

import base64
import hashlib
import socket
import subprocess
from typing import TYPE_CHECKING

from tests.recipes.nginx.client import get
from tests.recipes.nginx.site import RECIPE
from tests.support.debian_packages import unpacked
from tests.support.ports import reserve_port
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.recipes.nginx.site import Site

HOST = "a.example.com"
REGEX = r"~^r\d\.example\.com$"


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def test_a_location_may_be_replaced(site: Site) -> None:
    """By path, for / also without its hash; the rest of the host stays."""
    for name, path in (("root", "/"), ("api", "/api"), ("raw", "/raw")):
        site.backend(name, {"VIRTUAL_HOST": HOST, "VIRTUAL_PATH": path})
    site.backend("regex", {"VIRTUAL_HOST": REGEX})
    site.write(f"vhost.d/{HOST}_location_override", f"location / {{ proxy_pass http://{HOST}/mine/; }}\n")
    site.write(f"vhost.d/{HOST}_{_sha1('/api')}_location_override", "location /api { return 299; }\n")
    site.write(f"vhost.d/{_sha1(REGEX)}_location_override", "location / { return 298; }\n")
    site.run()
    assert get(site.http_port, HOST, "/x").path == "/mine/x"
    assert get(site.http_port, HOST, "/api").status == 299
    assert get(site.http_port, HOST, "/raw").backend == "raw"
    assert get(site.http_port, "r1.example.com").status == 298
    site.write(f"vhost.d/{HOST}_{_sha1('/')}_location_override", "location / { return 297; }\n")
    site.run()
    assert get(site.http_port, HOST, "/x").status == 297


def test_passwords(site: Site) -> None:
    """A file for a host, one for a path in its place, and a regular expression's by its hash."""
    for name, path in (("root", "/"), ("api", "/api")):
        site.backend(name, {"VIRTUAL_HOST": HOST, "VIRTUAL_PATH": path})
    site.backend("regex", {"VIRTUAL_HOST": REGEX})
    site.backend("open", {"VIRTUAL_HOST": "open.example.com"})
    for file, user in ((HOST, "host"), (f"{HOST}_{_sha1('/api')}", "path"), (_sha1(REGEX), "regex")):
        site.write(f"htpasswd/{file}", f"{user}:{_hashed('secret')}\n")
    site.run()

    def status(host: str, path: str, user: str = "") -> int:
        words = base64.b64encode(f"{user}:secret".encode()).decode()
        return get(site.http_port, host, path, headers={"Authorization": f"Basic {words}"} if user else {}).status

    assert [status(HOST, "/", user) for user in ("", "path", "host")] == [401, 401, 200]
    assert [status(HOST, "/api", user) for user in ("", "host", "path")] == [401, 401, 200]
    assert [status("r1.example.com", "/", user) for user in ("", "regex")] == [401, 200]
    assert status("open.example.com", "/") == 200
    realm = get(site.http_port, HOST).fields["www-authenticate"]
    assert realm == f'Basic realm="Restricted {HOST}"'


def _hashed(password: str) -> str:
    done = subprocess.run(["openssl", "passwd", "-apr1", password], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_host_cannot_be_named_so_that_it_gets_anothers_password_or_override(site: Site) -> None:
    """HOST_<sha1> is a path's file, and no host's."""
    site.backend("victim", {"VIRTUAL_HOST": HOST})
    name = f"{HOST}_{_sha1('/')}"
    site.backend("evil", {"VIRTUAL_HOST": name})
    site.write(f"vhost.d/{name}_location_override", "location / { return 299; }\n")
    site.write(f"htpasswd/{name}", f"u:{_hashed('x')}\n")
    site.run()
    assert get(site.http_port, HOST).status == 299
    assert get(site.http_port, name).backend == "evil"


def test_the_headers_may_be_the_operators(site: Site) -> None:
    """proxy.conf takes the place of the recipe's; its variables are there."""
    site.backend("web", {"VIRTUAL_HOST": HOST})
    site.write("proxy.conf", "proxy_http_version 1.1;\nproxy_set_header X-Mine $proxy_x_forwarded_proto;\n")
    site.run()
    headers = get(site.http_port, HOST).headers
    assert headers["x-mine"] == "http"
    assert "x-real-ip" not in headers


def test_the_error_page_is_the_operators_for_nginxs_own_errors(site: Site) -> None:
    """For unknown hosts, hosts that are down, and containers that do not answer; not for what a container answers."""
    site.backend("web", {"VIRTUAL_HOST": HOST})
    site.backend("down", {"VIRTUAL_HOST": "down.example.com"}, health="unhealthy")
    site.at("gone", {"VIRTUAL_HOST": "gone.example.com"}, "127.0.0.2", reserve_port())
    site.backend("own", {"VIRTUAL_HOST": "own.example.com", "VIRTUAL_PATH": "=/nginx-proxy-errors/50x.html"})
    site.write("html/errors/50x.html", "<p>the operator's page")
    _ = site.run()
    for host, status in (("unknown.example.com", 503), ("down.example.com", 503), ("gone.example.com", 502)):
        for method in ("GET", "POST"):
            answer = get(site.http_port, host, "/x", method=method)
            assert (answer.status, answer.body) == (status, "<p>the operator's page")
    answer = get(site.http_port, HOST, "/status/500")
    assert (answer.status, answer.backend) == (500, "web")
    assert get(site.http_port, "own.example.com", "/nginx-proxy-errors/50x.html").backend == "own"


def test_streams(site: Site) -> None:
    """The recipe's nginx.conf includes toplevel.conf.d, for TCP and UDP; their ports are no container's to ask for."""
    address = site.backend("web", {"VIRTUAL_HOST": HOST})
    tcp, udp = reserve_port(), reserve_port()
    module = unpacked("libnginx-mod-stream", {"1.22": "bookworm", "1.26": "trixie"}[site.version])
    (library,) = module.rglob("ngx_stream_module.so")
    site.write(
        "toplevel.conf.d/stream.conf",
        f"load_module {library};\nstream {{\n  server {{ listen {tcp}; proxy_pass {address}; }}\n"
        f"  server {{ listen 127.0.0.1:{udp} udp; proxy_responses 1; return $protocol; }}\n}}\n",
    )
    site.nginx(tcp, udp)
    site.at("evil", {"VIRTUAL_HOST": "evil.example.com", "EXTERNAL_HTTP_PORT": str(tcp)}, "127.0.0.2", 9)
    site.use_config((RECIPE / "toplevel.conf").read_text())
    site.run()
    assert get(tcp, "any.example.com").backend == "web"
    assert get(site.http_port, HOST).backend == "web"
    assert site.notes == ("evil: EXTERNAL_HTTP_PORT is no port that nginx's container exposes, and is ignored",)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        client.connect(("127.0.0.1", udp))

        def answer() -> bytes:
            client.send(b"x")
            try:
                return client.recv(10)
            except (TimeoutError, ConnectionRefusedError):
                return b""

        wait_for(lambda: answer() == b"UDP", what="an answer over UDP")


def test_the_name_servers_are_those_of_a_container_that_is_shared(site: Site) -> None:
    """RESOLV_CONF names its resolv.conf; RESOLVERS goes before it, and nothing in it makes the file invalid."""
    site.backend("web", {"VIRTUAL_HOST": "a.test"})
    assert "resolver " not in site.render()
    site.environ["RESOLV_CONF"] = str(site.folder / "resolv.conf")
    assert "resolver " not in site.render()
    servers = ("127.0.0.11", "fd00::1", "fe80::1%eth0", "evil;", "", "10.0.0.1 more")
    lines = ["# nameserver 192.0.2.1", "search a.test", *(f"nameserver {server}" for server in servers), "nameserver"]
    site.write("resolv.conf", "\n".join([*lines, "options ndots:0", ""]))
    assert "\nresolver 127.0.0.11 [fd00::1] 10.0.0.1;\n" in site.render()
    assert site.complaint() == ""
    site.environ["RESOLVERS"] = "192.0.2.2"
    assert "\nresolver 192.0.2.2;\n" in site.render()
