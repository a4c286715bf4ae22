import json
import math
import shutil

import numpy as np
import polars as pl
import pytest
import typer
from markdown_it import MarkdownIt
from sacrebleu.metrics import CHRF
from typer.testing import CliRunner

from sdrrl_data.cli import evaluate as command
from sdrrl_data.errors import UserError
from sdrrl_data.evaluation import markdown
from sdrrl_data.evaluation.bootstrap import Change
from sdrrl_data.evaluation.evaluate import evaluate
from sdrrl_data.evaluation.kinds import KINDS
from sdrrl_data.evaluation.likelihood import Likelihood
from sdrrl_data.evaluation.measures import Measure
from sdrrl_data.evaluation.results import Figure, figures
from sdrrl_data.languages import find
from sdrrl_data.models.locating import locate
from tests.evaluation.conftest import CHOICES, PAIRS, Steps
from tests.support.comet import write_checkpoint

EN, PT = find("en"), find("pt")
pytestmark = pytest.mark.long

OUTPUTS = ("evaluation.json", "evaluation.md", "gain.png")
ALL = ["neutral", "references", "fidelity", "lines", "looping", "chrf", "choice-letter", "choice-text"]


@pytest.fixture
def settings(base, adapter, make_model, parallel, choices, tmp_path):
    """Everything there is to measure, but COMET: an adapter and a whole model, against their base."""
    (tmp_path / "en.jsonl").write_text('{"question": "Why does it rain?", "answer": "Because of the clouds."}\n')
    (tmp_path / "pt.txt").write_text("Para onde vão os pássaros?\nPor que chove?\n")
    english = [row | {"dialect": "eng_Latn"} for row in CHOICES]
    (tmp_path / "choices-en.jsonl").write_text("".join(json.dumps(row) + "\n" for row in english))
    return dict(
        base=str(base),
        tuned=[str(adapter), str(make_model("other", seed=4))],
        tgt="Portuguese",
        parallel=parallel,
        questions=f"{tmp_path}/en.jsonl,{tmp_path}/pt.txt",
        choices=(tmp_path / "choices-en.jsonl", choices),
        max_tokens=8,
        engine="transformers",
    )


def test_everything_once(settings, tmp_path, base):
    out, steps = tmp_path / "out", Steps()
    results = evaluate(**settings, out=out, reporter=steps)
    names = [f"{kind}-{tag}" for kind in ALL for tag in ("pt", "en") if (kind, tag) != ("references", "pt")]
    assert sorted(steps.started) == sorted(
        f"{model} {name}" for model in ("base", "adapter", "other") for name in names
    )
    assert steps.done == pytest.approx(steps.rows)
    assert [(figure.measure.name, figure.model) for figure in results.figures] == [
        (name, model) for name in names for model in ("base", "adapter", "other")
    ]

    found = {(figure.measure.name, figure.model): figure for figure in results.figures}
    model = Likelihood(locate(str(base), None, "base", "--base"))
    texts = [target for _, target in PAIRS]
    nats = -sum(model.of_texts(texts, lambda _: None))
    neutral = found["neutral-pt", "base"]
    assert neutral.value == pytest.approx(nats / math.log(2) / sum(len(text.encode()) for text in texts))
    assert neutral.change is None
    assert neutral.items == 6
    written = pl.read_parquet(out / "measures" / "adapter" / "chrf-en.parquet")["text"].to_list()
    expected = CHRF(word_order=2).corpus_score(written, [[source for source, _ in PAIRS]]).score
    assert found["chrf-en", "adapter"].value == pytest.approx(expected)
    assert found["choice-letter-pt", "other"].items == 4
    for figure in results.figures:
        if figure.change:
            own, before = figure, found[figure.measure.name, "base"]
            assert figure.change.value == pytest.approx(own.value - before.value, nan_ok=True)

    content = json.loads((out / "evaluation.json").read_text())
    assert content["figures"][0]["value"] == pytest.approx(neutral.value, abs=1e-6)
    assert str(tmp_path) not in json.dumps(content)
    report = (out / "evaluation.md").read_text()
    assert "<table>" in MarkdownIt("commonmark").enable("table").render(report)
    assert results.signature in report
    assert str(tmp_path) not in report
    assert (out / "gain.png").read_bytes().startswith(b"\x89PNG")
    assert not (out / ".merged").exists()

    # What is there is not measured again, and what is lost is; the same comes of it.
    before = {name: (out / name).read_bytes() for name in OUTPUTS}
    again = Steps()
    evaluate(**settings, out=out, reporter=again)
    assert again.started == []
    (out / "measures" / "adapter" / "neutral-pt.parquet").unlink()
    for name in OUTPUTS:
        (out / name).unlink()
    evaluate(**settings, out=out, reporter=again)
    assert again.started == ["adapter neutral-pt"]
    assert {name: (out / name).read_bytes() for name in OUTPUTS} == before


