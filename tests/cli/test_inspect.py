import json
import re
import shlex
import shutil
import sys

import polars as pl
import pytest
from rich.cells import cell_len
from rich.text import Text

from sdrrl_data.cli import overview, pager, rows
from sdrrl_data.cli.console import PlainConsole
from sdrrl_data.pipeline.generate import Silent, generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from sdrrl_data.run.dataset import OF_TARGET
from sdrrl_data.steps.verdicts import TEXTS
from tests.support.small_models import CHANGES, models

STEPS = (
    "seeds",
    "answers",
    "parallel",
    "translations",
    "prompts",
    "code_switched",
    "scores-heuristics",
    "scores-round_trip",
    "verdicts",
    "transfer_set",
    "preferences",
    "distillation",
)
SCRIPTS = [
    "ما هي أفضل طريقة لتعلم السباحة في البحر؟",
    "海で泳ぎを習うのに一番よい方法は何ですか。",
    "Is :smile: or [bold]this[/bold] \x1b[31mred\x07?\n\n    x = 1\n\tand that?",
    "echo " * 60,  # the answer will loop
    "word 言葉 " * 2000,  # too long for the model
]
TURNS = [
    {"role": "system", "content": "You are brief."},
    {"role": "user", "content": "Who swims?"},
    {"role": "assistant", "content": "Fish do."},
    {"role": "user", "content": "And who flies?"},
]


class Stops(Silent):
    """Ends a run before a step."""

    def __init__(self, step):
        self._step = step

    def start(self, what, total, done, unit="rows"):
        if what == self._step:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def odd_run(tmp_path_factory):
    """A run with two translators and questions in several scripts, that was stopped before the verdicts."""
    folder = tmp_path_factory.mktemp("odd")
    seeds = [*({"instruction": text} for text in SCRIPTS), {"messages": TURNS}]
    (folder / "seeds.jsonl").write_text("".join(json.dumps(seed) + "\n" for seed in seeds))
    changes = {"seeds.source": str(folder / "seeds.jsonl"), "part_rows": 1, "translator": ["firefox", "nllb"]}
    recipe = loading.load("quickstart", CHANGES | changes | {"translations.best_by": "round_trip"})
    run = Run(folder / "run")
    with pytest.raises(KeyboardInterrupt):
        generate(recipe, run.path, models(), Stops("pt/verdicts"))
    return run


def in_one_line(shown):
    """Without the line breaks that a terminal's width makes."""
    return " ".join(shown.split())


@pytest.fixture
def inspect(invoke):
    """Inspects a run, and gives what was printed."""

    def inspected(run, *words):
        result = invoke("inspect", run.path, *words)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return inspected


def ids_of(shown):
    """The ids above the rows."""
    return re.findall(r"^(\S+)$", shown, flags=re.MULTILINE)


def test_what_a_run_is(inspect, small_run):
    manifest, run = small_run
    shown = inspect(run)
    lines = [line.split() for line in shown.splitlines()]
    for step, count in manifest.counts.steps.items():
        parts = run.table(step).parts()
        aside = run.table(step).set_aside().height
        assert [step, str(count.rows_out), str(parts), "of", str(parts), str(aside)] in lines
    assert ["pt/transfer_set", str(sum(manifest.counts.targets["pt"].rows.values())), "-", "-"] in lines
    assert f"signature  {manifest.signatures['pt'].rpartition(':')[2]} (pt); the whole with --verbose\n" in shown
    assert f"signature  {manifest.signatures['pt']}\n" in inspect(run, "--verbose")
    assert "generator        Answering@1(small-models 1)" in shown
    assert "state      finished" in shown


def test_the_commands_that_it_names_work(invoke, small_run):
    _, run = small_run
    shown = invoke("inspect", run.path).stdout
    commands = re.findall(r"sdrrl-data (inspect .*)", shown)
    assert len(commands) == 2
    for command in commands:
        assert invoke(*command.split()).exit_code == 0


