"""With `--json`, every line is JSON: what a command shows on stdout, progress and messages on stderr."""

import json
import logging
import os

import pytest

from sdrrl_data.cli.console import STDERR, STDOUT, PlainConsole, json_lines, say
from sdrrl_data.cli.progress import Bars
from tests.support.copies import trusted_copy


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    "words",
    [
        ["recipes"],
        ["recipes", "no-comet"],
        ["languages", "portu"],
        ["tune", "run"],
        ["inspect", "run"],
        ["inspect", "run", "--kept"],
        ["status", "run"],
        ["verify", "run"],
        ["controls", "run", "--only", "sft"],
        ["tune", "rum"],
        ["generate", "--limit", "ten"],
        ["init", "mine.yaml", "--recipe", "quickstart", "--tgt", "pt"],
    ],
    ids=" ".join,
)
def test_every_line_is_json(invoke, tmp_path, small_run, words):
    trusted_copy(small_run[1].path, tmp_path / "run")
    result = invoke("--json", *words)
    text = result.stdout
    assert json.loads(text) if words[0] == "verify" else lines(text) or result.exit_code
    assert all(event["event"] for event in lines(result.stderr))
    assert (result.exit_code == 2) == any(event["event"] == "error" for event in lines(result.stderr))
    assert "{" not in invoke("languages", "portu").stdout  # the next command is for people again


def test_a_table_is_an_object_a_row(invoke):
    [row] = lines(invoke("--json", "languages", "vi").stdout)[:1]
    assert row == {"tag": "vi", "FLORES": "vie_Latn", "fastText": "vi", "name": "Vietnamese"}


def test_progress_messages_and_logs_are_events(capsys):
    with json_lines(STDERR), Bars() as bars:
        bars.start("answers", 40, 10)
        bars.say("answers by a model")
        bars.advance(10, "5 rows/s")
        say("warning: a column is not used", err=True)
        logging.getLogger("of.a.library").warning("slow: %s", "http://me:secret@host")
        say("for people")
    shown = capsys.readouterr()
    assert shown.out == "for people\n"
    assert lines(shown.err) == [
        {"event": "start", "task": "answers", "unit": "rows", "total": 40, "done": 10},
        {"event": "said", "text": "answers by a model"},
        {"event": "progress", "task": "answers", "unit": "rows", "total": 40, "done": 20, "note": "5 rows/s"},
        {"event": "warning", "text": "a column is not used"},
        {"event": "warning", "text": "slow: http://***@host", "logger": "of.a.library"},
    ]


def test_a_console_draws_nothing_in_json(capsys):
    with json_lines(STDOUT, STDERR):
        console = PlainConsole()
        console.print()
        console.print("[not] markup\x1b[2J")
        assert not console.is_terminal
    assert lines(capsys.readouterr().out) == [{"text": "[not] markup\x1b[2J"}]


def test_no_colour_is_the_variable_for_all_libraries(invoke, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    invoke("--no-color", "languages", "vi")
    assert os.environ["NO_COLOR"] == "1"


def test_verbose_gives_the_traceback_of_an_error(invoke):
    assert "Traceback" not in invoke("tune", "nowhere").stderr
    told = invoke("--verbose", "tune", "nowhere").stderr
    assert told.startswith("Traceback")
    assert "NotARun" in told
    assert told.splitlines()[-1].startswith("error: nowhere is not a run")
