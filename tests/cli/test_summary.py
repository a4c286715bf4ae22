import json
import os
import re
import shlex
import subprocess
import sys
from copy import deepcopy

import polars as pl
import pytest
from rich.console import Console

from sdrrl_data.cli import console, details, samples, summary
from sdrrl_data.cli.console import PlainConsole
from sdrrl_data.cli.progress import Bars
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Silent
from sdrrl_data.recipe import loading
from sdrrl_data.report.verdict_changes import FilterChange, VerdictChanges
from sdrrl_data.run import Count, FilterCount, Run
from sdrrl_data.steps.transfer_set import CROSSINGS
from sdrrl_data.steps.verdicts import TEXTS
from tests.support.copies import trusted_copy
from tests.support.small_models import CHANGES, models


@pytest.fixture
def shown(small_run, capsys):
    manifest, run = small_run
    summary.show(manifest, run)
    return capsys.readouterr().out


@pytest.fixture
def tables(small_run, capsys):
    """What `--verbose` adds."""
    manifest, run = small_run
    details.show(manifest, run, PlainConsole())
    return capsys.readouterr().out


def rows_of(text):
    return [line.split() for line in text.splitlines()]


def test_rows_in_and_out_of_each_step(tables, small_run):
    manifest, _ = small_run
    assert ["seeds", "63", "62", "1"] in rows_of(tables)
    for step, count in manifest.counts.steps.items():
        aside = sum(count.set_aside.values())
        figures = [step, str(count.rows_in), str(count.rows_out), str(aside)]
        assert figures in [row[:4] for row in rows_of(tables)]


def test_what_was_set_aside_and_why(tables):
    assert "Rows were set aside" in tables
    assert re.search(r"seeds +the same question stands in an earlier row +1\n", tables)
    assert re.search(r"answers +the prompt is longer than the 80 words that fit +[1-9]\n", tables)


def test_what_each_filter_found_and_removed(tables, small_run):
    manifest, _ = small_run
    target = manifest.counts.targets["pt"]
    assert f"pt: {target.kept} of {target.pairs} pairs kept all four texts" in tables
    rows = rows_of(tables)
    [by_length] = [count for count in target.filters if count.filter == "length"]
    assert by_length.texts["answer_tgt"] > 0
    for count in target.filters:
        assert [count.filter, "0", *map(str, count.texts.values())] in rows
        removed = [word for kind in CROSSINGS for word in (str(count.alone[kind]), f"({count.only[kind]})")]
        assert [count.filter, *removed] in rows
    assert ["all", "together", *map(str, target.removed.values())] in rows


def test_filters_of_a_large_run_fit_100_columns(small_run, monkeypatch, capsys):
    manifest, run = small_run
    many = dict.fromkeys(CROSSINGS, 1_000_000)
    count = FilterCount(
        filter="answer_length_words", weight=0.0, texts=dict.fromkeys(TEXTS, 1_000_000), alone=many, only=many
    )
    lighter = count.model_copy(update={"filter": "similarity", "weight": 0.25})
    target = manifest.counts.targets["pt"].model_copy(update={"filters": [count, lighter], "removed": many})
    counts = manifest.counts.model_copy(update={"targets": {"pt": target}})
    monkeypatch.setenv("COLUMNS", "100")
    details.show(manifest.model_copy(update={"counts": counts}), run, PlainConsole())
    rows = rows_of(capsys.readouterr().out)
    assert ["answer_length_words", "0", *["1000000"] * 4] in rows
    assert ["answer_length_words", *["1000000", "(1000000)"] * 4] in rows
    assert ["similarity", "0.25", *["1000000"] * 4] in rows
    assert [row[0] for row in rows if row].count("similarity") == 1  # what is lighter is not removed


def test_the_mix(tables, small_run):
    manifest, _ = small_run
    target = manifest.counts.targets["pt"]
    taken = sum(kind.taken for kind in target.mix)
    for kind in target.mix:
        reached = f"{kind.taken / taken:.1%}"
        assert [kind.kind, f"{kind.asked:.1%}", reached, str(kind.taken), str(kind.available)] in rows_of(tables)
    assert f"pt/transfer_set (rows: train {target.rows['train']}, test {target.rows['test']})" in tables


def test_the_signature_and_the_place(tables, small_run):
    manifest, run = small_run
    assert ["signature", manifest.signatures["pt"]] in rows_of(tables)
    assert f"run        {run.path}: " in tables


