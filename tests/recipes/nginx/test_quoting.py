"""Quoted values through the real parser."""

from __future__ import annotations

import subprocess
from pathlib import Path

from templating.sandbox.filters.quoting import quote_nginx

NGINX = Path("/usr/sbin/nginx")
HOSTILE = [
    "plain.example.com",
    "a b",
    "x; } server { listen 1;",
    '"; return 200 "owned',
    "'; #",
    "\\",
    'ends in \\"',
    "\\\\",
    "{}",
    "# comment",
    "ünïcode",
    "\\n",
    "",
]


def test_the_real_nginx_reads_what_was_meant(tmp_path: Path) -> None:
    """The server accepts a file with hostile texts in every place, and its own dump of it shows nothing else."""
    maps = "\n".join(f"map $host $m{at} {{ default {quote_nginx(text)}; }}" for at, text in enumerate(HOSTILE))
    config = tmp_path / "nginx.conf"
    headers = "".join(f"add_header X-{at} {quote_nginx(text)};" for at, text in enumerate(HOSTILE))
    config.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\nhttp {{ access_log off;\n{maps}\n"
        f"server {{ listen 127.0.0.1:1; {headers} }}\n}}\n"
    )
    command = [str(NGINX), "-t", "-q", "-e", "stderr", "-p", str(tmp_path), "-c", str(config)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
