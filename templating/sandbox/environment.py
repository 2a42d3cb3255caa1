"""The Jinja2 environment: sandboxed, and forgiving exactly where missing values are to be forgiven.

One environment serves one template, one render at a time. How long a render takes and how large it grows is bounded by
its process. Jinja's own names that would make two renders of the same state differ (`random`, `lipsum`) are left out.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from templating.errors import Refused
from templating.sandbox import operators, syntax
from templating.sandbox.filters import filters_for, tests_for
from templating.sandbox.functions import GLOBALS
from templating.sandbox.lookup import Lookup
from templating.sandbox.notes import Notes
from templating.sandbox.undefined import unknown_class
from templating.sandbox.writing import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2.runtime import Context, Undefined

EVERY_CONTAINER = "all_containers"


class RuntimeCodeGenerator(CodeGenerator):
    """Computes nothing when a template is compiled: everything happens in a render, within its limits."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class PassTemplate(Template):
    """A template whose imported module lives as long as one render: what it read may differ in the next."""

    def _get_default_module(self, ctx: Context | None = None) -> Any:  # noqa: ARG002 - all that it adds is a global
        modules: dict[Template, Any] = self.environment.modules  # type: ignore[attr-defined] # ours has it
        if self not in modules:
            modules[self] = self.make_module()
        return modules[self]


class TemplateEnvironment(SandboxedEnvironment):
    """Jinja2 as pygen's templates see it.

    Args:
        loader: finds templates by name.
        strict: whether the use of an unknown name is an error.

    Attributes:
        undefined_names: the unknown names used since `begin`, in order.
        notes: what the template noted since `begin`.
        strict: whether the use of an unknown name is an error.
        modules: the imported templates' modules of this render.
        reads_all_containers: whether a template names `all_containers`, or a filter looked there.
    """

    template_class = PassTemplate
    code_generator_class = RuntimeCodeGenerator
    intercepted_binops = operators.OPERATORS

    def __init__(self, loader: BaseLoader, *, strict: bool = False) -> None:
        self.undefined_names: dict[str, None] = {}
        self.notes = Notes()
        self.modules: dict[Template, Any] = {}
        self.reads_all_containers = False
        self._words: set[str] = set()
        self.strict = strict
        super().__init__(
            loader=loader,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            auto_reload=False,
            optimized=False,
            cache_size=-1,
            extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do"],
            undefined=unknown_class(self._note_use),
            finalize=text_of,
        )
        self._lookup = Lookup(self, self._unknown_field, self.is_word)
        # On the instance: one call less for every dot and bracket in a template.
        self.getattr = self._lookup.read  # type: ignore[method-assign,assignment]
        self.getitem = self._lookup.item  # type: ignore[method-assign,assignment]
        self.filters: dict[str, Any] = filters_for(self)
        self.tests: dict[str, Any] = tests_for()
        self.globals.clear()
        self.globals |= GLOBALS | {"note": self.notes.note}

    def begin(self) -> None:
        """A new render begins: nothing of the one before is left."""
        self.undefined_names.clear()
        self.notes.begin()
        self.modules.clear()

    def is_word(self, name: object) -> bool:
        """Whether a name stands in a template's own text and may be shown."""
        return name in self._words

    @contextlib.contextmanager
    def strictly(self) -> Iterator[None]:
        """Within it the use of an unknown name is an error."""
        before, self.strict = self.strict, True
        try:
            yield
        finally:
            self.strict = before

    def adopt(self, tree: nodes.Template) -> nodes.Template:
        """Know the words of a template's tree, and give it as it is compiled."""
        self._words.update(syntax.words_of(tree))
        self.reads_all_containers |= EVERY_CONTAINER in self._words
        return syntax.rewrite(tree)

    def every_container(self) -> Any:
        """`all_containers` of this render, for a filter that looks there without being given them."""
        self.reads_all_containers = True
        return self.globals.get(EVERY_CONTAINER, ())

    # What generated code calls

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - Jinja's
        """An operator, with a reason where it does not apply."""
        return operators.apply(operator, left, right)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """A function or macro; two underscores keep clear of a template's keyword arguments."""
        if not callable(__obj):
            raise Refused("something that is no function is called")
        if not __self.is_safe_callable(__obj):
            raise Refused("a function is called that is not open to templates")
        return __context.call(__obj, *args, **kwargs)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:  # noqa: ARG002 - Jinja's signature
        """Refused at once, not when it is used."""
        raise self._lookup.refused(attribute)

    def join_path(self, template: str, parent: str) -> str:  # noqa: ARG002
        """Names are relative to the main template's folder or address, wherever they are written."""
        return template

    # Inside

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return self.adopt(super()._parse(source, name, filename))

    def _note_use(self, name: str, hint: str | None) -> str:
        """An unknown name is used; the name and what is said of it are only shown where the template spells them.

        Returns:
            What may be said of it.
        """
        spelled = self.is_word(name.rpartition(".")[2])
        said = hint or f"{name!r} is undefined" if spelled else "a computed name does not exist"
        if self.strict:
            raise UndefinedError(said)
        self.undefined_names[name if spelled else "(computed)"] = None
        return said

    def _unknown_field(self, owner: Any, name: str) -> Undefined:
        kind = type(owner).__name__
        return self.undefined(f"a {kind} has no field {name!r}", name=f"{kind.lower()}.{name}")
