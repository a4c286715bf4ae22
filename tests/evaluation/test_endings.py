"""Answers that are cut or empty are counted, and no gain is claimed where they differ."""

import json
from dataclasses import replace

import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.evaluation import markdown, plot
from sdrrl_data.evaluation.compared_models import ComparedModel, find_models
from sdrrl_data.evaluation.endings import Endings, compare
from sdrrl_data.evaluation.evaluate import evaluate
from sdrrl_data.evaluation.kinds import KINDS
from sdrrl_data.evaluation.measures import Measure
from sdrrl_data.evaluation.rendering import Rendering, resolve
from sdrrl_data.evaluation.results import Results, figures
from sdrrl_data.languages import find
from sdrrl_data.models.locating import Located
from tests.evaluation.conftest import TEMPLATE, Steps
from tests.support import hub

EN, PT = find("en"), find("pt")
# As Qwen3 has it, and as most thinking models: without the option, the prompt opens a reasoning section.
THINKING = TEMPLATE.replace(
    "<|assistant|>{% endif %}",
    "<|assistant|><think>\n"
    "{% if enable_thinking is defined and not enable_thinking %}\n</think>\n\n{% endif %}{% endif %}",
)


def texts(*endings):
    """Texts of these endings: "" of a finished one, "cut", "empty", or both."""
    return pl.DataFrame(
        {"text": ["" if "empty" in ending else "Sim." for ending in endings], "cut": ["cut" in e for e in endings]}
    )


def rows(*statistics):
    return pl.DataFrame({"statistics": [[float(value), 1.0] for value in statistics]})


def compared(kind, base, tuned, base_texts, tuned_texts, side="tgt"):
    measure = Measure(KINDS[kind], side, PT if side == "tgt" else EN, EN if side == "tgt" else PT, [[]] * base.height)
    return figures(measure, {"base": base, "tuned": tuned}, 1, {"base": base_texts, "tuned": tuned_texts})


def test_a_base_that_is_cut_within_its_thoughts_is_no_gain():
    base, tuned = compared(
        "fidelity",
        rows(*[0] * 20, *[1] * 10),
        rows(*[1] * 30),
        texts(*["cut empty"] * 20, *[""] * 10),
        texts(*[""] * 30),
    )
    assert tuned.change.value == pytest.approx(66.7, abs=0.1)
    assert tuned.change.low > 0
    assert base.endings == Endings(20, 20)
    assert tuned.endings == Endings(0, 0, ("cut", "empty"))
    assert tuned.better() is None
    assert markdown.cells(tuned)[-1] == "cut and empty answers differ"
    assert markdown.ending_cells(base) == ("20", "20")


def test_the_same_gain_is_one_where_all_answers_are_finished():
    finished = texts(*[""] * 30)
    _, tuned = compared("fidelity", rows(*[0] * 20, *[1] * 10), rows(*[1] * 30), finished, finished)
    assert tuned.better() is True
    assert markdown.cells(tuned)[-1] == "better"


def test_an_answer_more_or_less_is_no_difference():
    _, tuned = compared("fidelity", rows(*[0] * 30), rows(*[1] * 30), texts("cut", *[""] * 29), texts(*[""] * 30))
    assert tuned.endings == Endings(0, 0)
    assert tuned.better() is True


@pytest.mark.parametrize(("kind", "better"), [("looping", True), ("fidelity", None), ("judge", None)])
def test_loops_are_cut_by_nature(kind, better):
    before, after = (rows(*[1] * 30), rows(*[0] * 30)) if kind == "looping" else (rows(*[0] * 30), rows(*[1] * 30))
    _, tuned = compared(kind, before, after, texts(*["cut"] * 30), texts(*[""] * 30))
    assert tuned.better() is better


def test_empty_answers_do_not_loop_and_are_no_gain():
    _, tuned = compared("looping", rows(*[1] * 30), rows(*[0] * 30), texts(*[""] * 30), texts(*["empty"] * 30))
    assert tuned.better() is None
    assert markdown.mark(tuned) == "empty answers differ"


def test_a_loss_is_not_claimed_either():
    _, tuned = compared("fidelity", rows(*[1] * 30), rows(*[0] * 30), texts(*[""] * 30), texts(*["empty"] * 30))
    assert tuned.better() is None


def test_the_counts_are_in_every_output(tmp_path):
    halves = [
        compared(
            "fidelity", rows(*[0] * 30), rows(*[1] * 30), texts(*["cut empty"] * 30), texts("cut", *[""] * 29), side
        )
        for side in ("tgt", "src")
    ]
    located = Located("base", "base", "1", None)
    models = [ComparedModel("base", located), ComparedModel("tuned", located)]
    results = Results(models, [figure for figures_of_side in halves for figure in figures_of_side], [], "signature")
    first, second, *_ = json.loads(results.as_json())["figures"]
    assert (first["cut"], first["empty"], first["differing_from_base"]) == (30, 30, [])
    assert (second["cut"], second["empty"], second["differing_from_base"]) == (1, 0, ["cut", "empty"])
    report = markdown.write(results, plot.write(results, tmp_path / "gain.png"))
    row = next(line for line in report.splitlines() if line.startswith("|  | tuned |"))
    assert [cell.strip() for cell in row.split("|")][3:6] == ["30", "1", "0"]
    assert "- Hollow: tuned, % in the right language, pt: cut and empty answers differ (1 cut, 0 empty)" in report
    assert "better" not in row


