"""Hostile templates: what each tries, and what the answer to it says."""

from __future__ import annotations

FIRST_OF_THE_REPORT = (
    "{% set call = {}.update.func %}{% set g = [1]|map('string') %}"
    "{% set fr = call((containers + [g])[-1:], '__getattr__', 'gi_frame') %}"
    "{% set b = call((containers + [fr])[-1:], '__getattr__', 'f_builtins') %}"
    "{{ b['__import__']('os').popen('id').read() }}"
)
LISTS_THAT_SHARE = (
    "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(70) %}"
    "{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}"
)

CLOSED = "is not open to templates"
WAYS_OUT: tuple[tuple[str, str], ...] = (
    (FIRST_OF_THE_REPORT, CLOSED),
    # From a value to its class, and from there to all others
    ("{{ ''.__class__.__mro__[1].__subclasses__() }}", CLOSED),
    ("{{ containers.first.__class__ }}", CLOSED),
    ("{{ ()|attr('__class__') }}", CLOSED),
    ("{{ ()|attr('__cla' ~ 'ss__') }}", CLOSED),
    ("{{ [()]|map(attribute='__class__')|list }}", CLOSED),
    ("{{ [()]|map('attr', '__class__')|list }}", CLOSED),
    ("{{ [()]|groupby('__class__') }}", CLOSED),
    ("{{ [()]|sum(attribute='__class__') }}", CLOSED),
    ("{{ [()]|sort(attribute='__class__') }}", CLOSED),
    ("{{ [()]|unique(attribute='__class__')|list }}", CLOSED),
    ("{{ [()]|selectattr('__class__')|list }}", CLOSED),
    ("{{ [()]|rejectattr('__class__')|list }}", CLOSED),
    ("{{ [()]|max(attribute='__class__') }}", CLOSED),
    ("{{ [()]|join(attribute='__class__') }}", CLOSED),
    ("{{ [()]|where('__class__') }}", CLOSED),
    ("{{ ['a']|natural_sort('__class__') }}", CLOSED),
    ("{{ '{0.__class__}'.format(1) }}", CLOSED),
    ("{{ '{0[__class__]}'.format([]) }}", CLOSED),
    ("{{ '{a.__class__}'.format_map({'a': 1}) }}", CLOSED),
    ("{{ ('{0.__class__}'|attr('format'))(1) }}", CLOSED),
    ("{{ ['{0.__class__}']|map(attribute='format')|first }}", "brackets"),
    ("{% set f = '{0.__class__}'.format %}{{ [1]|map(f) }}", "map"),
    ("{% set l = [1] %}{% do l.sort(key='{0.__class__}'.format) %}", CLOSED),
    ("{{ ('{0.__class__}'|safe).format(1) }}", CLOSED),
    ("{{ ('{0.__class__}'|e).format_map({'0': 1}) }}", "fewer values"),
    ("{{ namespace.__init__.__globals__ }}", CLOSED),
    ("{{ cycler.__init__.__globals__.os }}", CLOSED),
    ("{{ joiner.mro() }}", CLOSED),
    ("{{ dict.fromkeys }}", CLOSED),
    ("{{ dict['x'] }}", CLOSED),
    ("{{ dict(a=1).fromkeys([1]) }}", ""),
    ("{{ range.__self__ }}", CLOSED),
    ("{{ containers.first.from_inspect }}", "has no field 'from_inspect'"),
    ("{{ containers.first.compose.from_labels }}", "has no field 'from_labels'"),
    ("{{ containers.first.target_names }}", "has no field 'target_names'"),
    ("{{ containers.first.kept }}", "has no field 'kept'"),
    ("{{ containers.first.run }}", "has no field 'run'"),
    ("{{ containers.first.networks.first.facts }}", "has no field 'facts'"),
    ("{{ containers.first._kept }}", CLOSED),
    ("{{ containers.first['_kept'] }}", CLOSED),
    ("{{ containers._index }}", CLOSED),
    ("{{ containers.first.labels._data }}", ""),
    ("{{ containers.first.labels.items().mapping }}", CLOSED),
    ("{{ {}.items().mapping }}", CLOSED),
    ("{{ {}.keys().mapping }}", CLOSED),
    # From something that computes to its frame
    ("{{ ([1]|map('string')).gi_frame }}", CLOSED),
    ("{{ ([1]|select).gi_code }}", CLOSED),
    ("{{ ([1]|map('string'))['gi_frame'] }}", CLOSED),
    ("{{ ([1]|map('string'))|attr('gi_frame') }}", CLOSED),
    ("{{ (containers + [[1]|map('string')])[-1:].gi_frame }}", CLOSED),
    ("{{ ((containers + [[1]|map('string')])[-1:])|attr('gi_frame') }}", "'gi_frame' is undefined"),
    ("{% set l = [[1]|map('string')] %}{{ '{0[0].gi_frame}'.format(l) }}", CLOSED),
    ("{{ [[1]|map('string')]|map(attribute='gi_frame')|list }}", CLOSED),
    ("{{ ([1]|batch(1)).gi_frame }}", CLOSED),
    ("{{ ([1]|slice(1)).gi_frame.f_builtins }}", CLOSED),
    # From a method or function to what is behind it
    ("{{ {}.update.func }}", CLOSED),
    ("{{ [].append.__self__ }}", CLOSED),
    ("{{ 'x'.join.__closure__ }}", CLOSED),
    ("{{ 'x'.format.__wrapped__ }}", CLOSED),
    ("{{ 'x'.format.__globals__ }}", CLOSED),
    ("{{ containers.matching.__func__ }}", CLOSED),
    ("{{ containers.matching.__self__ }}", CLOSED),
    ("{{ read_config.__func__.__globals__ }}", CLOSED),
    ("{{ read_config.__self__ }}", CLOSED),
    ("{{ note.__self__ }}", CLOSED),
    # From Jinja's own objects
    ("{{ self.__init__ }}", CLOSED),
    ("{{ self._TemplateReference__context }}", CLOSED),
    ("{% block b %}{{ self.b._context }}{% endblock %}", CLOSED),
    ("{% block b %}{{ self.b._stack }}{% endblock %}", CLOSED),
    ("{% macro m() %}{% endmacro %}{{ m._func }}", CLOSED),
    ("{% macro m() %}{% endmacro %}{{ m._environment }}", CLOSED),
    ("{% macro m() %}{% endmacro %}{{ m['_func'] }}", CLOSED),
    ("{% macro m() %}{{ caller._func }}{% endmacro %}{% call m() %}{% endcall %}", CLOSED),
    ("{% for i in [1] %}{{ loop._iterator }}{% endfor %}", CLOSED),
    ("{% for i in [1] %}{{ loop.cycle.__globals__ }}{% endfor %}", CLOSED),
    ("{% for i in [1] recursive %}{{ loop._recurse }}{% endfor %}", CLOSED),
    ("{{ cycler(1).__class__ }}", CLOSED),
    ("{{ cycler(1).next.__globals__ }}", CLOSED),
    ("{{ joiner().sep }}", CLOSED),
    ("{{ namespace(a=1)._Namespace__attrs }}", CLOSED),
    ("{{ namespace(__class__=1).__class__ }}", CLOSED),
    ("{{ nope.used }}", "'nope' is undefined"),
    ("{{ nope._undefined_exception }}", CLOSED),
    ("{{ nope.__class__ }}", CLOSED),
    ("{{ nope._note_use }}", CLOSED),
    ("{{ containers.first.labels.nope._undefined_obj }}", CLOSED),
    ("{{ ([]|first)._undefined_obj }}", CLOSED),
    # The state is not the template's
    ("{% do containers.append(1) %}", "has no field 'append'"),
    ("{% do containers.first.labels.update(a=1) %}", ""),
    ("{% do containers.first.raw.attrs.clear() %}", ""),
    ("{% set containers.first = 1 %}", "TemplateRuntimeError"),
    ("{{ containers.first.raw.kill() }}", "would call the engine"),
    ("{{ containers.first.raw.client.api }}", "would call the engine"),
    # Files that are no settings
    ("{{ read_config('../../etc/passwd') or 1/0 }}", "division"),
    ("{% include '/etc/passwd' %}", "cannot include"),
    ("{% import '../secret' as s %}", "cannot include"),
)
"""A template, and words of the error that it ends with; '' where it prints nothing instead."""