@pytest.mark.parametrize("step", STEPS)
def test_each_table_is_shown(inspect, small_run, step):
    _, run = small_run
    name = step if step in ("seeds", "answers") else f"pt/{step}"
    rows = run.dataset(name).read() if step in OF_TARGET else run.table(name).read_all()
    shown = inspect(run, "--step", step, "--rows", "3")
    assert shown.startswith(f"{name}: 3 of {rows.height} rows\n")
    assert len(ids_of(shown)) == 3
    assert set(ids_of(shown)) <= set(rows["id"])
    assert inspect(run, "--step", name, "--tgt", "Portuguese", "--rows", "3") == shown


def test_source_and_translation_with_their_translators(inspect, odd_run):
    row = odd_run.table("pt/translations").read(0).row(0, named=True)
    shown = in_one_line(inspect(odd_run, "--step", "translations", "--id", row["id"]))
    scores = {candidate["translator"]: candidate["score"] for candidate in row["question_candidates"]}
    translator = f"{row['question_translator']} (firefox {scores['firefox']:.3f}, nllb {scores['nllb']:.3f})"
    question = row["question"][0]["content"]
    assert f"question en {SCRIPTS[0]} question pt {question} translator {translator} answer en " in shown


def test_conversations_turn_by_turn(inspect, odd_run):
    lines = [line.strip() for line in inspect(odd_run, "--step", "answers", "--rows", "9").splitlines()]
    start = lines.index("question           system: You are brief.")
    assert lines[start + 1 : start + 4] == ["user: Who swims?", "assistant: Fish do.", "user: And who flies?"]


def test_each_translators_own_table(inspect, odd_run):
    rows = odd_run.table("pt/translations-nllb").read(0)
    shown = inspect(odd_run, "--step", "translations-nllb", "--id", rows["id"][0])
    assert rows["question"][0][0]["content"] in shown


def test_switched_words_stand_in_brackets_over_the_original(inspect, small_run):
    _, run = small_run
    row = (
        run.table("pt/code_switched")
        .read_all()
        .filter(pl.col("switched").list.len() > 1, matrix="src")
        .row(0, named=True)
    )
    (question,) = run.table("seeds").read_all().filter(id=row["id"])["messages"].to_list()[0]
    shown = in_one_line(inspect(run, "--step", "code_switched", "--id", row["id"]))
    for span in row["switched"]:
        assert f"[{span['replacement']}]" in shown
        assert f"{span['original']} → {span['replacement']} ({span['confidence']:.2f})" in shown
    assert f"original {question['content']} " in shown
    assert f"ratio {row['ratio']:.2f}" in shown
    assert shown.count("language") == 2  # the same question is there in both


def test_the_transfer_set_marks_them_too(inspect, small_run):
    _, run = small_run
    row = run.dataset("pt/transfer_set").read().filter("code_switched").row(0, named=True)
    shown = inspect(run, "--step", "transfer_set", "--id", row["id"])
    assert f"direction   {row['direction']}, code-switched" in shown
    assert all(f"[{span['replacement']}]" in in_one_line(shown) for span in row["switched"])


