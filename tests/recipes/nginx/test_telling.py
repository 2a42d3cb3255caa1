"""What nginx tells of itself: its log, its version, and the debug endpoint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.recipes.nginx.client import get
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.recipes.nginx.certificates import Certificates
    from tests.recipes.nginx.site import Site

LABEL = "com.github.nginx-proxy.nginx-proxy."
HOST = "a.example.com"


def _logged(site: Site, **own: str) -> str:
    """The line that one request leaves, '' for none."""
    site.environ |= own
    site.backend("web", {"VIRTUAL_HOST": HOST})
    site.run()
    get(site.http_port, HOST, '/x"y', headers={"User-Agent": "me", "Referer": "there"})
    log = site.folder / "access.log"
    if own.get("DISABLE_ACCESS_LOGS", "false") != "false":
        site.stop()  # which writes whatever there is to write
        return log.read_text() if log.exists() else ""
    wait_for(lambda: log.exists() and log.stat().st_size > 0, what="a line in the log")
    return log.read_text().rstrip("\n")


def test_the_usual_log(site: Site) -> None:
    """Host, client, time, request, status, size, referrer, agent, and which container answered."""
    line = _logged(site, DISABLE_ACCESS_LOGS="false")
    assert line.startswith(f"{HOST} 127.0.0.1 - - [")
    assert '] "GET /x\\x22y HTTP/1.1" 200 ' in line
    assert line.endswith(f' "there" "me" "{":".join(map(str, site.servers["web"].server_address))}"')


@pytest.mark.parametrize("value", ["true", "1", "yes"])
def test_no_log(site: Site, value: str) -> None:
    """DISABLE_ACCESS_LOGS, with any value but a no."""
    assert _logged(site, DISABLE_ACCESS_LOGS=value) == ""


def test_a_format_of_ones_own(site: Site) -> None:
    """LOG_FORMAT, and how it escapes."""
    assert _logged(site, LOG_FORMAT="'$status' \"$request\" ${host}; {$scheme}", LOG_FORMAT_ESCAPE="none") == (
        f'\'200\' "GET /x"y HTTP/1.1" {HOST}; {{http}}'
    )


def test_a_log_of_json(site: Site) -> None:
    """LOG_JSON: each line is an object, whatever the request was."""
    line = json.loads(_logged(site, LOG_JSON="true"))
    assert (line["request"], line["status"], line["http_referrer"]) == ('GET /x"y HTTP/1.1', "200", "there")
    assert list(line) == [
        "time_local", "client_ip", "remote_addr", "request", "status", "body_bytes_sent", "request_time",
        "upstream_response_time", "upstream_addr", "http_referrer", "http_user_agent", "request_id",
    ]  # fmt: skip


def test_server_tokens(site: Site) -> None:
    """SERVER_TOKENS of a container hides nginx's version; strangers never see it."""
    site.backend("off", {"VIRTUAL_HOST": "off.example.com", "SERVER_TOKENS": "off"})
    site.backend("on", {"VIRTUAL_HOST": "on.example.com", "SERVER_TOKENS": "on"})
    site.backend("usual", {"VIRTUAL_HOST": "usual.example.com"})
    site.run()
    told = [get(site.http_port, f"{name}.example.com").fields["server"] for name in ("off", "on", "usual", "unknown")]
    assert told[0] == told[3] == "nginx"
    assert told[1] == told[2] != "nginx"


def _debug(site: Site, host: str, port: int = 0, *, tls: bool = False) -> dict[str, Any]:
    answer = get(port or site.http_port, host, "/nginx-proxy-debug", tls=tls)
    assert (answer.status, answer.fields["content-type"]) == (200, "application/json")
    return dict(json.loads(answer.body))


def test_the_debug_endpoint(site: Site, certificates: Certificates) -> None:
    """For all hosts, or for one by its label; over HTTP as well where that redirects."""
    certificates.put(site, "tls.example.com")
    site.backend(
        "plain", {"VIRTUAL_HOST": HOST, "VIRTUAL_PATH": "/x'y$host\\"}, labels={LABEL + "debug-endpoint": "true"}
    )
    site.backend("tls", {"VIRTUAL_HOST": "tls.example.com"})
    site.backend("own", {"VIRTUAL_HOST": "own.example.com", "VIRTUAL_PATH": "/nginx-proxy-debug"})
    site.environ["DEFAULT_ROOT"] = "301 https://$host/it's"
    site.run()
    answer = _debug(site, HOST)
    assert answer["vhost"]["hostname"] == answer["request"]["host"] == HOST
    assert answer["vhost"]["https_method"] == "noredirect"
    assert answer["paths"]["/x'y$host\\"]["keepalive"] == "auto"
    assert answer["global"]["default_root_response"] == "301 https://$host/it's"
    assert get(site.http_port, "tls.example.com", "/nginx-proxy-debug").status == 301
    site.environ["DEBUG_ENDPOINT"] = "true"
    site.run()
    for port, tls in ((site.http_port, False), (site.https_port, True)):
        vhost = _debug(site, "tls.example.com", port, tls=tls)["vhost"]
        assert (vhost["cert"], vhost["cert_ok"]) == ("tls.example.com", True)
    assert get(site.http_port, "own.example.com", "/nginx-proxy-debug").backend == "own"


def test_the_debug_endpoint_of_a_host_with_many_paths(site: Site) -> None:
    """Nginx reads 4 KiB at most: then the paths are left out, and the answer says so."""
    for number in range(30):
        env = {"VIRTUAL_HOST": HOST, "VIRTUAL_PATH": f"/{number}/{'é' * 60}"}
        site.at(f"web-{number}", env, "127.0.0.2", 80, labels={LABEL + "debug-endpoint": "true"})
    site.run()
    answer = _debug(site, HOST)
    assert answer["paths"] == {}
    assert "left out" in answer["warning"]
    assert answer["vhost"]["hostname"] == HOST
