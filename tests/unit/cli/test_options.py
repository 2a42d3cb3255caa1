"""The command line and the environment, read into commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notify.actions.command import Command
from notify.actions.exec import Exec
from notify.actions.http import Http
from notify.actions.restart import Restart
from notify.actions.signal import Signal
from notify.actions.signal_child import SignalChild
from notify.interval import Interval
from reconciler.cli.catalogue import OPTIONS
from reconciler.cli.commands import Healthcheck, Permissions, Printed, Record, Refused, Run
from reconciler.cli.options import of_one_job, parse

if TYPE_CHECKING:
    from reconciler.cli.settings import Settings

if TYPE_CHECKING:
    from notify.actions.action import Action


def run(arguments: str, **environ: str) -> Run:
    """What the main command makes of arguments and environment."""
    command = parse(arguments.split(), environ)
    assert isinstance(command, Run), command
    return command


def settings(arguments: str = "", **environ: str) -> Settings:
    """The settings with a template beside the arguments."""
    return run(f"--template t.j2 {arguments}", **environ).settings


def refusal(arguments: str = "--template t.j2", **environ: str) -> str:
    """The message of a usage error."""
    command = parse(arguments.split(), environ)
    assert isinstance(command, Refused), command
    return command.message


def test_defaults_are_the_documented_ones() -> None:
    """A template alone is enough, and everything else has its default."""
    plain = settings()
    program, (engine,), (job,) = plain.program, plain.engines, plain.jobs
    assert job.template == "t.j2"
    assert job.target == "-"
    assert not job.notifications
    assert job.interval == Interval(0.5, 2)
    assert program.resync_s == 30
    assert engine.docker_address == engine.notify_docker_address == "unix:///var/run/docker.sock"
    assert program.metrics is not None
    assert program.metrics.port == 9413
    assert program.state_dir is None
    assert (job.signal_via, program.log_format) == ("auto", "text")
    assert [program.one_shot, job.strict, program.debug] == [False, False, False]
    assert program.status_page
    assert (job.render_time_limit_s, job.render_size_limit_bytes) == (10, 16 * 2**20)


def test_every_option_reaches_its_setting() -> None:
    """What an option says is what the setting holds."""
    given = settings(
        "--target /etc/t --restart a --signal b HUP --interval 1 4 --resync 7 --one-shot --docker-address tcp://h:1 "
        "--notify-docker-address tcp://h:2 --metrics 127.0.0.1:99 --status off --state-dir /s --signal-via kill "
        "--strict --log-format json --debug --render-time-limit 3 --render-size-limit 5K "
        "--render-memory-limit 1G --render-user root"
    )
    assert given == of_one_job(
        template="t.j2",
        target="/etc/t",
        notifications=(Restart("a"), Signal("b", "SIGHUP")),
        interval=Interval(1, 4),
        resync_s=7,
        one_shot=True,
        docker_address="tcp://h:1",
        notify_docker_address="tcp://h:2",
        metrics=settings("--metrics 127.0.0.1:99").program.metrics,
        status_page=False,
        state_dir=Path("/s"),
        signal_via="kill",
        strict=True,
        log_format="json",
        debug=True,
        render_time_limit_s=3,
        render_size_limit_bytes=5 * 1024,
        render_memory_limit_bytes=2**30,
        render_user="root",
    )
    assert str(given.program.metrics) != str(settings().program.metrics)


def test_every_option_is_read_from_the_environment_too() -> None:
    """The same settings come out of variables as out of options."""
    in_environment = run(
        "",
        PYGEN_TEMPLATE="# inline",
        PYGEN_TARGET_FILE="/etc/t",
        PYGEN_RESTART="a, b",
        PYGEN_SIGNAL="nginx HUP,haproxy USR2",
        PYGEN_INTERVAL="1,4",
        PYGEN_RESYNC="7",
        PYGEN_ONE_SHOT="1",
        PYGEN_DOCKER_ADDRESS="tcp://h:1",
        PYGEN_NOTIFY_DOCKER_ADDRESS="tcp://h:2",
        PYGEN_METRICS="0",
        PYGEN_STATUS="off",
        PYGEN_STATE_DIR="/s",
        PYGEN_SIGNAL_VIA="exec",
        PYGEN_STRICT="yes",
        PYGEN_LOG_FORMAT="json",
        PYGEN_DEBUG="on",
        PYGEN_RENDER_TIME_LIMIT="3",
        PYGEN_RENDER_SIZE_LIMIT="1MiB",
        PYGEN_RENDER_MEMORY_LIMIT="2M",
        PYGEN_RENDER_USER="root",
    )
    assert in_environment.warnings == ()
    assert in_environment.settings == of_one_job(
        template="# inline",
        target="/etc/t",
        notifications=(
            Restart("a"),
            Restart("b"),
            Signal("nginx", "SIGHUP"),
            Signal("haproxy", "SIGUSR2"),
        ),
        interval=Interval(1, 4),
        resync_s=7,
        one_shot=True,
        docker_address="tcp://h:1",
        notify_docker_address="tcp://h:2",
        metrics=None,
        status_page=False,
        state_dir=Path("/s"),
        signal_via="exec",
        strict=True,
        log_format="json",
        debug=True,
        render_time_limit_s=3,
        render_size_limit_bytes=2**20,
        render_memory_limit_bytes=2 * 2**20,
        render_user="root",
    )


def test_no_option_lacks_a_variable_of_its_own() -> None:
    """Each option has a PYGEN_ name that no other option has, and PYGEN_TARGET is none of them."""
    names = [option.variable_name for option in OPTIONS]
    assert len(set(names)) == len(names)
    assert all(name.startswith("PYGEN_") for name in names)
    assert "PYGEN_TARGET" not in names


def test_the_option_wins_over_the_environment() -> None:
    """A list in the environment is replaced by options, not added to."""
    both = settings("--restart a --resync 5", PYGEN_RESTART="b,c", PYGEN_RESYNC="6", PYGEN_SIGNAL="d HUP")
    assert both.program.resync_s == 5
    assert both.jobs[0].notifications == (Restart("a"), Signal("d", "SIGHUP"))


def test_an_option_hides_even_a_malformed_variable() -> None:
    """What does not count is not read."""
    assert settings("--resync 5", PYGEN_RESYNC="often").program.resync_s == 5


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_variable_is_unset(empty: str) -> None:
    """Empty variables, of options and of the ancestor, change nothing and warn of nothing."""
    names = [option.variable_name for option in OPTIONS if option.flag != "--template"]
    environ = dict.fromkeys([*names, "PYGEN_NONSENSE", "DOCKER_ADDRESS", "DOCKER_HOST"], empty)
    assert run("--template t.j2", **environ) == run("--template t.j2")


def test_notifications_keep_their_order_without_exact_duplicates() -> None:
    """Spellings of one signal are one notification; another signal, or a restart, is not."""
    given = settings(
        "--signal a HUP --restart b --signal a sighup --signal a 1 --signal a USR1 --restart a --restart b"
    )
    assert given.jobs[0].notifications == (
        Signal("a", "SIGHUP"),
        Restart("b"),
        Signal("a", "SIGUSR1"),
        Restart("a"),
    )


def test_a_name_with_blanks_can_be_signalled_from_the_environment() -> None:
    """The last word of an item is the signal, the rest is the name: label values may hold blanks."""
    assert settings(PYGEN_SIGNAL="my proxy HUP").jobs[0].notifications == (Signal("my proxy", "SIGHUP"),)


def test_one_interval_serves_for_both() -> None:
    """MIN alone is MAX too, on the command line and in the environment."""
    assert settings("--interval 7").jobs[0].interval == Interval(7, 7)
    assert settings(PYGEN_INTERVAL="0").jobs[0].interval == Interval(0, 0)
    assert settings(PYGEN_INTERVAL="0.5 2").jobs[0].interval == Interval(0.5, 2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("", "no template"),
        ("--template", "--template: expected one argument"),
        ("--template t.j2 --target=", "--target: it is empty"),
        ("--template=", "--template: it is empty"),
        ("--template t.j2 --restart=", "--restart: CONTAINER is empty"),
        ("--template t.j2 --signal a", "--signal: expected 2 arguments"),
        ("--template t.j2 --signal a NOPE", "--signal: 'NOPE' is not a signal"),
        ("--template t.j2 --interval 2 1", "--interval: MIN 2 is greater than MAX 1"),
        ("--template t.j2 --interval 1 2 3", "--interval: 3 values"),
        ("--template t.j2 --interval -1", "--interval: -1 is negative"),
        ("--template t.j2 --interval nan", "--interval: 'nan' is not a number"),
        ("--template t.j2 --interval 1 inf", "--interval: 'inf' is not a number"),
        ("--template t.j2 --interval 1 1e99", "--interval: 1e99 seconds are more than a year"),
        ("--template t.j2 --resync 0", "--resync: 0 seconds are too few"),
        ("--template t.j2 --resync soon", "--resync: 'soon' is not a number"),
        ("--template t.j2 --docker-address ftp://h", "--docker-address: "),
        ("--template t.j2 --docker-address=", "--docker-address: it is empty"),
        ("--template t.j2 --notify-docker-address ftp://h", "--notify-docker-address: "),
        ("--template t.j2 --notify-docker-address file://s.json", "--notify-docker-address: a recorded state"),
        ("--template t.j2 --metrics 99999", "--metrics: "),
        ("--template t.j2 --metrics web", "--metrics: "),
        ("--template t.j2 --signal-via magic", "--signal-via: 'magic' is not known: give one of auto, exec, kill"),
        ("--template t.j2 --signal-via exec --signal a KILL", "--signal-via: exec can't send KILL to a"),
        ("--template t.j2 --signal-via exec --signal a USR1 --signal b 19", "--signal-via: exec can't send STOP to b"),
        ("--template t.j2 --log-format xml", "--log-format: 'xml' is not known: give one of text, json"),
        ("--template t.j2 --status maybe", "--status: 'maybe' is neither yes nor no"),
        ("--template t.j2 --render-time-limit 0", "--render-time-limit: 0 seconds are too few"),
        ("--template t.j2 --render-size-limit lots", "--render-size-limit: 'lots' is not a size"),
        ("--template t.j2 --one-shot=1", "--one-shot: "),
        ("--template t.j2 --templat x", "did you mean --template?"),
        ("--templ t.j2", "--templ is not an option"),
        ("--template t.j2 stray", "'stray' belongs to no option"),
        ("--template t.j2 record", "record has to come first"),
        ("record --template t.j2", "--template is not an option here"),
        ("healthcheck --metrics web", "--metrics: "),
        ("permissions --format xml", "--format: 'xml' is not known: give one of text, socket-proxy"),
    ],
)
def test_a_mistake_is_refused_and_named(arguments: str, says: str) -> None:
    """A usage error says where it is written and what is wrong."""
    assert says in refusal(arguments)


@pytest.mark.parametrize(
    ("variables", "notifications"),
    [
        (
            {"PYGEN_EXEC": """nginx nginx -s reload, web sh -c "a, 'b'",x a\\,b"""},
            (
                Exec("nginx", ("nginx", "-s", "reload")),
                Exec("web", ("sh", "-c", "a, 'b'")),
                Exec("x", ("a,b",)),
            ),
        ),
        (
            {"PYGEN_COMMAND": "systemctl reload nginx, sh -c 'a, b'"},
            (Command("", ("systemctl", "reload", "nginx")), Command("", ("sh", "-c", "a, b"))),
        ),
        ({"PYGEN_HTTP": "http://a/, https://b/x%2Cy"}, (Http("", "http://a/"), Http("", "https://b/x%2Cy"))),
    ],
)
def test_commands_and_addresses_of_the_environment_are_cut_at_commas(
    variables: dict[str, str], notifications: tuple[Action, ...]
) -> None:
    """A comma that is quoted, as a shell knows quotes, belongs to its command."""
    assert settings(**variables).jobs[0].notifications == notifications


def test_every_way_to_tell_is_an_option() -> None:
    """In the order given, beside the others."""
    command = parse(
        [
            "--template",
            "t",
            "--command",
            "a 'b c'",
            "--http",
            "http://h/",
            "--exec",
            "web",
            "x -y",
            "--exec",
            "web",
            "z",
        ],
        {},
    )
    assert isinstance(command, Run)
    assert command.settings.jobs[0].notifications == (
        Command("", ("a", "b c")),
        Http("", "http://h/"),
        Exec("web", ("x", "-y")),
        Exec("web", ("z",)),
    )


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PYGEN_STRICT", "maybe", "'maybe' is neither yes nor no"),
        ("PYGEN_INTERVAL", "1,2,3", "3 values"),
        ("PYGEN_INTERVAL", "1,", "'' is not a number"),
        ("PYGEN_RESTART", "a,,b", "CONTAINER is empty"),
        ("PYGEN_SIGNAL", "nginx", "'nginx' is not CONTAINER SIGNAL"),
        ("PYGEN_SIGNAL", "nginx HUP,", "'' is not CONTAINER SIGNAL"),
        ("PYGEN_SIGNAL", "nginx HUPP", "'HUPP' is not a signal"),
        ("PYGEN_EXEC", "nginx", "COMMAND is missing"),
        ("PYGEN_EXEC", "nginx nginx -s reload, web sh -c 'a", "close each quote"),
        ("PYGEN_COMMAND", "a,,b", "COMMAND is empty"),
        ("PYGEN_HTTP", "http://h/,ftp://h/", "not the address of a server"),
        ("PYGEN_HTTP", "http://{container}/", "needs the name of a container"),
        ("PYGEN_RESYNC", "-3", "-3 is negative"),
        ("PYGEN_SIGNAL_VIA", "magic", "'magic' is not known"),
        ("PYGEN_METRICS", "web", ""),
        ("PYGEN_DOCKER_ADDRESS", "ftp://h", ""),
        ("PYGEN_NOTIFY_DOCKER_ADDRESS", "ftp://h", ""),
        ("DOCKER_HOST", "ftp://h", ""),
        ("DOCKER_ADDRESS", "ftp://h", ""),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(name: str, value: str, says: str) -> None:
    """The message begins with the variable that has to be mended."""
    message = refusal(**{name: value})
    assert message.startswith(f"{name}: ")
    assert says in message


@pytest.mark.parametrize("word", ["1", "true", "YES", "On"])
def test_switches_in_the_environment_take_words_for_yes(word: str) -> None:
    """Four words for yes, in any case."""
    assert settings(PYGEN_STRICT=word).jobs[0].strict


@pytest.mark.parametrize("word", ["0", "False", "no", "OFF"])
def test_switches_in_the_environment_take_words_for_no(word: str) -> None:
    """Four words for no, in any case."""
    assert not settings(PYGEN_STRICT=word).jobs[0].strict


def test_an_unknown_variable_is_one_warning_with_a_guess() -> None:
    """Misspelt names are told, each once, without their values; the mark of containers is no such name."""
    warnings = run("--template t.j2", PYGEN_RSYNC="secret", PYGEN_TARGET="web", PYGEN_XYZZY="1", HOME="/").warnings
    assert len(warnings) == 2
    assert warnings[0].startswith("PYGEN_RSYNC in the environment is not a setting (did you mean PYGEN_RESYNC?)")
    assert warnings[1].startswith("PYGEN_XYZZY in the environment is not a setting: ")
    assert not any("secret" in warning for warning in warnings)


def test_subcommands_read_what_they_need_and_no_more() -> None:
    """`record` needs an address, `healthcheck` an address or nothing."""
    assert parse(["record", "--docker-address", "tcp://h:1"], {}) == Record("tcp://h:1")
    assert parse(["record"], {"PYGEN_DOCKER_ADDRESS": "tcp://h:2"}) == Record("tcp://h:2")
    assert parse(["healthcheck"], {}) == Healthcheck(None)
    assert parse(["healthcheck"], {"PYGEN_METRICS": "0"}) == Healthcheck("0")
    assert parse(["healthcheck", "--metrics", "[::1]:99"], {"PYGEN_METRICS": "0"}) == Healthcheck("[::1]:99")


def test_permissions_takes_the_options_of_the_main_command() -> None:
    """The same options describe the same configuration; a template is not needed."""
    command = parse(["permissions", "--format", "socket-proxy", "--signal", "a", "HUP"], {"PYGEN_SIGNAL_VIA": "kill"})
    assert isinstance(command, Permissions)
    assert command.output_format == "socket-proxy"
    assert command.settings.jobs[0].notifications == (Signal("a", "SIGHUP"),)
    assert command.settings.jobs[0].signal_via == "kill"


@pytest.mark.parametrize("name", ["", "record ", "healthcheck ", "permissions "])
def test_help_and_version_are_printed_whatever_else_is_wrong(name: str) -> None:
    """`--help` helps with a command line that is not yet right."""
    help_page, version = parse(f"{name}--nonsense --help".split(), {}), parse(f"{name}--version x".split(), {})
    assert isinstance(help_page, Printed)
    assert isinstance(version, Printed)
    assert help_page.text.startswith(f"Usage: pygen {name}".rstrip())
    assert version.text.startswith("pygen ")


#: What argparse itself reads, or words, otherwise in other versions of Python.
ODD_BUT_EQUAL = {
    "--template --target x": "--template: expected one argument: see 'pygen --help'",
    "--template t --signal a --restart b": "--signal: expected 2 arguments: see 'pygen --help'",
    "record x": "'x' belongs to no option: quote a value that contains spaces, and see 'pygen --help'",
    "--template t --resync -1e5": "--resync: -1e5 is negative: give a number of seconds, 0 or more",
    "--template t --interval": "--interval: expected at least one argument: see 'pygen --help'",
    "--template t --strict=1": "--strict: ignored explicit argument '1': see 'pygen --help'",
    "--template t --": "-- is followed by no command: give a program and its arguments, or leave it out",
    "record --": "-- is not an option here: see 'pygen --help'",
    "recrod": "'recrod' belongs to no option: quote a value that contains spaces, and see 'pygen --help'",
}


@pytest.mark.parametrize("arguments", ODD_BUT_EQUAL)
def test_every_python_says_the_same(arguments: str) -> None:
    """What argparse changes from version to version reaches no user."""
    assert refusal(arguments) == ODD_BUT_EQUAL[arguments]


def test_help_has_no_colour_and_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.14 would colour it on a terminal, and read `-hx` as two options."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    for arguments in ("--resync never --help", "-hx", "--help"):
        printed = parse(arguments.split(), {})
        assert isinstance(printed, Printed)
        assert "\x1b" not in printed.text
        assert printed.text.startswith("Usage: pygen --template")


def test_a_command_behind_the_dashes_is_the_child() -> None:
    """Whatever its words look like."""
    given = settings("--signal-child hup --child-grace 3 -- nginx --target x --help -- -h")
    assert given.program.child == ("nginx", "--target", "x", "--help", "--", "-h")
    assert given.program.child_grace_s == 3
    assert given.jobs[0].notifications == (SignalChild("", "SIGHUP"),)
    assert given.jobs[0].target == "-"
    assert settings("-- nginx", PYGEN_SIGNAL_CHILD="HUP").jobs[0].notifications == (SignalChild("", "SIGHUP"),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--template t --signal-child HUP", "--signal-child: there is no command to tell: put -- COMMAND at the end"),
        ("--template t --one-shot -- nginx", "--one-shot ends after one pass, and -- COMMAND stays"),
        ("--template t --", "-- is followed by no command"),
        ("--template t --signal-child NO -- nginx", "--signal-child: 'NO' is not a signal"),
        ("--template t --child-grace -1 -- nginx", "--child-grace: -1 is negative"),
    ],
)
def test_what_a_child_can_t_be_is_refused(arguments: str, message: str) -> None:
    """With what to do about it."""
    assert message in refusal(arguments)


def test_help_is_asked_of_us_before_the_dashes_only() -> None:
    """What follows is the child's."""
    assert isinstance(parse(["--help", "--", "nginx"], {}), Printed)
    assert settings("-- nginx --version").program.child == ("nginx", "--version")


def test_permissions_need_no_command() -> None:
    """In a container whose variables are the program's, as in deploy/nginx-proxy; an empty one is still refused."""
    assert isinstance(parse(["permissions"], {"PYGEN_SIGNAL_CHILD": "HUP"}), Permissions)
    assert isinstance(parse(["permissions", "--", "nginx"], {"PYGEN_SIGNAL_CHILD": "HUP"}), Permissions)
    assert isinstance(parse(["permissions", "--", ""], {}), Refused)
