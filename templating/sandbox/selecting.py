"""The containers that a job sees, by its `include`, `exclude` and docker-gen's three switches.

An expression is about one container alone: it sees `container`, the container's fields by their own names, and
`own_container_id`, but no files and no lists. So what it said of a container holds until that container changes, and a
state is selected from at the cost of what is different in it. The exception is an expression that looks at
`all_containers`, which a filter may do on its own (for a container on another's network stack): nothing is kept of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader

from models import kept_body
from models.snapshot import Snapshot
from templating.sandbox.choosing import Expression, compile_expression
from templating.sandbox.environment import TemplateEnvironment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.container import Container


class Selector:
    """Selects for one template, from one state after the other.

    Args:
        settings: `include`, `exclude`, `only_exposed`, `only_published` and `include_stopped`.

    Attributes:
        reads_raw: whether an expression read `raw.attrs` of any container so far.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.reads_raw = False
        self._settings = settings
        # Of its own, and strict in any case: a name that does not exist may never be an empty list.
        self._environment = TemplateEnvironment(BaseLoader(), strict=True)
        self._include: tuple[Expression, ...] = ()
        self._exclude: tuple[Expression, ...] = ()
        self._own_id: object = None
        # The state's own list, which all jobs share, and few ids: a verdict on each container for each job adds up.
        self._looked_at: Sequence[Container] = ()
        self._selected: frozenset[str] = frozenset()

    @property
    def reads_all_containers(self) -> bool:
        """Whether containers that do not run matter to the job because of what selects."""
        return bool(self._settings["include_stopped"]) or self._environment.reads_all_containers

    def compile(self) -> None:
        """Compile the expressions; ChoiceFailure names one that can't be."""
        self._include = self._compiled("include")
        self._exclude = self._compiled("exclude")

    def select(self, values: Mapping[str, Any], *, all_containers: bool) -> Snapshot:
        """What the job sees; ChoiceFailure names an expression that fails, and the container.

        Args:
            values: what templates see of the whole state.
            all_containers: whether those that do not run matter; where not, they are not looked at.
        """
        own_id = values["own_container_id"]
        self._begin(values)
        looked_up = kept_body.decode.cache_info()
        kept = self._kept(values["all_containers" if all_containers else "containers"], own_id)
        self.reads_raw = self.reads_raw or kept_body.decode.cache_info() != looked_up
        snapshot = Snapshot.of_ordered(kept, own_id if isinstance(own_id, str) else None)
        if self._settings["include_stopped"]:
            return Snapshot(snapshot.all_containers, snapshot.all_containers, snapshot.own_container_id)
        return snapshot

    def leaves_out(
        self, values: Mapping[str, Any], changed: Mapping[str, Container | None], *, all_containers: bool
    ) -> bool:
        """Whether of what is different from the state before, nothing was selected and nothing is.

        At the cost of what is different alone, where `select` looks at each container.

        Args:
            values: as in `select`.
            changed: by id, None where it is gone.
            all_containers: as in `select`.

        Raises:
            ChoiceFailure: an expression fails.
        """
        if values["own_container_id"] != self._own_id or self._looks_at_others():
            return False
        self._begin(values)
        looked_up = kept_body.decode.cache_info()
        for container_id, container in changed.items():
            if container_id in self._selected:
                return False
            if container is not None and (all_containers or container.is_current) and self._is_selected(container):
                return False
        # What was found out meanwhile is for the render to say.
        reads_raw = kept_body.decode.cache_info() != looked_up
        if self._looks_at_others() or (reads_raw and not self.reads_raw):
            return False
        self._looked_at = values["all_containers" if all_containers else "containers"]
        return True

    def _looks_at_others(self) -> bool:
        return self._environment.reads_all_containers

    def _begin(self, values: Mapping[str, Any]) -> None:
        self._environment.begin()
        self._environment.globals |= {name: values[name] for name in ("all_containers", "own_container_id")}

    def _kept(self, containers: Sequence[Container], own_id: object) -> list[Container]:
        may_know = own_id == self._own_id and not self._looks_at_others()
        known = set(map(id, self._looked_at)) if may_know else set[int]()
        before = self._selected
        kept = [each for each in containers if (each.id in before if id(each) in known else self._is_selected(each))]
        self._own_id, self._looked_at = own_id, containers
        self._selected = frozenset(each.id for each in kept)
        return kept

    def _is_selected(self, container: Container) -> bool:
        settings = self._settings
        # As docker-gen has it: the stricter one of the two counts.
        if settings["only_published"]:
            if not container.published:
                return False
        elif settings["only_exposed"] and not any(container.ports.values()):
            return False
        if self._include and not any(each.is_true(container) for each in self._include):
            return False
        return not any(each.is_true(container) for each in self._exclude)

    def _compiled(self, key: str) -> tuple[Expression, ...]:
        return tuple(compile_expression(self._environment, each, key) for each in self._settings[key])