NO_SETTINGS = (
    "/proc/self/environ", "/proc/self/maps", "/proc/self/mem", "/proc/self/root/proc/self/maps",
    "/proc/self/task/../environ", "/proc/thread-self/maps", "/proc/1/environ", "/dev/zero", "/dev/tty", "/proc/self",
)  # fmt: skip
"""Paths of files that no template reads."""

WRITES = (
    "{{ VALUE }}", "{{ VALUE ~ '' }}", "{{ '%s' % VALUE }}", "{{ '%r' % [VALUE] }}", "{{ '%a' % (VALUE,) }}",
    "{{ '%(a)s' % {'a': VALUE} }}", "{{ '{}'.format(VALUE) }}", "{{ '{!r}'.format(VALUE) }}",
    "{{ '{!s}'.format(VALUE) }}", "{{ '{!a}'.format([VALUE]) }}", "{{ '{0[0]}'.format([VALUE]) }}",
    "{{ '{a}'.format_map({'a': VALUE}) }}", "{{ '{:>9}'.format([VALUE]) }}", "{{ [VALUE] }}", "{{ (VALUE, 1) }}",
    "{{ {'a': VALUE} }}", "{{ {'a': [VALUE]}.items() }}", "{{ {'a': VALUE}.values() }}", "{{ [VALUE]|string }}",
    "{{ [[VALUE]]|join }}", "{{ [VALUE]|join(', ') }}", "{{ 'ab'|join(VALUE) }}", "{{ [VALUE]|pprint }}",
    "{{ [VALUE]|upper }}", "{{ [VALUE]|lower }}", "{{ [VALUE]|title }}", "{{ [VALUE]|capitalize }}",
    "{{ [VALUE]|trim }}", "{{ [VALUE]|center }}", "{{ [VALUE]|indent }}", "{{ [VALUE]|truncate(9) }}",
    "{{ [VALUE]|wordwrap }}", "{{ [VALUE]|wordcount }}", "{{ [VALUE]|e }}", "{{ [VALUE]|escape }}",
    "{{ [VALUE]|forceescape }}", "{{ [VALUE]|safe }}", "{{ [VALUE]|striptags }}", "{{ [VALUE]|urlencode }}",
    "{{ {'a': VALUE}|urlencode }}", "{{ 'http://a.test'|urlize(target=VALUE) }}", "{{ {'a': VALUE}|xmlattr }}",
    "{{ 'ab'|replace('a', [VALUE]) }}", "{{ 'ab'.replace('a', [VALUE]) }}", "{{ '%s'|format([VALUE]) }}",
    "{{ [VALUE]|sha1 }}", "{{ [VALUE]|quote_shell }}", "{{ [VALUE]|quote_nginx }}", "{{ [VALUE]|split }}",
    "{{ [VALUE]|split_list }}", "{{ [VALUE]|regex_replace('x') }}", "{{ [VALUE]|regex_search('.*') }}",
    "{{ [[VALUE]]|natural_sort }}", "{{ [[VALUE]]|map('string')|join }}", "{{ [VALUE]|from_yaml }}",
    "{{ (containers + [VALUE])|string }}", "{{ containers + [[VALUE]] }}", "{{ namespace(a=VALUE) }}",
    "{{ '' if false else [VALUE] }}", "{{ [VALUE]|default('') }}", "{{ dict(a=VALUE) }}", "{{ [VALUE]|list }}",
    "{{ [VALUE]|batch(1)|list }}", "{{ [VALUE]|slice(1)|list }}", "{{ {'a': VALUE}|dictsort }}",
    "{{ [VALUE]|reverse|list }}", "{{ {'a': VALUE}|items|list }}", "{{ [{'a': VALUE}]|map(attribute='a')|list }}",
    "{% set x %}{{ VALUE }}{% endset %}{{ x }}", "{% filter upper %}{{ [VALUE] }}{% endfilter %}",
    "{% macro w(x) %}{{ x }}{% endmacro %}{{ w(VALUE) }}", "{{ note([VALUE]|string) }}",
)  # fmt: skip
"""Ways of writing a value."""

WITH_ADDRESSES: tuple[str, ...] = (
    "range", "dict", "namespace", "cycler", "joiner", "read_config", "note", "[].append", "{}.items", "''.upper",
    "''.format", "''.join", "containers.matching", "containers.first.labels.items",
    "([1]|map('string'))", "([1]|select)", "([1]|batch(1))", "([1]|slice(1))", "([1]|unique)", "([1]|reverse)",
    "({}|items)", "cycler(1)", "cycler(1).next", "joiner()", "namespace()",
)  # fmt: skip
"""Values that Python writes with their address."""
