"""What is changed in a template's syntax tree before it is compiled, and what is read from it.

`~` and `in` are compiled by Jinja into plain Python, where they could neither be bounded nor be taught that a missing
label is the empty text. They become filters, under names that no template can spell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

if TYPE_CHECKING:
    from collections.abc import Iterator

CONCAT_FILTER = "~"
IN_FILTER = " in "


class _Rewriter(NodeTransformer):
    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - the visitor's naming
        self.generic_visit(node)
        first, *others = node.nodes
        return _filter(CONCAT_FILTER, first, others, node.lineno)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if len(node.ops) != 1 or node.ops[0].op not in ("in", "notin"):
            return node
        contained = _filter(IN_FILTER, node.expr, [node.ops[0].expr], node.lineno)
        return contained if node.ops[0].op == "in" else nodes.Not(contained, lineno=node.lineno)


def _filter(name: str, value: nodes.Expr, args: list[nodes.Expr], line: int) -> nodes.Expr:
    return nodes.Filter(value, name, args, [], None, None, lineno=line)


def rewrite(tree: nodes.Template) -> nodes.Template:
    """The tree with `~` and `in` as filters."""
    environment = tree.environment
    changed = _Rewriter().visit(tree)
    changed.set_environment(environment)
    assert isinstance(changed, nodes.Template)  # noqa: S101 - a rewritten template is a template
    return changed


def words_of(tree: nodes.Template) -> Iterator[str]:
    """Every name that stands in the template's own text, and so may stand in a message: never computed ones."""
    for node in tree.find_all((nodes.Name, nodes.Getattr, nodes.Const, nodes.NSRef, nodes.Keyword)):
        match node:
            case nodes.Name() | nodes.NSRef():
                yield node.name
            case nodes.Getattr():
                yield node.attr
            case nodes.Keyword():
                yield node.key
            case nodes.Const(value=str(text)):
                yield text
                yield from text.split(".")


def references_of(tree: nodes.Template) -> Iterator[tuple[str | None, int, bool]]:
    """Every `include`, `import` and `extends`: the name (None where it is computed), its line, whether it may miss."""
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        may_miss = getattr(node, "ignore_missing", False)
        target = node.template  # type: ignore[attr-defined] # all four have it
        names = target.items if isinstance(target, nodes.List | nodes.Tuple) else [target]
        several = len(names) > 1
        for name in names:
            text = name.value if isinstance(name, nodes.Const) and isinstance(name.value, str) else None
            yield text, node.lineno, may_miss or several
