"""A render is spared only where its text could only be the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.container import Container
from models.snapshot import Snapshot
from templating.outcome import Rendered
from templating.reads import EVERYTHING, Reads, look_alike
from tests.unit.templating.support import MADE, container, outcome_of, renderer, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from templating.renderer import Renderer

pytestmark = pytest.mark.processes  # see CONTRIBUTING.md

RUNNING = Reads(all_containers=False, raw=False)

TEMPLATES = {
    "{{ containers | map(attribute='name') | join(' ') }}": RUNNING,
    "{{ own_container_id }}{% for c in containers %}{{ c.labels.a }}{{ c.networks }}{% endfor %}": RUNNING,
    "{{ containers | tojson }}": RUNNING,
    "{% for c in containers %}{{ c.endpoint_ids }}{{ c.raw.status }}{% endfor %}": RUNNING,
    "{{ all_containers | length }}": Reads(all_containers=True, raw=False),
    "{{ 'all_' ~ 'containers' }}": RUNNING,
    "{% for c in containers %}{{ c.raw.attrs.Extra }}{% endfor %}": Reads(all_containers=False, raw=True),
    "{% for c in containers %}{{ c['raw']['attrs'] | length }}{% endfor %}": Reads(all_containers=False, raw=True),
    "{% for c in containers %}{{ c.RAW.ports }}{% endfor %}": Reads(all_containers=False, raw=True),
    "{{ containers | map(attribute='raw.attrs.Extra') | list }}": Reads(all_containers=False, raw=True),
    "{% for c in containers if c.name == 'raw' %}{{ c.raw.attrs.Extra }}{% endfor %}": RUNNING,
    "{{ all_containers | map(attribute='raw.attrs.Extra') | list }}": EVERYTHING,
}
"""Templates, and what they read of a state with one container that runs."""


def reads_of(template: str, *containers: Container) -> Reads:
    """What a render says that it read."""
    outcome = outcome_of(template, *containers)
    assert isinstance(outcome, Rendered), outcome
    return outcome.reads


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_render_tells_what_it_read(template: str) -> None:
    """By whatever way."""
    assert reads_of(template, container("web")) == TEMPLATES[template]


def _made(name: str, state: str, label: str, address: str, extra: str) -> Container:
    """A container in a state; `extra` is in `raw` alone."""
    endpoint = {"NetworkID": "n", "IPAddress": address if state == "running" else "", "EndpointID": extra[:1] * 20}
    body: dict[str, Any] = {
        "Id": name,
        "Name": f"/{name}",
        "State": {"Status": state, "Running": state in {"running", "restarting"}, "Restarting": state == "restarting"},
        "Config": {"Image": "alpine", "Labels": {"a": label}},
        "NetworkSettings": {"Networks": {"net": endpoint}},
        "Extra": extra,
    }
    made = Container.from_inspect(json.dumps(body).encode(), engine="", networks={}, warn=_unexpected)
    return made.ended() if extra == "over" else made


def _unexpected(message: str) -> None:
    raise AssertionError(message)


_CONTAINERS = st.builds(
    _made,
    st.sampled_from(["raw", "web", "db"]),
    st.sampled_from(["running", "exited", "restarting"]),
    st.sampled_from(["", "b"]),
    st.sampled_from(["", "10.0.0.2"]),
    st.sampled_from(["", "over", "x", "y"]),
)
_STATES = st.builds(
    Snapshot.of, st.lists(_CONTAINERS, max_size=3, unique_by=lambda each: each.id), st.sampled_from([None, "web"])
)


@pytest.fixture(scope="module")
def kept() -> Iterator[dict[str, Renderer]]:
    """One loaded renderer for each template, with what its process was fed before."""
    made = {template: renderer(f"#{template}") for template in TEMPLATES}
    del MADE[-len(made) :]
    yield made
    for each in made.values():
        each.close()


@settings(max_examples=60)
@given(template=st.sampled_from(list(TEMPLATES)), before=_STATES, now=_STATES)
def test_states_that_look_alike_give_the_same(
    kept: dict[str, Renderer], template: str, before: Snapshot, now: Snapshot
) -> None:
    """For any two states, and any template: the render that is spared would have given the same."""
    first, second = kept[template].render(before), kept[template].render(now)
    assert isinstance(first, Rendered)
    assert isinstance(second, Rendered)
    fresh = outcome_of(template, *now.all_containers, own_id=now.own_container_id)
    assert second == fresh, "what a process was fed before makes no difference"
    if look_alike(before, now, first.reads):
        assert first == second


def test_the_engine_cleaning_up_after_a_stop_is_seen_by_whoever_reads_it() -> None:
    """The end that an event told of, then the inspect: without its address."""
    web = _made("web", "running", "", "10.0.0.2", "")
    ended, settled = snapshot(web.ended()), snapshot(_made("web", "exited", "", "", ""))
    assert not look_alike(snapshot(web), ended, RUNNING)
    assert look_alike(ended, settled, RUNNING)
    assert not look_alike(ended, settled, EVERYTHING)
    assert not look_alike(snapshot(web), snapshot(web, own_id="web"), RUNNING)


def test_a_template_found_in_the_middle_of_a_render_sees_those_that_do_not_run(tmp_path: Path) -> None:
    """Its name is computed, so that nothing told before that it reads `all_containers`."""
    (tmp_path / "main.j2").write_text("{% set name = 'in' ~ 'ner.j2' %}{% include name %}")
    (tmp_path / "inner.j2").write_text("{{ all_containers | map(attribute='name') | join(' ') }}")
    made = renderer(tmp_path / "main.j2")
    off = container("off", running=False)
    for _ in range(2):
        outcome = made.render(snapshot(container("on"), off))
        assert outcome == Rendered(b"off on")
    (tmp_path / "inner.j2").write_text(
        "{% for each in all_containers if not each.running %}{{ 1 + each.name }}{% endfor %}"
    )
    assert made.load() is None
    failure = made.render(snapshot(container("on"), off))
    assert not isinstance(failure, Rendered)
    assert "'+' cannot be applied" in failure.message


def test_a_filter_finds_a_container_that_does_not_run() -> None:
    """The owner of another's network, which `reachable_from` looks up by itself."""
    owner = container("owner", networks={"n": "10.0.0.9"}, running=False)
    guest = container("guest", network_mode=f"container:{owner.id}")
    origin = container("origin", networks={"n": "10.0.0.1"})
    origin_of = "(containers | where('name', 'origin') | first)"
    template = f"{{{{ containers | reachable_from({origin_of}) | map(attribute='name') | join(' ') }}}}"
    assert reads_of(template, origin) == RUNNING
    outcome = outcome_of(template, owner, guest, origin)
    assert isinstance(outcome, Rendered)
    assert outcome.text == b"guest origin"
    assert outcome.reads == Reads(all_containers=True, raw=False)
