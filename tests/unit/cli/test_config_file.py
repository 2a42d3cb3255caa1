"""Configuration files, alone and beside a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notify.actions.command import Command
from notify.actions.signal import Signal
from notify.actions.signal_child import SignalChild
from notify.interval import Interval
from reconciler.cli.catalogue import OPTIONS
from reconciler.cli.commands import CheckConfig, Permissions, Refused, Run
from reconciler.cli.config_keys import COMMAND_LINE_ONLY, JOB_KEYS, SECTIONS
from reconciler.cli.options import parse
from templating.elements import ForEach

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.settings import JobSettings, Settings

ONE_JOB = '[[job]]\ntemplate = "a.j2"\ntarget = "/out/a"\n'


class Files:
    """A folder of configuration files, and what the program makes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, text: str, name: str = "pygen.toml") -> Files:
        (self.folder / name).write_text(text)
        return self

    def settings(self, *arguments: str, **environ: str) -> Settings:
        command = parse(["--config", str(self.folder), *arguments], environ)
        assert isinstance(command, Run), command
        return command.settings

    def jobs(self, *arguments: str, **environ: str) -> dict[str, JobSettings]:
        return {job.name: job for job in self.settings(*arguments, **environ).jobs}

    def refusals(self, *arguments: str, **environ: str) -> list[str]:
        """What is wrong, each without the folder."""
        command = parse(["--config", str(self.folder), *arguments], environ)
        assert isinstance(command, Refused), command
        return [line.removeprefix("pygen: ").replace(f"{self.folder}/", "") for line in command.message.split("\n")]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A folder that is empty."""
    folder = tmp_path / "config"
    folder.mkdir()
    return Files(folder)


def test_every_key_of_a_job_and_of_the_program(files: Files) -> None:
    """By the names of the options, with their defaults for what is left out."""
    files.write(
        """
        state_dir = "/var/lib/pygen"
        log_format = "json"
        render_user = "root"
        [engine]
        docker_address = "unix:///run/one.sock"
        notify_docker_address = "unix:///run/two.sock"
        resync = 12.5
        [metrics]
        address = "127.0.0.1:9500"
        status = false
        status_host = ["pygen.example.org"]
        [[job]]
        name = "nginx"
        template = "nginx.conf.j2"
        target = "/etc/nginx/conf.d/apps.conf"
        strict = true
        interval = [0.25, 4]
        signal_via = "exec"
        render_time_limit = 3
        render_size_limit = "1M"
        render_memory_limit = 300000000
        notify = [{ signal = "HUP", container = "nginx" }, { command = ["systemctl", "reload", "nginx"] }]
        [[job]]
        template = "#hosts"
        target = "hosts"
        interval = 1
        """
    )
    settings = files.settings()
    program, engine = settings.program, settings.engines[0]
    assert (str(program.state_dir), program.log_format, program.render_user) == ("/var/lib/pygen", "json", "root")
    assert (engine.docker_address, engine.notify_docker_address) == ("unix:///run/one.sock", "unix:///run/two.sock")
    assert (program.resync_s, program.status_page, program.status_hosts) == (12.5, False, ("pygen.example.org",))
    assert str(program.metrics) == "127.0.0.1:9500"
    first, second = settings.jobs
    assert (first.name, first.template) == ("nginx", str(files.folder / "nginx.conf.j2"))
    assert (first.target, first.strict, first.interval) == ("/etc/nginx/conf.d/apps.conf", True, Interval(0.25, 4))
    assert (first.signal_via, first.render_time_limit_s, first.render_size_limit_bytes) == ("exec", 3.0, 1 << 20)
    assert first.render_memory_limit_bytes == 300_000_000
    assert first.notifications == (Signal("nginx", "SIGHUP"), Command("", ("systemctl", "reload", "nginx")))
    assert (second.name, second.template, second.interval) == (str(files.folder / "hosts"), "#hosts", Interval(1, 1))
    assert (second.strict, second.signal_via, second.render_time_limit_s) == (False, "auto", 10.0)


def test_every_option_has_its_place() -> None:
    """A new one is a key of a job or of a section, or is named as one of the command line alone."""
    keys = {key.field for table in (JOB_KEYS, *SECTIONS.values()) for key in table.values()}
    left_out = {option.flag for option in OPTIONS if option.field not in keys}
    assert left_out == COMMAND_LINE_ONLY


def test_defaults_are_for_the_jobs_of_their_own_file(files: Files) -> None:
    """A job's own word wins."""
    files.write(
        "[defaults]\nstrict = true\ninterval = 7\n"
        + ONE_JOB
        + '[[job]]\ntemplate = "b"\ntarget = "/out/b"\nstrict = false\n'
    )
    files.write('[[job]]\ntemplate = "c"\ntarget = "/out/c"\n', "zz.toml")
    jobs = files.jobs()
    assert [(job.strict, job.interval.min_s) for job in jobs.values()] == [(True, 7), (False, 7), (False, 0.5)]