def test_colour_marks_switched_words_on_a_terminal(inspect, small_run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    _, run = small_run
    shown = inspect(run, "--step", "code_switched", "--rows", "20")
    assert re.search(r"\x1b\[1;35m[^\x1b]+\x1b\[0m", shown)
    assert "[bold" not in shown


def test_answers_say_how_they_came_about(inspect, odd_run):
    row = odd_run.table("answers").read(3).row(0, named=True)
    assert row["faults"] == ["looping"]
    shown = in_one_line(inspect(odd_run, "--step", "answers", "--id", row["id"]))
    assert f"question {'echo ' * 60}answer {row['answer']} author model faults looping finish_reason stop " in shown
    assert f"prompt_tokens {row['prompt_tokens']} completion_tokens {row['completion_tokens']} " in shown


def test_verdicts_say_value_and_threshold(inspect, small_run):
    _, run = small_run
    dropped = run.table("pt/verdicts").read_all().filter(pl.col("failures").list.len() > 0).row(0, named=True)
    shown = in_one_line(inspect(run, "--step", "verdicts", "--id", dropped["id"]))
    for failed in dropped["failures"]:
        expected = f"{failed['filter']} is {failed['value']:.4g}, must be {failed['threshold']}"
        assert expected in shown
    assert "answer pt longer than usual: length is " in shown
    assert "answer pt" in shown


def test_one_question_through_every_step(inspect, small_run):
    _, run = small_run
    id = run.dataset("pt/transfer_set").read().filter(task="answer")["seed_id"][0]
    shown = inspect(run, "--id", id, "--all")
    headings = re.findall(r"^(\S+): \d+ of \d+ rows$", shown, flags=re.MULTILINE)
    assert headings == [*STEPS[:2], *(f"pt/{step}" for step in STEPS[2:] if step not in ("parallel", "prompts"))]
    assert all(row_id.startswith(id) for row_id in ids_of(shown))
    assert ids_of(inspect(run, "--step", "scores-heuristics", "--id", id[:8])) == [id]
    assert ids_of(inspect(run, "--step", "scores", "--id", id[:8])) == [id]


def test_a_question_in_one_block(inspect, small_run):
    _, run = small_run
    row = run.dataset("pt/transfer_set").read().filter("code_switched").row(0, named=True)
    shown = inspect(run, "--id", f"{row['seed_id'][:9]}…")
    assert ids_of(shown) == [row["seed_id"]]
    assert [line.split()[0] for line in shown.splitlines() if re.match(" {2}[a-z]", line)] == (
        ["kept", "question", "question", "answer", "answer", "rows"]
    )
    assert f"{row['direction']} code-switched ({row['split']})" in in_one_line(shown)
    assert "heuristics" not in shown


def test_a_question_that_was_set_aside_says_where_and_why(inspect, odd_run):
    id = odd_run.table("answers").set_aside()["id"][0]
    shown = in_one_line(inspect(odd_run, "--id", id))
    assert f"{id} question en word 言葉 word" in shown
    assert "set aside by answers: the prompt is longer than the" in shown


def test_words_are_searched_for_in_whole_texts_and_shown_with_what_stands_around_them(inspect, odd_run):
    shown = inspect(odd_run, "--search", "ECHO", "--rows", "1")
    assert len(shown.splitlines()) < 24
    assert "round_trip" not in shown
    assert "answers: 1 found" in inspect(odd_run, "--search", "echo", "--all")


def test_a_long_text_is_cut_around_the_words_that_are_searched_for():
    text = Text(" ".join(f"word{n}" for n in range(200)))
    cut = rows.shortened(re.compile("WORD150", re.IGNORECASE), rows.BRIEF)(text)
    assert re.match(r"…word14\d ", cut.plain)
    assert "word150" in cut.plain
    assert cut.cell_len <= rows.BRIEF
    assert rows.shortened(None, rows.BRIEF)(text.copy()).plain.startswith("word0 word1 ")


def test_words_of_rows_that_are_of_no_question(inspect, small_run):
    _, run = small_run
    sentence = run.table("pt/parallel").read_all().row(0, named=True)["tgt"]
    shown = inspect(run, "--search", sentence)
    assert sentence in in_one_line(shown)
    assert "pt/parallel: 1 found" in shown
    assert shown.count(" found\n") <= 2


def test_a_question_by_the_id_of_the_users_own_file(inspect, invoke, tmp_path):
    rows = [{"id": f"mine-{n}", "question": f"Why do people like {what}?"} for n, what in enumerate(["bread", "songs"])]
    rows.append({"id": "mine-1-again", "question": rows[1]["question"]})
    (tmp_path / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = loading.load(
        "quickstart", CHANGES | {"seeds": {"source": str(tmp_path / "seeds.jsonl")}, "parallel": None}
    )
    run = Run(tmp_path / "run")
    generate(recipe, run.path, models())
    by_id = dict(run.table("seeds").read_all().select("source_id", "id").iter_rows())
    assert ids_of(inspect(run, "--id", "mine-1")) == [by_id["mine-1"]]
    shown = inspect(run, "--id", "mine-1", "--all")
    assert {id.partition("/")[0] for id in ids_of(shown)} == {by_id["mine-1"]}
    assert "pt/translations: 1 of 1 rows" in shown
    assert re.search(r"source_id +mine-1", shown)
    assert set(ids_of(inspect(run, "--id", "mine", "--step", "seeds"))) == set(by_id.values())
    aside = inspect(run, "--id", "mine-1-again", "--set-aside")
    assert ids_of(aside) == ["seeds.jsonl:3"]
    assert "the same question stands in an earlier row" in aside
    assert "has an id that begins with theirs" in invoke("inspect", run.path, "--id", "theirs", "--set-aside").stderr


def test_what_was_set_aside(inspect, small_run):
    _, run = small_run
    shown = inspect(run, "--set-aside")
    assert "seeds: 1 of 1 rows that were set aside\n" in shown
    assert re.search(
        r"reason +the same question stands in an earlier row\n +instruction +What is the capital of Fr", shown
    )
    answers = inspect(run, "--step", "answers", "--set-aside")
    assert re.search(r"messages +Why is the sky so blue today\?", answers)
    assert inspect(run, "--step", "scores", "--set-aside") == "No row was set aside.\n"


def test_an_unfinished_run_is_shown_as_far_as_it_is(inspect, odd_run):
    shown = inspect(odd_run)
    assert "state      unfinished" in shown
    assert f"continue   sdrrl-data generate --out {shlex.quote(str(odd_run.path))}\n" in shown
    assert "verdicts" not in shown
    assert inspect(odd_run, "--step", "scores").startswith("pt/scores: 5 of 5 rows\n")
    with odd_run.lock():
        shown = inspect(odd_run)
    assert "state      unfinished; it is being made now\n" in shown
    assert f"progress   sdrrl-data status {shlex.quote(str(odd_run.path))}\n" in shown


def test_parts_may_be_missing_anywhere(inspect, odd_run, tmp_path):
    run = Run(shutil.copytree(odd_run.path, tmp_path / "part"))
    for table in ("answers", "pt/translations"):
        (run.path / table / "part-00000.parquet").unlink()
    assert re.search(r"answers +4 +5 of 6 ", inspect(run))
    assert inspect(run, "--step", "answers").startswith("answers: 4 of 4 rows\n")
    shown = inspect(run, "--step", "scores", "--id", run.table("seeds").read(0)["id"][0])
    assert f"question en  {SCRIPTS[0]}" in shown
    assert "question pt" not in shown
    assert "answer en" not in shown


def test_texts_of_any_kind_keep_their_lines_and_do_no_harm(inspect, odd_run):
    lines = [line.rstrip() for line in inspect(odd_run, "--step", "seeds", "--rows", "9").splitlines()]
    for text in SCRIPTS[:2]:
        assert f"  messages  {text}" in lines
    start = lines.index("  messages  Is :smile: or [bold]this[/bold] \\x1b[31mred\\x07?")
    assert lines[start + 1 : start + 4] == ["", " " * 12 + "    x = 1", " " * 12 + " and that?"]
    assert sum("言葉" in line for line in lines) < 100
    assert any(line.endswith("…") for line in lines)


@pytest.mark.parametrize("columns", [24, 60])
@pytest.mark.parametrize("step", ["code_switched", "scores", "translations"])
def test_narrow_terminals(inspect, odd_run, monkeypatch, columns, step):
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = inspect(odd_run, "--step", step, "--rows", "9")
    assert max(map(cell_len, shown.splitlines())) <= columns
    assert "海" in shown


MISTAKES = {
    "a folder that is missing": (["nowhere"], "nowhere is not a run (there is no such folder)"),
    "a folder without a run": (["."], ". is not a run (it has no manifest.json)"),
    "a step that is missing": (["RUN", "--step", "answer"], "has no table answer: did you mean --step answers?"),
    "a language that does not exist": (["RUN", "--tgt", "Portuguesse"], "did you mean Portuguese (pt)"),
    "a target that is missing": (["RUN", "--tgt", "vi"], "has no target vi: choose from pt"),
    "a step of another target": (["RUN", "--step", "vi/scores"], "has no table vi/scores"),
    "an id that is missing": (["RUN", "--id", "zzz"], "begins with zzz"),
}


@pytest.mark.parametrize(("words", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence(invoke, small_run, words, expected):
    _, run = small_run
    result = invoke("inspect", *(run.path if word == "RUN" else word for word in words))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr


def test_a_run_of_another_version(invoke, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "manifest.json").write_text('{"schema_version": 1}')
    result = invoke("inspect", "old")
    assert result.exit_code == 2
    assert "schema version 1" in result.stderr


def verdicts_of(run):
    return run.table("pt/verdicts").read_all().with_columns(whole=pl.min_horizontal(TEXTS) > 0)


def test_pairs_that_were_dropped_and_pairs_that_were_kept(inspect, small_run):
    _, run = small_run
    verdicts = verdicts_of(run)
    for option, whole in (("--dropped", False), ("--kept", True)):
        wanted = verdicts.filter(whole=whole)["id"].to_list()
        shown = inspect(run, option, "--rows", 99)
        assert shown.startswith(f"pt/verdicts: {len(wanted)} of {len(wanted)} rows\n")
        assert ids_of(shown) == wanted
    rows = inspect(run, "--dropped", "--step", "transfer_set", "--rows", "999")
    assert {id.partition("/")[0] for id in ids_of(rows)} <= {*verdicts.filter(whole=False)["id"]}
    answers = inspect(run, "--dropped", "--step", "answers", "--rows", "999")
    assert {*ids_of(answers)} == {*verdicts.filter(whole=False)["id"]}


def test_pairs_that_one_filter_drops_worst_first(inspect, small_run):
    _, run = small_run
    shown = inspect(run, "--filter", "length", "--sort", "length", "--rows", "99")
    failing = {row["id"] for row in verdicts_of(run).to_dicts() if "length" in [f["filter"] for f in row["failures"]]}
    assert {*ids_of(shown)} == failing
    scores = run.table("pt/scores-heuristics").read_all()
    lengths = scores.select("id", length=pl.max_horizontal("question_length", "answer_length"))
    values = dict(lengths.iter_rows())
    median = {text: scores[f"{text}_length"].median() for text in ("question", "answer")}
    distance = {
        row["id"]: max(
            abs(row[f"{text}_length"] - median[text]) for text in median if row[f"{text}_length"] is not None
        )
        for row in scores.to_dicts()
        if row["id"] in failing
    }
    assert values
    assert ids_of(shown) == sorted(failing, key=lambda id: (-distance[id], id))


def test_a_row_says_the_score_that_it_is_sorted_by(inspect, small_run):
    _, run = small_run
    scores = {row["id"]: row for row in run.table("pt/scores-round_trip").read_all().to_dicts()}
    for step in ("verdicts", "answers"):
        shown = inspect(run, "--sort", "round_trip", "--step", step, "--rows", "3")
        assert len(ids_of(shown)) == 3
        for id in ids_of(shown):
            values = ((scores[id][f"{text}_round_trip"], text) for text in ("question", "answer"))
            words = ", ".join(f"{value:.3g} ({text})" for value, text in values if value is not None)
            assert f"  sorted by    round_trip {words}\n" in re.sub("sorted by +", "sorted by    ", shown)


def test_the_scores_of_all_scorers_stand_together(inspect, small_run):
    _, run = small_run
    [row] = (json.loads(line) for line in inspect(run, "--step", "scores", "--rows", "1", "--json").splitlines())
    assert row["table"] == "pt/scores"
    for table in ("scores-heuristics", "scores-round_trip"):
        of_table = run.table(f"pt/{table}").read_all().filter(id=row["id"]).row(0, named=True)
        assert of_table.items() <= row.items()


def test_texts_are_short_unless_all_of_them_is_wanted(inspect, tmp_path):
    (tmp_path / "seeds.jsonl").write_text(json.dumps({"instruction": "Why do people like the bread so? " * 40}))
    changes = CHANGES | {"seeds.source": str(tmp_path / "seeds.jsonl"), "parallel": None}
    run = Run(tmp_path / "run")
    generate(loading.load("quickstart", changes), run.path, models())
    short, whole = (inspect(run, "--step", "seeds", *words) for words in ([], ["--all"]))
    assert short.count("bread") < 10
    assert "…\n" in short
    assert "--all shows whole texts" in short
    assert whole.count("bread") == 40
    id = run.table("seeds").read(0)["id"][0]
    assert inspect(run, "--step", "seeds", "--id", id).count("bread") == 40


def test_no_line_in_a_pipe_ends_with_blanks(inspect, small_run):
    for words in ([], ["--step", "scores"], ["--dropped"]):
        assert not re.search(" $", inspect(small_run[1], *words), flags=re.MULTILINE)


def test_rows_that_contain_words(inspect, small_run):
    _, run = small_run
    shown = inspect(run, "--step", "seeds", "--search", "CAPITAL of france")
    assert shown.startswith("seeds: 1 found\n")
    assert "What is the capital of France?" in shown
    assert inspect(run, "--search", "no such words at all") == "There are no such rows.\n"


def test_rows_as_json_for_another_program(inspect, small_run):
    _, run = small_run
    rows = [json.loads(line) for line in inspect(run, "--dropped", "--json", "--rows", "3").splitlines()]
    assert [row["table"] for row in rows] == ["pt/verdicts"] * 3
    assert all(row["failures"] and row["asked_src"] and row["answered_tgt"] for row in rows)
    assert inspect(run, "--search", "no such words at all", "--json") == ""


def test_json_is_for_rows(invoke, small_run):
    assert "--json is for rows: add --step" in invoke("inspect", small_run[1].path, "--json").stderr


def test_a_run_under_way_is_sorted_by_the_scores_that_it_has(inspect, invoke, odd_run):
    scored = odd_run.table("pt/scores-round_trip").read_all()
    shown = inspect(odd_run, "--sort", "question_round_trip", "--step", "scores-round_trip", "--rows", "99")
    in_order = scored.drop_nulls("question_round_trip").sort("question_round_trip", "id")["id"]
    assert ids_of(shown) == in_order.to_list() != []
    assert "has no table verdicts" in invoke("inspect", odd_run.path, "--dropped").stderr


def test_what_does_not_go_together_is_one_sentence(invoke, small_run):
    path = small_run[1].path
    for words, sentence in (
        (("--kept", "--dropped"), "--kept shows the pairs that fail no filter"),
        (("--dropped", "--id", "3f"), "are for pairs: leave out --id"),
        (("--filter", "lenght"), "there is no filter lenght: did you mean length?"),
        (("--sort", "lenght"), "there is no score lenght: did you mean length?"),
    ):
        done = invoke("inspect", path, *words)
        assert done.exit_code != 0
        assert sentence in done.stderr


def test_a_person_gets_a_pager_and_a_pipe_does_not(monkeypatch, small_run):
    console = PlainConsole()
    paged_texts = []
    monkeypatch.setattr("pydoc.pager", paged_texts.append)
    for terminal in (True, False):
        for stream in (sys.stdin, sys.stdout):
            monkeypatch.setattr(stream, "isatty", lambda terminal=terminal: terminal)
        with pager.paged(console):
            console.print("a row")
    assert paged_texts == ["a row\n"]


def test_a_run_of_other_languages_is_not_described_as_its_recipe_was_written(small_run, capsys):
    manifest, run = small_run
    overview.show(run, manifest, [], PlainConsole())
    assert "English to Portuguese" in capsys.readouterr().out
    overview.show(run, manifest.model_copy(update={"recipe": manifest.recipe | {"tgt": ["vi"]}}), [], PlainConsole())
    shown = capsys.readouterr().out
    assert "quickstart: Made with other languages or models than the recipe was written for." in shown
    assert "Portuguese" not in shown
