"""How work is shown, on a terminal and elsewhere."""

import re
from contextlib import closing
from time import sleep

import pytest
from rich.progress import Progress

from sdrrl_data.cli import progress
from sdrrl_data.cli.progress import Bars

NOTE = "loss 0.5000, 1,200 tokens/s"


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def lines(text):
    """What stands on each line of a terminal at last."""
    text = re.sub(r"[^\n]*\x1b\[2K", "", text)  # erased
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return [line.split("\r")[-1].rstrip() for line in plain.splitlines()]


def test_without_a_terminal_figures_are_lines_now_and_then(capsys):
    with closing(Bars()) as bars:
        bars.start("model on set", 100, 40, "steps")
        for _ in range(60):
            bars.advance(1, NOTE)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "model on set (steps: 100, done before: 40)",
        *(f"step {number}/100: {NOTE}" for number in range(45, 101, 5)),
    ]


def test_work_that_stops_early_is_not_shown_as_done(capsys, terminal):
    with closing(Bars()) as bars:
        bars.start("model on set", 10, 2, "steps")
        for _ in range(3):
            bars.advance(1, NOTE)
    assert any(re.match(rf"model on set .* 5/10 {NOTE}", line) for line in lines(capsys.readouterr().err))


def test_work_that_begins_again_was_not_done(capsys, terminal):
    with Bars() as bars:
        for _ in range(2):  # as where memory ran out
            bars.start("model on set", 10, 0, "steps")
            bars.advance(1, NOTE)
        bars.start("answers", 5, 0)
    shown = [re.findall(r"^[a-z ]+\w|\d+/\d+", line) for line in lines(capsys.readouterr().err) if "/" in line]
    assert [found[:2] for found in shown] == [
        ["model on set", "1/10"],
        ["model on set", "10/10"],
        ["answer questions", "5/5"],
    ]


def test_a_sentence_leaves_nothing_of_the_name_that_waits_for_its_bar(capsys, terminal):
    with Bars() as bars:
        bars.start("a name that is long", 3, 0)
        bars.say("short")
        bars.advance(3)
    shown = lines(capsys.readouterr().err)
    assert "short" in shown
    assert any(line.startswith("a name that is long") and "3/3" in line for line in shown)


def test_a_sentence_is_shown_without_its_control_characters(capsys):
    Bars().say("red \x1b[31m :smile: [bold]x[/bold]")
    assert capsys.readouterr().err == "red \\x1b[31m :smile: [bold]x[/bold]\n"


def until(capsys, text):
    """What is printed to stderr until this text comes."""
    shown = ""
    for _ in range(600):
        shown += capsys.readouterr().err
        if text in shown:
            return shown
        sleep(0.05)
    pytest.fail(f"{text} does not come: {shown}")


def test_a_clock_runs_from_the_start_and_leaves_nothing_behind(capsys, terminal):
    with Bars() as bars:
        assert "getting ready ..." in capsys.readouterr().err
        bars.start("pt/scores-comet", 10, 0)
        shown = until(capsys, "score pt: comet ... 0:01")
    shown += capsys.readouterr().err
    assert [line for line in lines(shown) if "..." in line] == []


def test_without_a_terminal_a_line_now_and_then_says_how_far_the_work_is(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    with Bars() as bars:
        assert until(capsys, "so far").startswith("getting ready: 0:0")
        bars.start("pt/translations", 1000, 100)
        bars.advance(100)
        shown = until(capsys, "rows, ")
    assert re.search(r"translate into pt: 200 of 1,000 rows, 0:\d\d so far\n", shown)
    assert "\x1b" not in shown


def test_the_time_that_a_model_took_to_load_does_not_count_in_the_rate_of_such_a_line(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    with Bars() as bars:
        bars.start("answers", 31, 0)
        now[0] = 90.0
        bars.advance(1)
        now[0] = 100.0
        bars.advance(10)
        shown = until(capsys, " left")
    assert "answer questions: 11 of 31 rows, 1 rows/s, about 0:20 left\n" in shown


def test_work_without_rows_or_with_an_unknown_number_of_them_shows_no_number(capsys):
    with closing(Bars()) as bars:
        bars.start("pt/prompts", 1, 0, "")
        bars.advance(1)
        bars.advance(0)
    assert capsys.readouterr().err == "translate prompts into pt\n"


def test_while_nothing_is_made_yet_the_loading_of_the_model_is_named(capsys, terminal, monkeypatch):
    monkeypatch.setattr(progress, "SETTLED", 1.0)
    with Bars() as bars:
        bars.start("answers", 10, 0)
        until(capsys, "answer questions ... 0:01 (a model may be loading)")
        bars.start("verdicts", 10, 0)
        assert "loaded" not in until(capsys, "verdicts ... 0:01")


def test_the_time_left_is_told_once_the_rate_since_the_first_rows_is_settled():
    now = [0.0]
    bar = Progress(get_time=lambda: now[0])
    bar.add_task("answers", total=24, completed=4, waited=91.0, first=16)
    [task] = bar.tasks
    bar.update(task.id, completed=16)  # rows that were finished before, and a first batch: all at one moment
    now[0] = 4.0
    bar.update(task.id, completed=17)
    column = progress._TimeColumn()
    assert column.render(task).plain == "1:35"
    now[0] = 20.0
    bar.update(task.id, completed=20)
    assert column.render(task).plain == "1:51, 0:20 left"


def test_the_first_rows_of_hundreds_that_were_begun_at_once_tell_no_time(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    with Bars() as bars:
        bars.start("answers", 600, 0)
        now[0] = 90.0
        bars.advance(1)
        now[0] = 190.0
        bars.advance(2)
        assert "answer questions: 3 of 600 rows, 3:10 so far\n" in until(capsys, "3 of 600")
        now[0] = 290.0
        bars.advance(28)
        shown = until(capsys, "31 of 600")
    assert "answer questions: 31 of 600 rows, 0.15 rows/s, about 1:03:13 left\n" in shown


def test_while_a_question_is_asked_the_clock_stands_still(capsys, terminal):
    with Bars() as bars:
        with bars.paused():
            capsys.readouterr()
            sleep(1.2)
            assert capsys.readouterr().err == ""
        until(capsys, "getting ready ... 0:0")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("answers", "answer questions"),
        ("pt/translations-nllb", "translate into pt: nllb"),
        ("zh-Hant/scores-round_trip", "score zh-Hant: round_trip"),
        ("shared_counts", "count rows"),
        ("model on set", "model on set"),
        ("pt/anything", "pt/anything"),
    ],
)
def test_work_has_a_name_in_words(table, words):
    assert progress.label(table) == words
