import json
import re
import shlex

import numpy as np
import polars as pl
import pytest
import yaml
from rich.cells import cell_len

from sdrrl_data.recipe import loading
from sdrrl_data.run import NOTHING_SET_ASIDE, Manifest, Part, Run
from sdrrl_data.steps.schemas import MESSAGES, UNITS

ROWS = 400
SOURCE = "What is :smile: [bold]number[/bold] {}?\x1b[31m"
CHANGES = {
    "tgt": ["pt", "vi"],
    "scorers": ["similarity", "length", "repetition"],
    "thresholds": {
        "similarity": {"min": 0.2},
        "length": {"min": 0.2, "max": 3.0},
        "src_finished": {"min": 1},
    },
    "targets.vi.thresholds.similarity.min": 0.3,
}


def spread(seed, bad, good):
    """Values of which every twentieth is bad."""
    values = np.where(np.arange(ROWS) % 20 == 0, bad, good)
    return values + np.random.default_rng(seed).normal(0, 0.01, ROWS)


def write(run, tgt, shift):
    """The tables of one target; every twentieth row is bad."""
    ids = [f"{number:04}" for number in range(ROWS)]

    def put(name, **columns):
        run.table(name).write(0, Part(pl.DataFrame({"id": ids, **columns}), NOTHING_SET_ASIDE), "any")

    def messages(text):
        return pl.Series([[{"role": "user", "content": text.format(id)}] for id in ids], dtype=MESSAGES)

    put("seeds", messages=messages(SOURCE))
    put("answers", answer=["It is what it is."] * ROWS)
    put(
        f"{tgt}/translations",
        question=messages(f"{tgt} {{}}"),
        answer=[f"{tgt} texto" * 99] * ROWS,
        question_units=pl.Series([[[]]] * ROWS, dtype=pl.List(UNITS)),
        answer_units=pl.Series([[]] * ROWS, dtype=UNITS),
    )
    put(
        f"{tgt}/scores-similarity",
        question_similarity=spread(1, 0.5, 0.9) - shift,
        answer_similarity=spread(2, 0.5, 0.9) - shift,
        answer_similarity_worst=["a sentence"] * ROWS,
    )
    put(
        f"{tgt}/scores-heuristics",
        question_length=spread(3, 1.0, 1.0),
        answer_src_repetition=spread(4, 0.8, 0.1),
        answer_src_finished=np.where(np.arange(ROWS) % 40 == 0, 0.0, 1.0),
    )


@pytest.fixture
def run(tmp_path):
    """A run that is finished up to its scores, which are made up."""
    run = Run(tmp_path / "my run")
    run.path.mkdir()
    recipe = loading.load("sdrrl", CHANGES).model_dump(mode="json", by_alias=True)
    run.write_manifest(
        Manifest(
            state="unfinished",
            signatures={"pt": "one", "vi": "two"},
            recipe=recipe,
            versions={},
            ingredients=[],
            growths=[[ROWS]],
        )
    )
    write(run, "pt", shift=0)
    write(run, "vi", shift=0.1)
    return run


@pytest.fixture
def tune(invoke, run, monkeypatch):
    """Tunes the run in a terminal of a hundred columns, and gives what was printed."""
    monkeypatch.setenv("COLUMNS", "100")

    def tuned(*words):
        result = invoke("tune", run.path, *words)
        assert result.exit_code == 0, result.stderr
        assert all(cell_len(line) <= 100 for line in result.stdout.splitlines() if "sdrrl-data" not in line)
        return result.stdout

    return tuned