def test_choices_are_found_by_name(settings, tmp_path):
    folder = tmp_path / "Belebele"
    folder.mkdir()
    for dialect in ("eng_Latn", "por_Latn"):
        rows = [row | {"dialect": dialect} for row in CHOICES]
        (folder / f"{dialect}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = settings | dict(parallel=None, questions=None, choices=folder, tuned=settings["tuned"][1])
    results = evaluate(**settings, out=tmp_path / "out", reporter=Steps())
    assert [figure.measure.name for figure in results.of("other")] == [
        f"choice-{way}-{tag}" for way in ("letter", "text") for tag in ("pt", "en")
    ]
    with pytest.raises(UserError, match=r"has no questions in Thai \(tha_Thai\)"):
        evaluate(**settings | dict(tgt="th"), out=tmp_path / "thai", reporter=Steps())


def test_what_has_changed_is_measured_again(settings, tmp_path, base):
    settings = settings | dict(questions=None, choices=None, tuned=[str(shutil.copytree(base, tmp_path / "same"))])
    first, more = Steps(), Steps()
    results = evaluate(**settings, out=tmp_path / "out", reporter=first)
    assert all(figure.change == (0, 0, 0) for figure in results.of("same"))
    assert not any(figure.better() for figure in results.figures)
    evaluate(**settings | dict(max_tokens=9), out=tmp_path / "out", reporter=more)
    assert more.started == ["base chrf-pt", "base chrf-en", "same chrf-pt", "same chrf-en"]
    more = Steps()
    evaluate(**settings | dict(limit=3, max_tokens=9, seed=1), out=tmp_path / "out", reporter=more)
    assert len(more.started) == 8


def test_without_a_chat_template(settings, tmp_path, make_model, make_adapter):
    mute = make_model("mute", template=None)
    settings = settings | dict(base=str(mute), tuned=[str(make_adapter(mute))])
    results = evaluate(**settings, out=tmp_path / "out", reporter=Steps())
    assert {figure.measure.kind.name for figure in results.figures} == {"neutral", "choice-letter", "choice-text"}
    assert results.left_out[0] == "bits/byte, references: no chat template in base, adapter"
    assert results.left_out[0] in (tmp_path / "out" / "evaluation.md").read_text()
    with pytest.raises(UserError, match="has no chat template, which --questions needs"):
        evaluate(**settings | dict(parallel=None, choices=None), out=tmp_path / "out", reporter=Steps())


def test_comet_that_cannot_be_had_is_told_before_anything_is_measured(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    comet, steps = str(write_checkpoint(tmp_path / "comet")), Steps()
    with pytest.raises(UserError, match=r"uv cannot make the comet scorer's environment|uv is not installed"):
        evaluate(**settings, comet=comet, out=tmp_path / "out", reporter=steps)
    assert steps.started == []
    assert not (tmp_path / "out").exists()


def test_one_language_alone_has_no_picture(settings, tmp_path, choices):
    settings = settings | dict(parallel=None, questions=None, choices=choices)
    results = evaluate(**settings, out=tmp_path / "out", reporter=Steps())
    assert {figure.measure.side for figure in results.figures} == {"tgt"}
    assert not (tmp_path / "out" / "gain.png").exists()
    assert "gain.png" not in (tmp_path / "out" / "evaluation.md").read_text()


MISTAKES = {
    "nothing to measure": (dict.fromkeys(["parallel", "questions", "choices"]), "there is nothing to measure"),
    "one language": ({"src": "pt"}, "pt is both --src and --tgt"),
    "no such language": ({"tgt": "Portuguesse"}, "did you mean Portuguese"),
    "no such base": ({"base": "nowhere"}, "base nowhere: there is no such directory"),
    "no such model": ({"tuned": ["nowhere"]}, "tuned model nowhere: there is no such directory"),
    "COMET without translations": ({"parallel": None, "comet": "org/comet"}, "give one with --parallel"),
    "a judge without answers": ({"questions": None, "judge": "org/judge"}, "--judge compares answers to questions"),
    "a judge's server alone": ({"judge_url": "http://127.0.0.1:1/v1"}, "name the model there with --judge"),
    "no such judge": ({"judge": "nowhere"}, "judge nowhere: there is no such directory"),
    "no address": ({"judge": "tiny", "judge_url": "127.0.0.1:8000"}, "--judge-url is not the address of a server"),
    "a comma in a path": ({"choices": ["one.jsonl", "a,b.jsonl"]}, "choices: a,b.jsonl has a comma in its name"),
    "too many tokens": ({"max_tokens": 256}, "leave no room for a question in the 256 tokens of model: lower"),
}


@pytest.mark.parametrize(("change", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_writes_nothing(settings, tmp_path, change, says):
    with pytest.raises(UserError, match=says):
        evaluate(**settings | change, out=tmp_path / "out", reporter=Steps())
    assert not (tmp_path / "out").exists()


def test_the_command_shows_every_model(settings, tmp_path):
    app = typer.Typer()
    app.command()(command.evaluate)
    words = ["--base", settings["base"], "--tuned", ",".join(settings["tuned"]), "--tgt", "pt", "--parallel"]
    words += [settings["parallel"], "--max-tokens", "8", "--engine", "transformers", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["adapter"] in lines
    assert ["other"] in lines
    assert sum(line[:2] == ["chrF++", "into"] for line in lines) == 4
    assert sum(line[0:1] == ["answers"] and line[-3:] == ["chrF++", "into", "pt"] for line in lines) == 2
    assert "signature" in done.stdout
    assert "evaluation.md" in done.stdout


@pytest.mark.parametrize(
    ("kind", "change", "better"),
    [
        ("neutral", Change(-0.1, -0.2, -0.01), True),
        ("neutral", Change(0.1, 0.01, 0.2), False),
        ("chrf", Change(1.0, 0.5, 2.0), True),
        ("chrf", Change(-1.0, -2.0, -0.5), False),
        ("chrf", Change(1.0, -0.5, 2.0), None),
        ("fidelity", Change(math.nan, math.nan, math.nan), None),
    ],
)
def test_what_counts_as_better(kind, change, better):
    figure = Figure("model", Measure(KINDS[kind], "tgt", PT, EN, []), 1.0, 20, change)
    assert figure.better() is better
    few = figure._replace(items=19)
    assert few.better() is None
    assert markdown.cells(few)[-1] == "few items"


def test_an_interval_without_width_is_not_shown():
    measure = Measure(KINDS["fidelity"], "tgt", PT, EN, [])
    assert markdown.cells(Figure("model", measure, 100.0, 30, Change(50.0, 50.0, 50.0)))[2:] == ("-", "better")


def rows(*statistics):
    return pl.DataFrame({"statistics": list(statistics)}, schema={"statistics": pl.List(pl.Float64)})


def test_what_does_not_fit_into_one_model_is_compared_for_none():
    measure = Measure(KINDS["neutral"], "tgt", PT, EN, ["a", "b"])
    tables = {"base": rows([2.0, 1.0], [9.0, 3.0]), "tuned": rows([1.0, 1.0], [0.0, 0.0])}
    base, tuned = figures(measure, tables, 1)
    assert (base.items, tuned.items) == (1, 1)
    assert base.value == pytest.approx(2 / math.log(2))
    assert tuned.change == pytest.approx((-1 / math.log(2),) * 3)
    nothing = figures(measure, {name: rows([0.0, 0.0], [0.0, 0.0]) for name in tables}, 1)
    assert all(np.isnan(figure.value) and figure.items == 0 for figure in nothing)
