"""What a template may look up in what, decided once for each type.

Jinja's sandbox closes what begins with an underscore and a list of names that are known to lead out. Here it is the
other way round, so that nothing that is added to a later Python or Jinja opens by itself: the model's fields are open,
Python's own values and Jinja's runtime objects open a list of names, and everything else opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, KeysView, Mapping, ValuesView
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, LoopContext, Macro, TemplateReference
from jinja2.utils import Cycler, Namespace

from models.listing import ItemList
from models.mapping import CaseMapping, TextMapping
from models.raw import ENGINE_CALLS, RawContainer
from models.record import Record
from templating.errors import Refused
from templating.sandbox import methods
from templating.sandbox.undefined import MISSING_TEXT, NOTHING, Blank, MissingText

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

Reader = Callable[[Any, str], Any]

_TEXT = (
    "capitalize casefold center count encode endswith expandtabs find index isalnum isalpha isascii isdecimal isdigit"
    " isidentifier islower isnumeric isprintable isspace istitle isupper ljust lower lstrip partition removeprefix"
    " removesuffix rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"
    " zfill"
)
_LIST = "append clear copy count extend index insert pop remove reverse sort"
_DICT = "clear copy get items keys pop popitem setdefault update values"
_SET = "copy difference intersection isdisjoint issubset issuperset symmetric_difference union"
_LOOP = "changed cycle depth depth0 first index index0 last length nextitem previtem revindex revindex0"
_MAPPING_METHODS = frozenset({"get", "items", "keys", "values"})
_VIEW = "isdisjoint"

_OPEN: tuple[tuple[type | tuple[type, ...], frozenset[str]], ...] = tuple(
    (kind, frozenset(names.split()))
    for kind, names in (
        (str, _TEXT),
        (bytes, "decode endswith hex startswith"),
        (bool, ""),
        (int, "bit_length"),
        (float, "is_integer"),
        (list, _LIST),
        (dict, _DICT),
        (set, _SET),
        (frozenset, _SET),
        (range, "count index start step stop"),
        ((type({}.keys()), type({}.values()), type({}.items()), KeysView, ValuesView, ItemsView), _VIEW),
        (LoopContext, _LOOP),
        (Macro, "arguments caller catch_kwargs catch_varargs name"),
        (Cycler, "current next reset"),
        (BlockReference, "name super"),
    )
)
_FREE = (Namespace, TemplateModule)
"""What a template gave names to itself."""
_CLOSED_FIELDS = frozenset({"facts", "is_over", "kept", "run", "target_names"})
"""Of the model's records: for the rest of the program."""