def test_a_screen_has_a_line_a_score_those_that_drop_most_first(tune, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = tune("--tgt", "pt")
    assert len(shown.splitlines()) <= 24
    assert max(cell_len(line.rstrip()) for line in shown.splitlines() if "sdrrl-data" not in line) <= 80
    assert "pt: 390 of 400 pairs pass every filter, 380 with the proposals" in shown
    rows = [line.split() for line in shown.splitlines() if re.search("[▁▂▃▄▅▆▇█]", line)]
    assert [row[0] for row in rows] == ["similarity", "src_repetition", "src_finished", "length"]
    similarity, repetition, finished, length = (" ".join(row) for row in rows)
    assert re.fullmatch(r"similarity >= 0\.2 ▂ [▁-█]+ - ▂ [▁-█]+ - >= 0\.\d+ \(20\)", similarity)
    assert repetition.endswith("(20)")
    assert finished.endswith(" 10")
    assert length.startswith("length 0.2 to 3 ")
    assert "a score means  sdrrl-data tune " in shown


def test_constant_scores_and_those_without_a_threshold_are_named_in_a_line(tune, run):
    table = run.table("pt/scores-heuristics")
    rows = table.read(0).with_columns(
        question_length=1.0, question_repetition=pl.lit(0.1), answer_repetition=pl.Series(spread(5, 0.1, 0.1))
    )
    table.write(0, Part(rows, NOTHING_SET_ASIDE), "any")
    shown = tune("--tgt", "pt")
    assert "no threshold: repetition\n" in shown
    assert "the same value for every text: length\n" in shown


def test_every_score_of_every_target(tune):
    shown = tune("--all")
    headings = re.findall(r"^(\w+): (\w+) \((.*)\)$", shown, flags=re.MULTILINE)
    similarity = "more is better; too low: far from the source in meaning"
    length = "the usual value is better; too low: shorter than usual; too high: longer than usual"
    assert headings == [
        ("pt", "similarity", similarity),
        ("pt", "length", length),
        ("en", "src_repetition", "less is better; too high: with repeated words"),
        ("en", "src_finished", "more is better; too low: cut at 1024 tokens"),
        ("vi", "similarity", similarity),
        ("vi", "length", length),
    ]
    assert re.search(r"^questions: 400 +answers: 400 *$", shown, flags=re.MULTILINE)
    assert re.search(r"^>= 0\.2 +now +400 +390 ", shown, flags=re.MULTILINE)
    assert re.search(r"^similarity +questions +>= 0\.2 +0 +0\.0% +>= 0\.\d+ +20 +5\.0% +valley *$", shown, re.MULTILINE)
    assert re.search(r"^src_finished +answers +>= 1 +10 +2\.5% +the same as now *$", shown, flags=re.MULTILINE)
    assert (
        re.findall(r"^pairs that pass .*$", shown, flags=re.MULTILINE)
        == ["pairs that pass every filter: 390 of 400 now, 380 with the proposals"] * 2
    )
    assert "(0.97" in shown  # no group of bad ones: in brackets
    assert "\x1b" not in shown


def test_a_narrow_terminal(tune, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = tune("--score", "similarity")
    assert re.search(r"^questions: 400$", shown, flags=re.MULTILINE)
    assert max(cell_len(line.rstrip()) for line in shown.splitlines() if "sdrrl-data" not in line) <= 80


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--scorer", "similarity", "--tgt", "Vietnamese"], {("vi", "similarity")}),
        (["--scorer", "answers"], {("en", "src_finished")}),
        (["--score", "length"], {("pt", "length"), ("vi", "length")}),
        (["--score", "src_repetition", "--tgt", "vi"], {("en", "src_repetition")}),
    ],
)
def test_one_of_them(tune, words, expected):
    assert set(re.findall(r"^(\w+): (\w+) \(", tune(*words), flags=re.MULTILINE)) == expected


def test_examples_do_no_harm(tune):
    shown = tune("--score", "similarity", "--tgt", "pt", "--examples")
    assert len(re.findall(r"^(questions|answers) nearest to 0\.\d+$", shown, flags=re.MULTILINE)) == 2
    rows = re.findall(r"^ +(fails|kept) +(0\.\d+) +(.*?) *$", shown, flags=re.MULTILINE)
    assert [passes for passes, _, _ in rows] == ["fails", "fails", "kept", "kept"] * 2
    assert re.fullmatch(r"What is :smile: \[bold\]number\[/bold\] \d{4}\?\\x1b\[31m", rows[0][2])
    assert re.search(r"^ +pt \d{4} *$", shown, flags=re.MULTILINE)
    assert shown.count("…") == 4  # of the answers


