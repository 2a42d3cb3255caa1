"""The benchmark's template, which reads the same from pygen's values and from plain dictionaries."""

from __future__ import annotations

TEMPLATE = """\
{% for container in containers if container.networks and container.ports.tcp %}
# {{ container.name }}
server {{ container.networks[0].ip_address }}:{{ container.ports.tcp[0] }}; \
# {{ container.labels['com.docker.compose.service'] }} {{ container.env.VIRTUAL_HOST }}
{% endfor %}
"""

#: What a container has to make its lines as long as others'.
PORT = "8000/tcp"


#: The label by which jobs choose their containers, and how many values it has.
TIER, TIERS = "org.example.tier", 50


def tier_of(name: str) -> str:
    """The tier of a container: by the number at the end of its name, so that all tiers are of one size."""
    number = name.rpartition("-")[2]
    return f"tier-{int(number) % TIERS if number.isdigit() else 0}"


def labels_of(name: str) -> dict[str, str]:
    """The labels that the template reads, and some that it does not."""
    return {
        "com.docker.compose.service": name,
        "com.docker.compose.project": "bench",
        "org.example.kind": "backend",
        TIER: tier_of(name),
    }


def env_of(name: str) -> dict[str, str]:
    """The variables that the template reads."""
    return {"VIRTUAL_HOST": f"{name}.example.com"}


def line_of(name: str) -> bytes:
    """The line that is in the file exactly as long as the container runs."""
    return f"# {name}\n".encode()