def test_a_folder_is_read_in_order(files: Files) -> None:
    """What is hidden, or is no *.toml, is left alone."""
    for number, name in enumerate(["20-b.toml", "10-a.toml", ".hidden.toml", "notes.txt"]):
        files.write(f'[[job]]\ntemplate = "t"\ntarget = "/out/{number}"\n', name)
    assert list(files.jobs()) == ["/out/1", "/out/0"]


def test_the_command_line_is_one_more_job_and_wins_for_the_program(files: Files) -> None:
    """Likewise the environment."""
    files.write("[engine]\nresync = 5\n[metrics]\naddress = 9500\n" + ONE_JOB)
    settings = files.settings("--template", "b.j2", "--target", "/out/b", "--resync", "9", PYGEN_METRICS="0")
    assert [job.target for job in settings.jobs] == ["/out/a", "/out/b"]
    assert (settings.program.resync_s, settings.program.metrics) == (9.0, None)
    assert [job.template for job in settings.jobs] == [str(files.folder / "a.j2"), "b.j2"]


def test_an_option_of_a_job_needs_its_job(files: Files) -> None:
    """It would be for none of the file's."""
    files.write(ONE_JOB)
    assert files.refusals("--strict") == [
        (
            "--strict is of a job, and there is no --template beside --config: add it for one more job, or write this "
            "into the file"
        )
    ]
    assert files.refusals(PYGEN_INTERVAL="3")[0].startswith("PYGEN_INTERVAL is of a job")