def test_proposals_are_written(tune, tmp_path):
    shown = tune("--write", "new.yaml")
    assert shown.splitlines()[-1].endswith("--with new.yaml")
    path = tmp_path / "new.yaml"
    text = path.read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    of_target = {tag: target["thresholds"] for tag, target in content["targets"].items()}
    assert [(tag, *thresholds) for tag, thresholds in of_target.items()] == [
        ("pt", "question_similarity", "answer_similarity"),
        ("vi", "question_similarity", "answer_similarity"),
    ]
    least = {tag: thresholds["question_similarity"]["min"] for tag, thresholds in of_target.items()}
    assert 0.5 < least["vi"] < 0.7 < least["pt"] < 0.8
    assert 0.2 < content["thresholds"]["answer_src_repetition"]["max"] < 0.7
    assert "# question_length:" in text
    assert tune("--write", "new.yaml", "--force") == shown
    assert path.read_text(encoding="utf-8") == text


def test_too_few_texts_for_a_proposal_are_named_and_no_file_is_promised(invoke, run, tmp_path):
    table = run.table("pt/scores-similarity")
    table.write(0, Part(table.read(0).head(150), NOTHING_SET_ASIDE), "any")
    result = invoke("tune", run.path, "--tgt", "pt", "--score", "similarity", "--write", "th.yaml")
    assert "nothing is proposed: a proposal takes 200 texts of a score, and here are 150\n" in result.stdout
    assert result.stderr == "error: th.yaml is not written: nothing is proposed\n"
    assert result.exit_code != 0
    assert not (tmp_path / "th.yaml").exists()


def test_a_file_that_is_there_stays(invoke, run, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("mine")
    result = invoke("tune", run.path, "--write", path)
    assert result.exit_code == 2
    assert result.stderr == f"error: {path} exists already: choose another file, or overwrite it with --force\n"
    assert path.read_text() == "mine"


def test_the_command_that_it_names_works(invoke, tune, tmp_path):
    (command,) = re.findall(r"sdrrl-data (tune .*)", tune("--score", "similarity"))
    assert invoke(*shlex.split(command)).exit_code == 0
    assert (tmp_path / "thresholds.yaml").exists()


def test_an_unfinished_run_is_shown_as_far_as_it_is(tune, run):
    part = run.path / "pt" / "scores-similarity" / "part-00000.parquet"
    pl.read_parquet(part).head(300).write_parquet(part)
    (run.path / "vi" / "scores-heuristics" / "part-00000.parquet").unlink()
    assert "unfinished: of 400 rows, pt/scores-similarity has 300" in tune()
    shown = tune("--all")
    assert "unfinished: of 400 rows, pt/scores-similarity has 300; the other rows count as not judged" in shown
    assert "questions: 300, 100 not judged" in shown
    assert re.findall(r"^vi: (\w+) \(", shown, flags=re.MULTILINE) == ["similarity"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--tgt", "Thai"], "has no target th: choose from pt and vi"),
        (["--scorer", "comet"], "the run has no scorer comet: choose from similarity, length, repetition and answers"),
        (["--score", "lengths"], "there is no score lengths here: did you mean length?"),
        (["--score", "compression"], "has no values of compression yet: `sdrrl-data generate --out "),
        (["--write", "no/such/folder.yaml"], "no/such/folder.yaml cannot be written (No such file or directory)"),
    ],
)
def test_mistakes(invoke, run, words, expected):
    result = invoke("tune", run.path, *words)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1


def test_recipes_of_other_versions_are_refused(invoke, run):
    path = run.path / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["digest"]
    manifest["recipe"]["scorers"] = ["similarity"]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    result = invoke("tune", run.path)
    assert result.exit_code == 2
    assert "is of another version of sdrrl-data" in result.stderr


@pytest.mark.parametrize(
    ("columns", "bars", "fail"), [(36, False, False), (70, False, True), (80, True, True), (100, True, True)]
)
@pytest.mark.parametrize("more", [[], ["--all"]])
def test_names_are_whole_however_narrow_the_terminal_is(tune, monkeypatch, columns, bars, fail, more):
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = tune("--tgt", "pt", *more)
    lines = [line.rstrip() for line in shown.splitlines()]
    for name in ("similarity", "src_repetition", "src_finished", "length"):
        assert any(line.split()[:1] == [name] for line in lines)
    if not more:
        assert bool(re.search("[▁▂▃▄▅▆▇█]", shown)) == bars
        assert any("fail" in line.split() for line in lines) == fail
    assert max(cell_len(line) for line in lines if "sdrrl-data" not in line) <= max(columns, 48)
