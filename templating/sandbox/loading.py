"""How Jinja gets its templates, and how they are all loaded before the first render."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from jinja2 import BaseLoader, Environment, TemplateNotFound
from jinja2.exceptions import TemplateSyntaxError

from templating.errors import SourceError, SourceMissing
from templating.sandbox import syntax

if TYPE_CHECKING:
    from collections.abc import Callable


class Texts(Protocol):
    """Where templates' texts come from.

    Attributes:
        main: the main template's name.
        refuses_includes: why `include` and `import` are errors; None where they are not.
    """

    main: str
    refuses_includes: str | None

    def read(self, name: str) -> str:
        """The text of a template.

        Raises:
            SourceMissing: it is not there.
            SourceError: it cannot be loaded.
        """


class LoadFailure(Exception):  # noqa: N818 - carries a cause to the one place where reasons are written
    """A template cannot be loaded.

    Attributes:
        cause: why.
        name: which template.
        line: where, if it has a line.
    """

    def __init__(self, cause: Exception, name: str, line: int | None = None) -> None:
        super().__init__(name)
        self.cause = cause
        self.name = name
        self.line = line


class SourceLoader(BaseLoader):
    """Reads templates from a source, each once."""

    def __init__(self, source: Texts) -> None:
        self._source = source
        self._texts: dict[str, str] = {}

    def text(self, name: str) -> str:
        """A template's text."""
        if name not in self._texts:
            self._texts[name] = self._source.read(name)
        return self._texts[name]

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:  # noqa: ARG002
        """For Jinja; a missing template is told in its way, so that `ignore missing` works."""
        if template != self._source.main and self._source.refuses_includes is not None:
            raise SourceError(self._source.refuses_includes)
        try:
            return self.text(template), None, None
        except SourceMissing as error:
            raise TemplateNotFound(template) from error


def load_all(environment: Any, loader: SourceLoader, source: Texts, limited: Callable[[Any], Any]) -> None:
    """Read and compile the main template and all that it names, directly or through others.

    What is computed, may be missing, or is not there yet, is left to the render that needs it.

    Args:
        environment: the environment, empty of templates.
        loader: reads the texts. Fetching one may take long and is not part of the time limit.
        source: knows the main template's name.
        limited: calls something within the time limit.

    Raises:
        LoadFailure: one of them cannot be read or compiled.
    """
    waiting: list[str] = [source.main]
    for name in waiting:
        references = _load(environment, loader, source, name, limited)
        waiting += [each for each in references if each not in waiting]


def _load(environment: Any, loader: SourceLoader, source: Texts, name: str, limited: Any) -> list[str]:
    try:
        text = loader.text(name)
    except SourceMissing as error:
        if name == source.main:
            raise LoadFailure(error, name) from None
        return []
    except SourceError as error:
        raise LoadFailure(error, name) from None
    try:
        references = limited(lambda: list(syntax.references_of(environment.parse(text, name))))
        if references and source.refuses_includes is not None:
            raise LoadFailure(SourceError(source.refuses_includes), name, references[0][1])
        limited(lambda: environment.get_template(name))
    except TemplateSyntaxError as error:
        raise LoadFailure(error, name, error.lineno) from None
    return [target for target, _, may_miss in references if target is not None and not may_miss]