def test_endings_are_those_of_the_texts():
    endings = compare({"base": texts("cut", "", "empty"), "tuned": texts("cut empty", "", "")}, "base", ("cut",), 1)
    assert endings == {"base": Endings(1, 1), "tuned": Endings(1, 1)}


@pytest.fixture
def thinking(make_model, make_adapter, tmp_path):
    """A base whose prompts open a reasoning section, and an adapter that was trained without reasoning."""
    base = make_model("thinking", template=THINKING)
    adapter = make_adapter(base, "tuned")
    (adapter / "training.yaml").write_text("settings: {template_options: {enable_thinking: false}}\n")
    questions = tmp_path / "questions.txt"
    questions.write_text("".join(f"Por que chove {number} vezes?\n" for number in range(8)))
    return dict(
        base=str(base), tuned=str(adapter), tgt="pt", questions=questions, max_tokens=8, engine="transformers",
        reporter=Steps(),
    )  # fmt: skip


def test_the_base_is_asked_as_the_tuned_model_was_trained(thinking, tmp_path):
    results = evaluate(**thinking, out=tmp_path / "out")
    fidelity = {figure.model: figure for figure in results.figures if figure.measure.kind.name == "fidelity"}
    assert fidelity["base"].endings.empty < 8
    assert "template:enable_thinking_False" in results.signature
    given = evaluate(**thinking, template_options={"enable_thinking": False}, out=tmp_path / "given")
    assert given.signature == results.signature


def test_asked_to_think_it_is_cut_within_its_thoughts(thinking, tmp_path):
    results = evaluate(**thinking, template_options={}, out=tmp_path / "out")
    fidelity = {figure.model: figure for figure in results.figures if figure.measure.kind.name == "fidelity"}
    assert fidelity["base"].endings[:2] == (8, 8)
    assert "template:" not in results.signature


def test_options_come_from_the_training(thinking, base, adapter, tmp_path):
    models = find_models(thinking["base"], [thinking["tuned"]])
    assert resolve(None, models) == Rendering({"enable_thinking": False})
    assert resolve({}, models) == Rendering({})
    unknown = find_models(str(base), [str(adapter)])
    assert resolve(None, unknown) == Rendering({})
    beside = replace(models[1], adapter=tmp_path / "merged" / "adapter")
    beside.adapter.mkdir(parents=True)
    (tmp_path / "merged" / "training.yaml").write_text("settings: {template_options: {enable_thinking: true}}\n")
    assert resolve(None, [models[0], beside]) == Rendering({"enable_thinking": True})
    with pytest.raises(UserError, match=r"were trained with different template options .*--template-option"):
        resolve(None, [*models, replace(beside, name="other")])
    dated = "settings: {template_options: {enable_thinking: false}, date: 2026-03-04}\n"
    (tmp_path / "merged" / "training.yaml").write_text(dated)
    assert resolve({}, [models[0], beside]) == Rendering({}, "2026-03-04")
    with pytest.raises(UserError, match=r"different template options or dates .*2026-03-04"):
        resolve(None, [*models, replace(beside, name="other")])
    (tmp_path / "merged" / "training.yaml").write_text("settings: [1\n")
    with pytest.raises(UserError, match=r"training\.yaml"):
        resolve(None, [models[0], beside])


ASK = """
import json, sys
from sdrrl_data.evaluation.compared_models import ComparedModel
from sdrrl_data.evaluation.rendering import resolve
from sdrrl_data.models.locating import locate

for name in sys.argv[1:]:
    models = [ComparedModel(role, locate(f"org/{name}", None, role, "--tuned")) for role in ("base", "tuned")]
    print(json.dumps(resolve(None, models)))
"""


def test_options_of_a_model_on_the_hub_come_from_its_training_too(tmp_path):
    files = {"config.json": b"{}", "model.safetensors": b"weights"}
    record = b"settings: {template_options: {enable_thinking: false}, date: 2026-03-04}\n"
    with hub.serving() as served:
        served.add("models/org/trained", files | {"training.yaml": record})
        served.add("models/org/other", files)
        assert served.run(ASK, tmp_path, None, "trained", "other") == [
            [{"enable_thinking": False}, "2026-03-04"],
            [{}, "2026-01-01"],
        ]
        fetched = {path.name for path in tmp_path.rglob("snapshots/*/*")}
    assert "training.yaml" in fetched
    assert "model.safetensors" not in fetched