def test_the_command_that_loads_the_rows_works(tables, small_run, tmp_path):
    manifest, _ = small_run
    [line] = [line for line in tables.splitlines() if line.startswith("load it ")]
    python, *rest = shlex.split(line.removeprefix("load it "))
    assert python == "python"
    loaded = subprocess.run(
        [sys.executable, *rest],
        env=os.environ | {"HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    rows = manifest.counts.targets["pt"].rows
    assert re.findall(r"num_rows: (\d+)", loaded.stdout) == [str(rows["train"]), str(rows["test"])]


def test_what_to_type_for_a_stricter_filter(small_run, capsys):
    manifest, run = small_run
    for least, words in ((0.8, 1), (0.9, 0)):
        by_similarity = manifest.model_copy(update={"recipe": {"thresholds": {"similarity": {"min": least}}}})
        details.show(by_similarity, run, PlainConsole())
        command = f"stricter   sdrrl-data generate --out {run.path} --set thresholds.similarity.min=0.85"
        assert capsys.readouterr().out.splitlines().count(command) == words


def test_it_fits_a_screen_and_80_columns(shown):
    assert len(shown.splitlines()) <= 24
    assert "\x1b" not in shown
    assert "\x07" not in shown
    long = [line for line in shown.splitlines() if len(line) > 80]
    assert {line.split()[0] for line in long} <= {"run", "look", "tune", "publish", "ask", "figures"}


def test_what_came_out(shown, small_run):
    manifest, _ = small_run
    target = manifest.counts.targets["pt"]
    rows = sum(target.rows.values())
    assert re.sub(r"\n {11}", " ", shown).splitlines()[:2] == [
        f"made       62 questions, {manifest.counts.steps['answers'].rows_out} "
        "answers; rows set aside: "
        + ", ".join(
            f"{count.rows_in - count.rows_out} of {step}"
            for step, count in manifest.counts.steps.items()
            if count.rows_in > count.rows_out
        ),
        f"pt         {target.pairs} pairs, {target.kept} kept by every filter; {rows} rows: "
        f"{target.rows['train']} train, {target.rows['test']} test",
    ]


def test_the_three_largest_reasons_for_losses(small_run, capsys):
    manifest, run = small_run
    steps = manifest.counts.steps | {
        "answers": Count(rows_in=62, rows_out=50, set_aside={"one [b]reason[/b]": 9, "another": 2, "a third": 1})
    }
    counts = manifest.counts.model_copy(update={"steps": steps})
    summary.show(manifest.model_copy(update={"counts": counts}), run)
    lost = capsys.readouterr().out.splitlines()[2:]
    assert lost[0].startswith("lost       ")
    assert "           9 rows of answers: one [b]reason[/b]" in lost[:3]
    assert "           and 2 smaller reasons" in lost[3:6]
    assert "pairs of pt: questions and answers longer than usual (length > 80%)" in " ".join(" ".join(lost).split())


def test_the_digest_of_the_signature_and_what_to_type_next(shown, small_run):
    manifest, run = small_run
    digest = manifest.signatures["pt"].rpartition(":")[2]
    assert f"run        {run.path} (signature {digest})" in shown
    assert manifest.signatures["pt"] not in shown
    assert f"look       sdrrl-data report {run.path}\n" in shown
    assert f"ask again  sdrrl-data generate --out {run.path} --retry-set-aside\n" in shown


def test_what_another_threshold_has_changed(small_run, tmp_path, capsys):
    manifest, run = small_run
    again = Run(trusted_copy(run.path, tmp_path / "run"))
    before = summary.Before.of(again)
    recipe = loading.finished(deepcopy(manifest.recipe), {"thresholds.length": {"max": "50%"}})
    stricter = generate(recipe, again.path, models())
    summary.show(stricter, again, before)
    shown = capsys.readouterr().out
    lost = manifest.counts.targets["pt"].kept - stricter.counts.targets["pt"].kept
    assert lost > 1
    assert "changed    thresholds.length.max changed from 80% to 50%\n" in shown
    assert f"\n           pt: {lost} pairs lost (length {lost})\n" in shown
    assert f" rows (before: {sum(manifest.counts.targets['pt'].rows.values())}): " in shown
    summary.show(manifest, run, summary.Before.of(run))
    assert "changed" not in capsys.readouterr().out
    before = summary.Before.of(again)
    recipe = loading.finished(deepcopy(stricter.recipe), {"transfer_set.test_share": 0.5})
    summary.show(generate(recipe, again.path, models()), again, before)
    shown = capsys.readouterr().out
    assert "test_share changed from 0.1 to 0.5\n           pt: the same pairs are kept\n" in shown


def test_a_pair_that_two_filters_have_gained_is_counted_once_and_that_is_said():
    changes = [FilterChange("length", 2, 0), FilterChange("script", 2, 1)]
    now = VerdictChanges(10, 3, 1, changes, {})
    assert summary._by_filters(now, "gained") == "3 pairs gained (length 2, script 2; some by more than one)"
    assert summary._by_filters(now, "lost") == "1 pair lost (script 1)"


def test_lines_of_json_are_whole_and_their_cells_have_names(small_run, capsys):
    manifest, run = small_run
    with console.json_lines(console.STDOUT):
        summary.show(manifest, run)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if "\n" in line.get("text", "")] == []
    assert {"part", "text"} in [set(line) for line in lines]


def test_with_verbose_every_table_comes_too(small_run, capsys):
    manifest, run = small_run
    summary.show(manifest, run, verbose=True)
    shown = capsys.readouterr().out
    assert "rows in  rows out" in shown
    assert manifest.signatures["pt"] in shown


def test_two_rows_one_code_switched(shown):
    headings = re.findall(r"^(\w+->\w+)(, code-switched)?$", shown, flags=re.MULTILINE)
    assert len({direction for direction, _ in headings}) == 2
    assert [bool(switched) for _, switched in headings].count(True) == 1
    _, _, sample = shown.partition("code-switched\n")
    assert re.search(r"\[.+\]", sample.partition("answer")[0])


def test_a_row_is_shown_as_it_is_but_escaped(small_run, capsys):
    _, run = small_run
    rows = run.dataset("pt/transfer_set").read().filter(direction="en->en", code_switched=False)
    odd = rows.filter(pl.col("prompt").list.last().struct.field("content").str.contains("danger"))
    samples.show(odd, Console(markup=False, width=200), 280)
    shown = capsys.readouterr().out
    assert "Why is the word [bold red]danger[/bold red] \\x1b[31mred\\x07 in every manual?" in shown
    assert "\x1b" not in shown


def test_long_texts_are_cut(small_run, capsys):
    _, run = small_run
    long = [{"role": "user", "content": "word 言葉 " * 500}]
    row = samples.choose(run.dataset("pt/transfer_set").read()).head(1)
    samples.show(row.with_columns(prompt=pl.Series([long])), Console(width=80), 280)
    assert len(capsys.readouterr().out.splitlines()) < 13


def test_colours_mark_switched_words_on_a_terminal(small_run, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    summary.show(*small_run)
    _, _, sample = capsys.readouterr().out.partition("code-switched")
    assert re.search(r"\x1b\[1;35m[^\x1b]+\x1b\[0m", sample)


def test_bars_end_full(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    recipe = loading.load("quickstart", CHANGES | {"limit": 20, "part_rows": 8})
    with Bars() as bars:
        generate(recipe, tmp_path / "run", models(), bars)
    captured = capsys.readouterr()
    assert captured.out == ""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", captured.err)
    last = [re.split("[\r]", line)[-1] for line in plain.splitlines()]
    for step in ("answer questions", "translate into pt", "switch words of pt", "score pt: heuristics"):
        assert any(line.startswith(step) and " 20/20 " in line for line in last)
    assert all(len(line) <= 80 for line in last)


def test_without_a_terminal_a_line_a_step(tmp_path, capsys):
    recipe = loading.load("quickstart", CHANGES | {"limit": 20, "part_rows": 8})
    with pytest.raises(KeyboardInterrupt), Bars() as bars:
        generate(recipe, tmp_path / "run", models(), _Stops(bars))
    assert capsys.readouterr().err == (
        "seeds seeds.jsonl: 20 questions (question: 'instruction'; input: 'input')\n"
        "answers by Answering on small-models 1\nanswer questions (rows: 20)\ntranslate into pt (rows: 20)\n"
    )
    with Bars() as bars:
        generate(recipe, tmp_path / "run", models(), bars)
    assert capsys.readouterr().err.startswith(
        "translate into pt (rows: 20, done before: 8)\ntranslate prompts into pt\nlearn word pairs of pt (rows: 20)\n"
    )


class _Stops(Silent):
    """Stops a run in the second part of the translations, as Ctrl-C would."""

    def __init__(self, bars):
        self._bars, self._translated = bars, None

    def start(self, what, total, done, unit="rows"):
        self._translated = 0 if what == "pt/translations" else None
        self._bars.start(what, total, done, unit)

    def say(self, sentence):
        self._bars.say(sentence)

    def advance(self, amount, note=""):
        self._bars.advance(amount, note)
        if self._translated is not None:
            self._translated += amount
            if self._translated > 9:
                raise KeyboardInterrupt


def test_where_no_pair_is_left_there_is_nothing_to_tune_and_the_lost_rows_are_shown(small_run, capsys):
    manifest, run = small_run
    nothing = {"pairs": 0, "kept": 0, "rows": {"train": 0, "test": 0}, "mix": [], "filters": []}
    empty = deepcopy(manifest)
    empty.counts.targets["pt"] = manifest.counts.targets["pt"].model_copy(update=nothing)
    summary.show(empty, run)
    shown = capsys.readouterr().out
    assert "sdrrl-data tune" not in shown
    assert f"sdrrl-data inspect {shlex.quote(str(run.path))} --set-aside" in shown
