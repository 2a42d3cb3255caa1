"""Lists of containers searched and grouped."""

from __future__ import annotations

import pytest

from tests.unit.templating.support import container, render

PROJECT = "com.docker.compose.project"
CONTAINERS = [
    container("db-1", labels={PROJECT: "shop", "role": "db"}, networks={"back": "10.0.0.1"}),
    container("web-1", labels={PROJECT: "shop", "role": "web"}, env=["DEBUG=1"], ports=["80/tcp"]),
    container("web-2", labels={PROJECT: "blog", "role": "web"}, ports=["81/tcp"]),
    container("lone", health="healthy"),
]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("where('labels.role', 'web')", "web-1 web-2"),
        ("where('labels.com.docker.compose.project', 'shop')", "db-1 web-1"),
        ("where('labels.role')", "db-1 web-1 web-2"),
        ("where('labels.role', '')", "lone"),
        ("where('health', 'healthy')", "lone"),
        ("where('env.DEBUG', '1')", "web-1"),
        ("where('networks.first.ip_address', '10.0.0.1')", "db-1"),
        ("where('ports.tcp.0', 81)", "web-2"),
        ("where('compose.service', 'x')", ""),
    ],
)
def test_where(expression: str, expected: str) -> None:
    """Elements are found by any field, labels with dots included, in their order, in a list of the same kind."""
    template = f"{{{{ (containers | {expression}) | map(attribute='name') | join(' ') }}}}"
    assert render(template, *CONTAINERS, strict=True) == " ".join(sorted(expected.split()))


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (f"'{PROJECT}'", "blog=web-2; shop=db-1,web-1; "),
        ("'role'", "db=db-1; web=web-1,web-2; "),
        ("'ROLE', default='none'", "db=db-1; none=lone; web=web-1,web-2; "),
        ("'nope'", ""),
    ],
)
def test_group_by_label(argument: str, expected: str) -> None:
    """Groups are sorted by value; who lacks the label is left out, or in the default's group."""
    loop = f"{{% for value, members in containers | group_by_label({argument}) %}}"
    template = loop + "{{ value }}={{ members | map(attribute='name') | join(',') }}; {% endfor %}"
    assert render(template, *CONTAINERS, strict=True) == expected


def test_groups_are_container_lists() -> None:
    """What is in a group can be matched, and groups have names for their parts."""
    template = (
        "{% for g in containers | group_by_label('role') %}"
        "{{ g.grouper }}{{ g.list.matching('web-1').name }};{% endfor %}"
        "{{ (containers | where('labels.role', 'web')).matching('web-2').name }}"
    )
    assert render(template, *CONTAINERS) == "db;webweb-1;web-2"


def test_other_lists_can_be_searched() -> None:
    """A template's own lists and networks work as well."""
    template = (
        "{{ [{'a': 1}, {'a': 2}] | where('a', 2) }}"
        "{{ (containers.matching('db-1').networks | where('name', 'back')).first.ip_address }}"
        "{{ [[1, 2], [3, 4]] | where(1, 4) }}"
    )
    assert render(template, *CONTAINERS) == "[{'a': 2}]10.0.0.1[[3, 4]]"