@pytest.mark.parametrize(
    ("text", "refusals"),
    [
        (
            "[[job]\n",
            ["pygen.toml: it is not TOML: Expected ']]' at the end of an array declaration (at line 1, column 6)"],
        ),
        ("", ["there is no job: add one with [[job]]"]),
        ("job = 3", ["pygen.toml: job: write each job as a table of its own: [[job]]"]),
        ("engine = 3\n" + ONE_JOB, ["pygen.toml: engine: write it as a table: [engine]"]),
        (
            "[engine]\nresynk = 3\n" + ONE_JOB,
            ["pygen.toml: engine.resynk: there is no such key (did you mean resync?)"],
        ),
        (
            "tempo = 3\n" + ONE_JOB,
            [
                (
                    "pygen.toml: tempo: there is no such key: there are log_format, debug, state_dir, render_user, "
                    "defaults, engine, metrics, child, job"
                )
            ],
        ),
        (
            "[defaults]\ntarget = 'x'\n" + ONE_JOB,
            [
                "pygen.toml: defaults.target: there is no such key: there are "
                + ", ".join(name for name in JOB_KEYS if name not in ("name", "target", "for_each", "after"))
            ],
        ),
        ('[[job]]\ntarget = "/a"\n', ["pygen.toml: job /a: template: it is missing: give the template's file"]),
        (
            '[[job]]\ntemplate = 3\nstrict = "yes"\ninterval = ["a"]\nrender_size_limit = 1.5\n',
            [
                "pygen.toml: job #1: template: give a text",
                "pygen.toml: job #1: strict: give true or false",
                "pygen.toml: job #1: interval: give a [MIN, MAX], each a number of seconds, or one for both",
                "pygen.toml: job #1: render_size_limit: give a whole number, or text",
            ],
        ),
        (
            '[[job]]\ntemplate = "t"\ntarget = "/a"\nrender_time_limit = 0\nsignal_via = "pigeon"\n',
            [
                "pygen.toml: job /a: render_time_limit: 0 seconds are too few: give a number over 0, such as 30",
                "pygen.toml: job /a: signal_via: 'pigeon' is not known: give one of auto, exec, kill",
            ],
        ),
        (
            ONE_JOB + ONE_JOB,
            [
                (
                    "pygen.toml: job /out/a: target: the job /out/a, in pygen.toml, writes the same file: give each "
                    "one of its own"
                ),
            ],
        ),
        (
            ONE_JOB + 'name = "x"\n[[job]]\nname = "x"\ntemplate = "t"\ntarget = "/out/b"\n',
            ["pygen.toml: job x: name: another job has it, in pygen.toml: give each one of its own"],
        ),
        (
            '[[job]]\ntemplate = "t"\n[[job]]\nname = "b"\ntemplate = "t"\n',
            ["pygen.toml: job b: target: the job -, in pygen.toml, writes standard output: give each one of its own"],
        ),
        (
            ONE_JOB + 'notify = [{ signal = "HUP", contaner = "x" }, { restart = 3, container = "y" }]\n',
            [
                "pygen.toml: job /out/a: notify[1].contaner: signal has no such key: did you mean container?",
                "pygen.toml: job /out/a: notify[2].restart: give true, or leave the key out",
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(files: Files, text: str, refusals: list[str]) -> None:
    """File, job and key, what to do, and the nearest right name: all of it at once."""
    files.write(text)
    told = [line.removeprefix(f"{files.folder}: ") for line in files.refusals()]
    assert told == refusals


def test_a_target_by_way_of_a_link_is_the_same_file(files: Files, tmp_path: Path) -> None:
    """The second program would undo what the first does, forever."""
    (tmp_path / "link").symlink_to(tmp_path / "real")
    files.write(
        f'[[job]]\ntemplate = "t"\ntarget = "{tmp_path}/real"\n'
        f'[[job]]\nname = "b"\ntemplate = "t"\ntarget = "{tmp_path}/link"\n'
    )
    assert files.refusals() == [
        (
            f"pygen.toml: job b: target: the job {tmp_path}/real, in pygen.toml, writes the same file: give each one "
            "of its own"
        )
    ]
    files.write(f'[[job]]\ntemplate = "t"\ntarget = "{tmp_path}/real"\n')
    assert files.refusals("--template", "t", "--target", str(tmp_path / "link"))[0].startswith("the command line: job")


def test_two_files_that_contradict_each_other(files: Files) -> None:
    """The same word twice is none."""
    files.write("[engine]\nresync = 5\n" + ONE_JOB)
    files.write("[engine]\nresync = 5\n", "b.toml")
    assert files.settings().program.resync_s == 5.0
    files.write("[engine]\nresync = 6\n", "b.toml")
    assert files.refusals() == [
        f"pygen.toml: engine.resync: {files.folder}/b.toml says something else: say it once".replace(
            f"{files.folder}/", ""
        )
    ]


def test_files_that_cannot_be_read(files: Files) -> None:
    """Missing, not UTF-8, too large, an empty folder."""
    assert files.refusals()[0].endswith("there is no *.toml in this folder: add one, or leave --config out")
    (files.folder / "a.toml").write_bytes(b"a = 1\n\xff\n")
    (files.folder / "b.toml").symlink_to(files.folder / "nowhere")
    (files.folder / "c.toml").write_bytes(b"#" * (5 << 20))
    assert files.refusals() == [
        "a.toml: it is not UTF-8 in line 2: save it as UTF-8",
        "b.toml: it can't be read: No such file or directory",
        "c.toml: it is larger than 4 MiB: split it",
    ]


def test_an_address_in_a_file_is_checked_by_its_file(files: Files) -> None:
    """The message names it."""
    files.write('[engine]\ndocker_address = "tcp://a..b"\n' + ONE_JOB)
    assert files.refusals()[0].startswith("pygen.toml: ")


def test_check_config_says_whether_it_can_be_used(files: Files) -> None:
    """And starts nothing."""
    files.write(ONE_JOB)
    good = parse(["check-config", "--config", str(files.folder)], {})
    assert isinstance(good, CheckConfig)
    assert [(job.target, job.place) for job in good.settings.jobs] == [("/out/a", str(files.folder / "pygen.toml"))]
    files.write("[[jobs]]\n")
    bad = parse(["check-config", "--config", str(files.folder)], {})
    assert isinstance(bad, Refused)
    assert "(did you mean job?)" in bad.message


def test_permissions_of_files(files: Files) -> None:
    """What every job needs of the engine."""
    files.write(ONE_JOB + 'notify = [{ restart = true, container = "x" }]\n')
    command = parse(["permissions", "--config", str(files.folder)], {})
    assert isinstance(command, Permissions)
    assert [job.notifications for job in command.settings.jobs if job.notifications]


def test_the_child_is_one_of_the_program(files: Files) -> None:
    """Its notifications are a job's; the command line's command wins, and one is needed."""
    told = '[[job]]\ntemplate = "a.j2"\ntarget = "/out/a"\nnotify = [{ signal = "HUP", child = true }]\n'
    files.write('[child]\ncommand = ["nginx", "-g", "daemon off;"]\ngrace = 3\n' + told)
    settings = files.settings()
    assert settings.program.child == ("nginx", "-g", "daemon off;")
    assert settings.program.child_grace_s == 3
    assert settings.jobs[0].notifications == (SignalChild("", "SIGHUP"),)
    assert files.settings("--", "other").program.child == ("other",)
    files.write('[child]\ncommand = "nginx"\n' + told)
    assert files.refusals() == ['pygen.toml: child.command: give a list of texts, such as ["nginx", "-s", "reload"]']
    files.write(told)
    (refusal,) = files.refusals()
    assert "there is no command to tell: put -- COMMAND at the end of the command line, or [child]" in refusal


def _three(first: str = "", second: str = "", third: str = "") -> str:
    jobs = {"one": first, "two": second, "three": third}
    return "".join(
        f'[[job]]\nname = "{name}"\ntemplate = "a.j2"\ntarget = "{name}.out"\n{more}\n' for name, more in jobs.items()
    )


def test_after_names_jobs_of_any_file_by_name_or_by_target(files: Files) -> None:
    """Those of the command line, too; what is kept are the targets, each once."""
    files.write(_three('after = ["two", "other.out", "/of/line", "two"]'))
    files.write('[[job]]\ntemplate = "b.j2"\ntarget = "other.out"\nafter = ["three"]\n', "second.toml")
    jobs = files.jobs("--template", "c.j2", "--target", "/of/line")
    folder = files.folder
    assert jobs["one"].after == (str(folder / "two.out"), str(folder / "other.out"), "/of/line")
    assert jobs[str(folder / "other.out")].after == (str(folder / "three.out"),)
    assert jobs["two"].after == ()


def test_after_that_names_no_job_is_told_with_the_nearest_name(files: Files) -> None:
    """All of them at once, with file, job and key; a job with another mistake is there all the same."""
    files.write(_three('after = ["tow", "nothing of the kind"]', 'after = ["three"]', 'strikt = true\nafter = ["one"]'))
    assert files.refusals() == [
        "pygen.toml: job three: strikt: there is no such key (did you mean strict?)",
        "pygen.toml: job one: after: there is no job tow (did you mean two?)",
        "pygen.toml: job one: after: there is no job nothing of the kind: there are two, three",
    ]


def test_a_circle_is_told_once_with_its_jobs(files: Files) -> None:
    """One over several jobs, and a job that would come after itself."""
    files.write(_three('after = ["two"]', 'after = ["three"]', 'after = ["one", "three"]'))
    row = "one comes after two, two comes after three, three comes after one"
    assert files.refusals() == [
        f"pygen.toml: job one: after: this is a circle: {row}; leave one of them out",
        "pygen.toml: job three: after: it would come after itself: leave that out",
    ]


def test_the_after_of_a_job_that_is_wrong_in_another_way_is_looked_at_too(files: Files) -> None:
    """All that is wrong is told at once."""
    files.write(_three('strikt = true\nafter = ["two", "tow"]\nfor_each = "containers"'))
    assert files.refusals() == [
        "pygen.toml: job one: strikt: there is no such key (did you mean strict?)",
        "pygen.toml: job one: target: all files would be one: name item in it, such as sites/{{ item.name }}.conf",
        "pygen.toml: job one: after: there is no job tow (did you mean two?)",
    ]


@pytest.mark.parametrize("value", ['"two"', "[1]", '[""]', "{}", "true"])
def test_after_is_a_list_of_names(files: Files, value: str) -> None:
    """What it takes instead is told."""
    files.write(_three(f"after = {value}"))
    assert files.refusals() == ['pygen.toml: job one: after: give a list of names of jobs, such as ["nginx"]']


def test_after_is_no_default(files: Files) -> None:
    """Every job of the file would come after itself, or after one that does."""
    files.write('[defaults]\nafter = ["one"]\n' + _three())
    assert files.refusals()[0].startswith("pygen.toml: defaults.after: there is no such key")


def test_very_many_jobs_in_a_row_are_read(files: Files) -> None:
    """Without a recursion for each of them."""
    row = "".join(
        f'[[job]]\nname = "j{n}"\ntemplate = "#"\ntarget = "/out/{n}"\n' + (f'after = ["j{n - 1}"]\n' if n else "")
        for n in range(2000)
    )
    files.write(row)
    assert files.jobs()["j1999"].after == ("/out/1998",)


EACH = '[[job]]\nname = "sites"\nfor_each = "containers"\ntemplate = "a.j2"\n'


def test_for_each_has_a_pattern_that_begins_at_the_folder(files: Files) -> None:
    """What looks like a path inside an expression stays as it is written."""
    pattern = "sites/{{ item.labels['a//b'] or './x' }}.conf"
    files.write(f'{EACH}target = "{pattern}"\n')
    job = files.jobs()["sites"]
    assert (job.for_each, job.target) == ("containers", f"{files.folder}/{pattern}")
    assert job.each == ForEach("containers", job.target)
    files.write('[[job]]\ntemplate = "a.j2"\ntarget = "/out/{{ x }}"\n')
    assert files.jobs()["/out/{{ x }}"].each is None


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ("", "target: it is missing: with for_each give the pattern of the files, such as sites/{{ item.name }}.conf"),
        (
            'target = "-"',
            "target: it is missing: with for_each give the pattern of the files, such as sites/{{ item.name }}.conf",
        ),
        (
            'target = "/sites/all.conf"',
            "target: all files would be one: name item in it, such as sites/{{ item.name }}.conf",
        ),
        ('target = "/sites/{{ item.name }}/"', "target: names a directory; name a file"),
    ],
)
def test_for_each_needs_a_pattern(files: Files, more: str, refusal: str) -> None:
    """It is told what to give."""
    files.write(f"{EACH}{more}\n")
    assert files.refusals() == [f"pygen.toml: job sites: {refusal}"]


@pytest.mark.parametrize("value", ['""', "[]", "3", '"  "'])
def test_for_each_is_an_expression(files: Files, value: str) -> None:
    """A text that is not empty."""
    files.write(f'[[job]]\ntemplate = "a.j2"\ntarget = "/sites/{{{{ item }}}}"\nfor_each = {value}\n')
    assert files.refusals() == ["pygen.toml: job /sites/{{ item }}: for_each: give a text that is not empty"]


def test_check_config_says_what_is_wrong_with_the_order(files: Files) -> None:
    """As the program itself would, and starts nothing."""
    files.write(_three('after = ["tow"]'))
    refused = parse(["check-config", "--config", str(files.folder)], {})
    assert isinstance(refused, Refused)
    assert "job one: after: there is no job tow (did you mean two?)" in refused.message
    files.write(_three('after = ["two"]'))
    assert isinstance(parse(["check-config", "--config", str(files.folder)], {}), CheckConfig)