class Lookup:
    """Looks up attributes and items for one environment.

    Args:
        environment: makes what stands for a name that is not there, and reads the fields in `'{0.name}'.format(x)`.
        unknown: makes the undefined value for a name that a value of this type does not have.
        is_word: whether a name stands in a template's own text, and so may stand in a message.
    """

    def __init__(
        self,
        environment: SandboxedEnvironment,
        unknown: Callable[[Any, str], Any],
        is_word: Callable[[object], bool],
    ) -> None:
        self._environment = environment
        self._is_word = is_word
        self._unknown = unknown
        self._readers: dict[type, Reader] = {}
        self.read = self._reader()

    def item(self, value: Any, key: Any) -> Any:
        """An item, else an attribute, else what stands for neither. A mapping's methods are no items."""
        try:
            return value[key]
        except (TypeError, LookupError):
            if isinstance(value, TextMapping):
                return MISSING_TEXT
            if isinstance(key, str) and not isinstance(value, CaseMapping | dict):
                return self.read(value, str(key))
            return NOTHING

    def refused(self, name: object) -> Refused:
        """The error of a name that is closed."""
        shown = repr(name) if self._is_word(name) else "a computed name"
        return Refused(f"{shown} is not open to templates")

    def _reader(self) -> Reader:
        """An attribute, else an item, else what stands for neither. Called for every dot in every template."""
        readers, reader_for = self._readers, self._reader_for

        def read(value: Any, name: str) -> Any:
            kind = type(value)
            try:
                return readers[kind](value, name)
            except KeyError:
                if kind in readers:
                    raise
            reader = readers[kind] = reader_for(kind)
            return reader(value, name)

        return read

    def _reader_for(self, kind: type) -> Reader:  # noqa: PLR0911, C901 - one kind a line
        if issubclass(kind, Blank):
            return self._of_blank
        if issubclass(kind, ItemList):
            return self._of_list(kind)
        if issubclass(kind, TextMapping):
            return _of_mapping(kind, MISSING_TEXT)
        if issubclass(kind, CaseMapping):
            return _of_mapping(kind, NOTHING)
        if issubclass(kind, Record):
            return self._of_fields(_fields_of(kind))
        if issubclass(kind, RawContainer):
            return self._of_fields(_public_names(kind) | ENGINE_CALLS)
        if issubclass(kind, tuple):
            return self._of_names(frozenset({"count", "index", *getattr(kind, "_fields", ())}))
        if issubclass(kind, _FREE):
            return self._of_free
        for base, names in _OPEN:
            if issubclass(kind, base):
                return self._of_text(names) if base is str else self._of_names(names)
        return self._of_names(frozenset())

    def _of_fields(self, names: frozenset[str]) -> Reader:
        def read(value: Any, name: str) -> Any:
            if name in names:
                return getattr(value, name)
            if name[:1] == "_":
                raise self.refused(name)
            try:
                return value[name]  # a record's field, in any case
            except (TypeError, KeyError):
                return self._unknown(value, name)

        return read

    def _of_blank(self, value: Blank, name: str) -> Any:
        if name[:1] == "_":
            raise self.refused(name)
        if isinstance(value, MissingText) and hasattr(str, name):
            return self.read("", name)
        return getattr(value, name)

    def _of_list(self, kind: type) -> Reader:
        own_names = _public_names(kind)

        def read(value: ItemList[Any], name: str) -> Any:
            if name in own_names:
                found = getattr(value, name)
                return NOTHING if found is None else found
            if name[:1] == "_":
                raise self.refused(name)
            return self.read(value[0], name) if value else NOTHING

        return read

    def _of_names(self, names: frozenset[str]) -> Reader:
        def read(value: Any, name: str) -> Any:
            return getattr(value, name) if name in names else self._item_or_unknown(value, name)

        return read

    def _of_text(self, names: frozenset[str]) -> Reader:
        own, environment = methods.OF_TEXTS, self._environment

        def read(value: str, name: str) -> Any:
            if name in names:
                return getattr(value, name)
            method = own.get(name)
            return self._item_or_unknown(value, name) if method is None else method(environment, value)

        return read

    def _of_free(self, value: Any, name: str) -> Any:
        if name[:1] == "_":
            raise self.refused(name)
        try:
            return getattr(value, name)
        except AttributeError:
            return self._environment.undefined(obj=value, name=name)

    def _item_or_unknown(self, value: Any, name: str) -> Any:
        if isinstance(value, Mapping):
            return value.get(name, NOTHING)
        if isinstance(value, TemplateReference) and name[:1] != "_":
            try:
                return value[name]  # a block
            except LookupError:
                return self._environment.undefined(obj=value, name=name)
        if name[:1] == "_" or callable(value) or hasattr(value, name):
            raise self.refused(name)
        return self._unknown(value, name)


def _of_mapping(kind: type, absent: Any) -> Reader:
    open_methods = _MAPPING_METHODS & _public_names(kind)

    def read(value: CaseMapping[Any], name: str) -> Any:
        if name in open_methods:
            return getattr(value, name)
        try:
            return value[name]
        except KeyError:
            return absent

    return read


def _fields_of(kind: type[Any]) -> frozenset[str]:
    """A record's data, properties too, and a mapping's methods; not what makes records: that is not for templates."""
    data = {field.name for field in fields(kind) if field.name[:1] != "_"}
    more = {
        name for name in _public_names(kind) if name in _MAPPING_METHODS or isinstance(getattr(kind, name), property)
    }
    return frozenset((data | more) - _CLOSED_FIELDS) | frozenset(kind._names().values())  # noqa: SLF001 - the model's own list


def _public_names(kind: type) -> frozenset[str]:
    return frozenset(name for name in dir(kind) if not name.startswith("_"))
