"""What a template may look up in what: the sandbox's rules, decided once for each type and then only looked up.

Values of the model are read-only and harmless: every public attribute is open. Python's own values open a list of
methods, so that nothing that is added to a later Python opens by itself, and those that can make large things from
small ones come back guarded (`templating.guards`). Everything else follows Jinja's own sandbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from models.listing import ItemList
from models.mapping import CaseMapping, TextMapping
from models.record import Record
from templating.errors import Refused
from templating.undefined import MISSING_TEXT, NOTHING, Blank, MissingText

if TYPE_CHECKING:
    from templating.guards import Guards

Reader = Callable[[Any, str], Any]

_TEXT = (
    "capitalize casefold count encode endswith find index isalnum isalpha isascii isdecimal isdigit isidentifier"
    " islower isnumeric isprintable isspace istitle isupper lower lstrip partition removeprefix removesuffix rfind"
    " rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"
)
_LIST = "clear copy count index pop remove reverse sort"
_SET = "copy difference intersection isdisjoint issubset issuperset symmetric_difference union"
_OPEN_METHODS: tuple[tuple[type, frozenset[str]], ...] = (
    (str, frozenset(_TEXT.split())),
    (bytes, frozenset(["decode", "hex", "startswith", "endswith"])),
    (bool, frozenset()),
    (int, frozenset({"bit_length"})),
    (float, frozenset({"is_integer"})),
    (list, frozenset(_LIST.split())),
    (dict, frozenset(["clear", "copy", "get", "items", "keys", "pop", "popitem", "values"])),
    (set, frozenset(_SET.split())),
    (frozenset, frozenset(_SET.split())),
    (tuple, frozenset({"count", "index"})),
    (range, frozenset(["count", "index", "start", "step", "stop"])),
    (type(None), frozenset()),
    (type, frozenset()),
)


class Attributes:
    """Looks up attributes and items for one environment.

    Args:
        guards: gives the guarded methods.
        unknown: makes the undefined value for a name that a value of this type does not have.
        elsewhere: Jinja's own sandboxed look-up, for its loops, macros, namespaces and the like.
        is_word: whether a name stands in a template's own text, and so may stand in a message.
    """

    def __init__(
        self,
        guards: Guards,
        unknown: Callable[[Any, str], Any],
        elsewhere: Reader,
        is_word: Callable[[object], bool],
    ) -> None:
        self._is_word = is_word
        self._guards = guards
        self._unknown = unknown
        self._elsewhere = elsewhere
        self._readers: dict[type, Reader] = {}
        self.read = self.reader()

    def reader(self) -> Reader:
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

    def _reader_for(self, kind: type) -> Reader:  # noqa: PLR0911 - one kind a line
        if issubclass(kind, Blank):
            return self._of_blank
        if issubclass(kind, ItemList):
            return self._of_list(kind)
        if issubclass(kind, TextMapping):
            return _of_mapping(kind, MISSING_TEXT)
        if issubclass(kind, CaseMapping):
            return _of_mapping(kind, NOTHING)
        if issubclass(kind, Record) or kind.__module__.partition(".")[0] == "models":
            return self._of_model
        for base, names in _OPEN_METHODS:
            if issubclass(kind, base) and (base is not tuple or not hasattr(kind, "_fields")):
                return self._of_plain(names)
        return self._elsewhere

    def _of_model(self, value: Any, name: str) -> Any:
        if name[:1] == "_":
            raise self._refused(name)
        try:
            return getattr(value, name)
        except AttributeError:
            return self._unknown(value, name)

    def _of_blank(self, value: Blank, name: str) -> Any:
        if name[:1] == "_":
            raise self._refused(name)
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
                raise self._refused(name)
            return self.read(value[0], name) if value else NOTHING

        return read

    def _of_plain(self, names: frozenset[str]) -> Reader:
        def read(value: Any, name: str) -> Any:
            if name in names:
                return getattr(value, name)
            guarded = self._guards.method(value, name)
            return self._item_or_unknown(value, name) if guarded is None else guarded

        return read

    def _item_or_unknown(self, value: Any, name: str) -> Any:
        if isinstance(value, Mapping):
            return value.get(name, NOTHING)
        if hasattr(value, name):
            raise self._refused(name)
        return self._unknown(value, name)

    def _refused(self, name: str) -> Refused:
        shown = repr(name) if self._is_word(name) else "a computed name"
        return Refused(f"{shown} is not open to templates")


def _of_mapping(kind: type, absent: Any) -> Reader:
    methods = _public_names(kind)

    def read(value: CaseMapping[Any], name: str) -> Any:
        if name in methods:
            return getattr(value, name)
        try:
            return value[name]
        except KeyError:
            return absent

    return read


def _public_names(kind: type) -> frozenset[str]:
    return frozenset(name for name in dir(kind) if not name.startswith("_"))
