"""Complete runs with small models: their results, what is made again, and what survives a kill."""

import dataclasses
import hashlib
import json
import os
import shutil
import signal
import sys

import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Silent
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from sdrrl_data.run.unused import states
from sdrrl_data.steps.model_pool import Models
from tests.support import forks, small_models
from tests.support.counted_models import Asked

QUESTIONS = [
    "What is the capital of a country, and how do you find it on a map?",
    "Give me three tips for sleeping well. Use a list:\n\n- one\n- two\n- three",
    "Write a function `add(a, b)` that adds two numbers.",
    "How do I make a cup of tea?",
    "Why is the sky blue in the morning and red in the evening?",
    "Name a fruit that is yellow, and one that is red.",
    "See https://example.org/a?b=c and tell me in {language} what it says.",
]


STEPS = (
    *("seeds", "answers", "pt/translations", "pt/code_switched"),
    *("pt/scores-heuristics", "pt/scores-round_trip", "pt/verdicts"),
)
LAST = ["pt/transfer_set", "pt/preferences", "pt/distillation", "pt/counts"]
GROWN = [
    *("answers", "pt/translations", "pt/aligner", "pt/code_switched", "pt/usual"),
    *("pt/scores-heuristics", "pt/scores-round_trip", "pt/verdicts", *LAST, "shared_counts"),
]


@pytest.fixture
def seeds(tmp_path):
    path = tmp_path / "seeds.jsonl"
    rows = [{"instruction": f"{question} ({number})"} for number in range(3) for question in QUESTIONS]
    path.write_text("\n".join(json.dumps(row) for row in [*rows, {"instruction": " "}]), encoding="utf-8")
    return path


def recipe(*seeds, **changes):
    sources = [{"source": str(path)} for path in seeds]
    return loading.load("quickstart", small_models.CHANGES | {"seeds": sources, "part_rows": 5} | changes)


def run(path, out, models=None, **changes):
    return generate(recipe(path, **changes), out, models or small_models.models())


def contents(out):
    """Every file of a run with its bytes, except the recorded times and what the run does not use any more."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name != "timings.jsonl")
    files = (path for path in files if path.relative_to(out).parts[0] != "unused")
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


class Counting(Silent):
    """Records the steps that had missing parts."""

    def __init__(self):
        self.steps = []

    def start(self, what, total, done, unit="rows"):
        self.steps.append(what)


def steps_of(path, out, **changes):
    counting = Counting()
    generate(recipe(path, **changes), out, small_models.models(), counting)
    return counting.steps


def transfer_set(out):
    return Run(out).dataset("pt/transfer_set").read()


def test_the_files_of_a_run(seeds, tmp_path):
    run(seeds, tmp_path / "run", **{"transfer_set.test_share": 0.3})
    names = set(contents(tmp_path / "run"))
    assert {"manifest.json", "recipe.yaml", "README.md"} <= names
    for table in STEPS:
        assert {f"{table}/part-{part:05}.parquet" for part in range(5)} <= names
    assert {"pt/transfer_set/train-00000-of-00001.parquet", "pt/transfer_set/test-00000-of-00001.parquet"} <= names
    assert not [name for name in names if name.endswith(".tmp")]


def test_the_transfer_set(seeds, tmp_path):
    manifest = run(seeds, tmp_path / "run")
    rows = transfer_set(tmp_path / "run")
    assert rows.columns == [
        "id", "seed_id", "task", "direction", "prompt", "completion", "code_switched", "switched", "weight", "scores",
        "generator", "translator", "source", "signature", "split",
    ]  # fmt: skip
    assert rows["id"].is_unique().all()
    crossings = rows.filter((pl.col("task") == "answer") & ~pl.col("code_switched"))["direction"]
    assert set(crossings) == {"en->en", "en->pt", "pt->en", "pt->pt"}
    assert crossings.value_counts()["count"].n_unique() == 1
    assert set(rows["task"]) == {"answer", "translate", "complete"}
    assert rows["signature"].unique().to_list() == [manifest.signatures["pt"]]
    assert rows.group_by("seed_id").agg(pl.col("split").n_unique())["split"].max() == 1


def test_a_crossed_row_says_in_its_own_language_which_one_to_answer_in(seeds, tmp_path):
    run(seeds, tmp_path / "run")
    instructions = {
        direction: {row["prompt"][-1]["content"].rsplit("\n\n", 1)[-1] for row in group.iter_rows(named=True)}
        for (direction,), group in transfer_set(tmp_path / "run")
        .filter(task="answer", code_switched=False)
        .group_by("direction")
    }
    assert all("Portuguese" in sentence for sentence in instructions["en->pt"])
    assert all("inglês" in sentence for sentence in instructions["pt->en"])
    assert len(instructions["en->pt"]) > 3
    assert not any(
        "Portuguese" in sentence or "inglês" in sentence for sentence in instructions["en->en"] | instructions["pt->pt"]
    )


def test_protected_spans_reach_the_transfer_set(seeds, tmp_path):
    run(seeds, tmp_path / "run")
    texts = " ".join(
        row["prompt"][-1]["content"]
        for row in transfer_set(tmp_path / "run").filter(direction="pt->pt").iter_rows(named=True)
    )
    assert "`add(a, b)`" in texts
    assert "https://example.org/a?b=c" in texts
    assert "{language}" in texts


def test_undoing_the_switched_spans_gives_back_the_question(seeds, tmp_path):
    run(seeds, tmp_path / "run", **{"code_switching.min_confidence": 0.0})
    tables = Run(tmp_path / "run")
    questions = dict(tables.table("seeds").read_all().select("id", "messages").rows())
    rows = transfer_set(tmp_path / "run").filter(code_switched=True, direction="en->en")
    assert not rows.is_empty()
    for row in rows.iter_rows(named=True):
        text = row["prompt"][-1]["content"]
        for span in sorted(row["switched"], key=lambda span: -span["start"]):
            assert text[span["start"] : span["end"]] == span["replacement"]
            text = text[: span["start"]] + span["original"] + text[span["end"] :]
        assert text == questions[row["seed_id"]][-1]["content"]


def test_datasets_reads_it_without_code_of_ours(seeds, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    from datasets import load_dataset

    for test_share, splits in ((0.3, {"train", "test"}), (0.0, {"train"})):
        out = tmp_path / f"run{test_share}"
        run(seeds, out, **{"transfer_set.test_share": test_share})
        loaded = load_dataset(str(out / "pt" / "transfer_set"), cache_dir=str(tmp_path / "cache"))
        assert set(loaded) == splits
        assert sum(map(len, loaded.values())) == transfer_set(out).height
        assert loaded["train"][0]["prompt"][-1]["role"] == "user"


def test_a_bad_row_is_set_aside_and_counted(seeds, tmp_path):
    manifest = run(seeds, tmp_path / "run")
    assert manifest.counts.steps["seeds"].model_dump() == {
        "rows_in": 22,
        "rows_out": 21,
        "set_aside": {"'instruction' is empty": 1},
    }
    aside = Run(tmp_path / "run").table("seeds").set_aside()
    assert aside["id"].to_list() == ["seeds.jsonl:22"]


def test_the_second_run_does_nothing(seeds, tmp_path):
    assert steps_of(seeds, tmp_path / "run")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*") if path.is_file()}

    def unwanted(*_):
        raise AssertionError("a model was loaded")

    idle = Models(
        identify_generator=small_models.models().identify_generator,
        identify_translator=small_models.models().identify_translator,
        build_generator=unwanted,
        build_translator=unwanted,
    )
    run(seeds, tmp_path / "run", idle)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*") if path.is_file()}


def test_a_changed_threshold_redoes_verdicts_and_transfer_set_only(seeds, tmp_path):
    steps_of(seeds, tmp_path / "run")
    strict = {"thresholds.repetition.max": 0.0}
    assert steps_of(seeds, tmp_path / "run", **strict) == ["pt/verdicts", *LAST]
    run(seeds, tmp_path / "anew", **strict)
    assert contents(tmp_path / "run") == contents(tmp_path / "anew")


@pytest.mark.parametrize(
    ("key", "value", "first"),
    [
        ("generator.temperature", 0.5, "answers"),
        ("translator.models", "elsewhere", None),
        ("code_switching.ratio", 0.6, "pt/code_switched"),
        ("scorers", ["round_trip", "length", "repetition", "language"], "pt/scores-language"),
        ("transfer_set.test_share", 0.5, "pt/transfer_set"),
        ("seed", 7, "answers"),
    ],
)
def test_a_changed_setting_redoes_its_step_and_what_follows(seeds, tmp_path, key, value, first):
    all_steps = steps_of(seeds, tmp_path / "run")
    redone = steps_of(seeds, tmp_path / "run", **{key: value})
    assert redone[:1] == ([first] if first else [])
    assert [step for step in all_steps if step in redone] == [step for step in redone if step in all_steps]
    run(seeds, tmp_path / "anew", **{key: value})
    assert contents(tmp_path / "run") == contents(tmp_path / "anew")


def test_a_run_grows_by_new_parts_and_keeps_what_was_there(seeds, tmp_path):
    out = tmp_path / "run"
    run(seeds, out, limit=8)
    first = {name: bytes_ for name, bytes_ in contents(out).items() if name.startswith(STEPS)}
    assert steps_of(seeds, out, limit=12) == GROWN
    run(seeds, out)
    second = contents(out)
    assert first.items() <= second.items()
    manifest = Run(out).manifest()
    assert manifest.growths == [[5, 3], [4], [5, 4]]
    run(seeds, tmp_path / "anew")
    for table in ("seeds", "answers", "pt/translations", "pt/scores-round_trip", "pt/verdicts"):
        at_once = Run(tmp_path / "anew").table(table).read_all()
        assert Run(out).table(table).read_all().equals(at_once)
    assert Run(out).table("seeds").set_aside().equals(Run(tmp_path / "anew").table("seeds").set_aside())
    assert (
        transfer_set(out)["signature"].unique().to_list()
        == transfer_set(tmp_path / "anew")["signature"].unique().to_list()
    )
    assert steps_of(seeds, out) == []


def test_a_run_says_at_its_start_what_the_questions_were_taken_from(seeds, tmp_path):
    sentences = []
    reporter = Silent()
    reporter.say = sentences.append
    for _ in range(2):
        generate(recipe(seeds), tmp_path / "run", small_models.models(), reporter)
    questions = len(seeds.read_text().splitlines()) - 1
    aside = "1 row set aside (seeds.jsonl:22: 'instruction' is empty)"
    line = f"seeds seeds.jsonl: {questions} questions, {aside} (question: 'instruction')"
    assert [sentence for sentence in sentences if "seeds" in sentence] == [line]


def test_other_ids_in_the_source_redo_nothing(seeds, tmp_path):
    out = tmp_path / "run"
    run(seeds, out)
    before = contents(out)
    rows = [json.loads(line) | {"id": number} for number, line in enumerate(seeds.read_text().splitlines())]
    seeds.write_text("\n".join(map(json.dumps, rows)))
    assert steps_of(seeds, out) == []
    assert contents(out) == before


def test_a_second_file_of_seeds_is_added(seeds, tmp_path):
    more = tmp_path / "more.csv"
    more.write_text("question\nWhy is the sea salty?\nHow high is the moon in the sky tonight?\n", encoding="utf-8")
    out = tmp_path / "run"
    run(seeds, out)
    first = {name: bytes_ for name, bytes_ in contents(out).items() if name.startswith(STEPS)}
    manifest = generate(recipe(seeds, more, **{"seeds.1.licence": "cc0-1.0"}), out, small_models.models())
    assert first.items() <= contents(out).items()
    assert Run(out).table("seeds").read(5)["source"].to_list() == ["more.csv:1", "more.csv:2"]
    assert [(i.name, i.licence) for i in manifest.ingredients if i.role == "seeds"] == [
        ("seeds.jsonl", None),
        ("more.csv", "cc0-1.0"),
    ]
    with pytest.raises(UserError, match=r"seeds seeds.jsonl more.csv, not more.csv, .*name the first seeds too"):
        run(more, out)


@pytest.mark.long
def test_a_killed_growth_ends_with_the_same_bytes(seeds, tmp_path):
    for out in ("whole", "killed"):
        run(seeds, tmp_path / out, limit=8)
    run(seeds, tmp_path / "whole")
    assert killed(seeds, tmp_path / "killed", 30) == -signal.SIGKILL
    run(seeds, tmp_path / "killed")
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_a_shorter_run_does_not_use_the_parts_of_the_longer(seeds, tmp_path):
    run(seeds, tmp_path / "run")
    run(seeds, tmp_path / "run", limit=7)
    run(seeds, tmp_path / "anew", limit=7)
    assert contents(tmp_path / "run") == contents(tmp_path / "anew")


@pytest.mark.long
def test_a_killed_change_of_the_limit_ends_with_the_same_bytes(seeds, tmp_path):
    for out in ("whole", "killed"):
        run(seeds, tmp_path / out)
    run(seeds, tmp_path / "whole", limit=7)
    moments = [1, 2, 5, 40, 3, 8, 13, 6]
    assert {killed(seeds, tmp_path / "killed", changes, limit=7) for changes in moments} == {-signal.SIGKILL}
    asked = Asked()
    run(seeds, tmp_path / "killed", asked.models(), limit=7)
    assert asked.loaded == []
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert len(states(Run(tmp_path / "killed"))) == 1


def test_two_targets_share_their_answers(seeds, tmp_path):
    run(seeds, tmp_path / "run", tgt=["pt", "vi"], parallel=None)
    assert {"pt", "vi", "answers"} <= {path.name for path in (tmp_path / "run").iterdir()}
    prompts = Run(tmp_path / "run").table("vi/prompts").read_all()
    assert set(prompts["language"]) == {"en", "vi"}  # the translator made those in Vietnamese


def test_a_target_added_later_does_its_own_work_alone(seeds, tmp_path):
    out = tmp_path / "run"
    steps_of(seeds, out)
    before = {path: path.stat().st_mtime_ns for path in (out / "pt").rglob("*.parquet")}
    steps = steps_of(seeds, out, tgt=["vi"])
    assert steps[0] == "vi/translations"
    assert all(step.startswith("vi/") for step in steps)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert list(Run(out).manifest().counts.targets) == ["pt", "vi"]
    assert steps_of(seeds, out) == steps_of(seeds, out, tgt=["vi"]) == []
    run(seeds, tmp_path / "anew", tgt=["pt", "vi"])
    assert contents(out) == contents(tmp_path / "anew")


def test_a_finished_run_goes_on_without_its_seeds_its_corpus_and_its_model(seeds, tmp_path):
    out = tmp_path / "run"
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("The garden is green.\tO jardim é verde.\n", encoding="utf-8")
    corpus = {"parallel.source": str(pairs)}
    steps_of(seeds, out, **corpus)
    seeds.unlink()
    pairs.unlink()

    def gone(settings):
        raise UserError(f"generator {settings.model}: there is no such directory")

    models = dataclasses.replace(small_models.models(), identify_generator=gone)
    counting = Counting()
    generate(recipe(seeds, **corpus, **{"thresholds.repetition.max": 0.0}), out, models, counting)
    generate(recipe(seeds, **corpus, **{"thresholds.repetition.max": 0.0}, tgt=["vi"]), out, models, counting)
    assert counting.steps[:6] == ["pt/verdicts", *LAST, "vi/translations"]
    assert "translate" in set(transfer_set(out)["task"])
    before = contents(out)
    with pytest.raises(UserError, match=r"seeds.jsonl: there is no such file"):
        generate(recipe(seeds, **corpus, limit=5), out, models)
    with pytest.raises(UserError, match="no such directory"):
        generate(recipe(seeds, **corpus, **{"generator.model": "another"}), out, models)
    assert contents(out) == before


def test_the_manifest_knows_the_files_of_the_transfer_sets(seeds, tmp_path):
    manifest = run(seeds, tmp_path / "run", tgt=["pt", "vi"], parallel=None)
    digests = {
        str(path.relative_to(tmp_path / "run")): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "run").glob("*/*/t*-of-*.parquet")
    }
    assert len(digests) == 12
    assert manifest.files == digests
    alone = manifest.only(["vi"])
    assert all(path.startswith("vi/") for path in alone.files)
    assert list(alone.signatures) == list(alone.counts.targets) == alone.recipe["tgt"] == ["vi"]
    assert "pt/translations" in manifest.counts.steps
    assert {"seeds", "answers", "vi/translations"} == {*alone.counts.steps}


def test_a_target_that_was_not_named_is_not_made_anew(seeds, tmp_path):
    out = tmp_path / "run"
    run(seeds, out)
    before = contents(out)
    with pytest.raises(UserError, match=r"also holds Portuguese, .* name it too \(--tgt pt,vi\)"):
        run(seeds, out, tgt=["vi"], seed=7)
    assert contents(out) == before
    assert steps_of(seeds, out, tgt=["vi", "pt"], seed=7)[0] == "answers"


def test_a_target_that_was_never_finished_is_no_part_of_the_run(seeds, tmp_path):
    out = tmp_path / "run"
    run(seeds, out, tgt=["vi", "pt"])
    shutil.rmtree(out / "vi" / "transfer_set")
    run(seeds, out)
    assert list(Run(out).manifest().counts.targets) == ["pt"]
    assert steps_of(seeds, out, tgt=["vi"]) == ["vi/transfer_set"]  # its tables existed
    assert list(Run(out).manifest().counts.targets) == ["pt", "vi"]


SEVERAL = {"translator": ["firefox", "nllb"], "translations.best_by": "round_trip"}


@pytest.mark.parametrize("changes", [SEVERAL, {"targets.vi.translator": "nllb"}])
def test_one_model_is_in_memory_at_a_time(seeds, tmp_path, changes):
    in_memory, loaded = [], []

    def tracked(build):
        def tracking(settings, *others):
            model, close = build(settings, *others), None
            in_memory.append(model)
            loaded.append([type(loaded_model).__name__ for loaded_model in in_memory])
            close = model.close
            model.close = lambda: (in_memory.remove(model), close())
            return model

        return tracking

    small = small_models.models()
    models = dataclasses.replace(
        small, build_generator=tracked(small.build_generator), build_translator=tracked(small.build_translator)
    )
    run(seeds, tmp_path / "run", models, **changes, tgt=["pt", "vi"])
    assert in_memory == []
    assert {len(models) for models in loaded} == {1}
    assert loaded[0] == ["Answering"]
    assert len(loaded) >= 5


def test_of_several_translations_the_better_one_is_kept(seeds, tmp_path):
    out = tmp_path / "run"
    manifest = run(seeds, out, translator=["nllb", "firefox"], **{"translations.best_by": "round_trip"})
    tables = {name: Run(out).table(f"pt/{name}") for name in ("translations", "translations-nllb")}
    chosen = tables["translations"].read_all()
    assert chosen.height == Run(out).table("answers").count()
    for text in ("question", "answer"):
        for row in chosen.iter_rows(named=True):
            scores = {candidate["translator"]: candidate["score"] for candidate in row[f"{text}_candidates"]}
            best = max(scores, key=lambda name: -1 if scores[name] is None else scores[name])
            assert row[f"{text}_translator"] == best
    assert set(chosen["question_translator"]) == {"nllb", "firefox"} or set(chosen["question_translator"]) == {
        "firefox"
    }
    aside = tables["translations-nllb"].set_aside()
    # What ends in "0." begins with it here, as the item of a list does.
    reasons = ["it names a colour: “", "the translation has other paragraphs"]
    assert [aside["reason"].str.starts_with(reason).sum() for reason in reasons] == [6, 2]
    assert aside.height == 8
    assert chosen.filter(pl.col("id").is_in(aside["id"].to_list()))["answer_candidates"].list.len().to_list() == [1] * 8
    assert sum(manifest.counts.targets["pt"].translators.values()) == 2 * chosen.height
    named = set(transfer_set(out).filter(task="answer")["translator"])
    assert "Cipher en-pt@1(small-models 1)" in named
    assert "Every text was translated by each translator" in (out / "README.md").read_text()


def test_a_row_that_no_translator_can_do_is_set_aside_with_every_reason(seeds, tmp_path):
    run(seeds, tmp_path / "run", translator=["nllb", "nllb:other"], **{"translations.best_by": "round_trip"})
    reasons = Run(tmp_path / "run").table("pt/translations").set_aside()["reason"].to_list()
    colours = [reason for reason in reasons if reason.startswith("nllb: it names a colour")]
    layouts = [reason for reason in reasons if reason.startswith("nllb: the translation has other paragraphs")]
    assert (len(colours), len(layouts), len(reasons)) == (6, 2, 8)
    assert all("; nllb-2: it names a colour" in reason for reason in colours)
    assert all("; nllb-2: the translation has other paragraphs" in reason for reason in layouts)


def test_for_no_rows_no_model_is_loaded(tmp_path):
    path, asked = tmp_path / "seeds.txt", Asked()
    path.write_text("".join(f"Why is shade {number} of the sea called blue?\n" for number in range(12, 20)))
    manifest = generate(recipe(path, translator="nllb"), tmp_path / "run", asked.models())
    assert asked.loaded == ["generator", "translator"]  # and none to judge what was not translated
    assert manifest.counts.targets["pt"].pairs == 0
    assert Run(tmp_path / "run").table("pt/scores-round_trip").read_all().is_empty()


def test_reasons_that_differ_in_a_number_count_as_one_with_its_range(tmp_path):
    path = tmp_path / "seeds.csv"
    path.write_text("question,note\nWhy is the sea blue?,a\nWhy,is,it,green?,b\nWho?\nWhere,is,it?,c\nWhat?\n")
    manifest = run(path, tmp_path / "run")
    assert manifest.counts.steps["seeds"].set_aside == {"has 1 to 5 fields, the header has 2": 4}


def test_neither_language_need_be_english(seeds, tmp_path):
    out = tmp_path / "run"
    scores = {"scorers": ["length", "repetition"], "thresholds": {"length": {"max": 3.0}}}
    run(seeds, out, src="French", tgt=["vie_Latn"], parallel=None, **scores)
    rows = Run(out).dataset("vi/transfer_set").read()
    assert set(rows["direction"]) == {"fr->fr", "fr->vi", "vi->fr", "vi->vi"}
    row_prompts = [row["prompt"][-1]["content"] for row in rows.filter(direction="fr->vi").iter_rows(named=True)]
    assert all("vietnamien" in text for text in row_prompts)
    prompts = Run(out).table("vi/prompts").read_all().filter(language="vi", kind="answer_in")["text"].to_list()
    assert prompts[0] == next(small_models.Cipher(find("en"), find("vi")).translate(["Answer in French."]))[1]


def test_another_run_is_refused_and_left_as_it_is(seeds, tmp_path):
    run(seeds, tmp_path / "run")
    before = contents(tmp_path / "run")
    other = tmp_path / "other.jsonl"
    other.write_text(seeds.read_text())
    with pytest.raises(
        UserError, match=r"holds another run \(seeds seeds.jsonl, not other.jsonl, as the recipe quickstart or"
    ):
        run(other, tmp_path / "run")
    assert contents(tmp_path / "run") == before


def test_the_model_writes_the_seeds_itself(tmp_path):
    changes = {"seeds": {"source": "magpie", "near_copies": 0.9}, "limit": 12}
    out = tmp_path / "run"
    manifest = run(None, out, **changes)
    seeds = Run(out).table("seeds").read_all()
    assert seeds.height == 12
    assert seeds["id"].is_unique().all()
    assert seeds["source"].str.starts_with("magpie:").all()
    assert ("seeds", "magpie") in [(i.role, i.name) for i in manifest.ingredients]
    assert manifest.growths == [[5, 5, 2]]
    assert not transfer_set(out).is_empty()
    assert steps_of(None, out, **changes) == []
    first = {name: bytes_ for name, bytes_ in contents(out).items() if name.startswith(STEPS)}
    run(None, out, **changes | {"limit": 20})
    assert first.items() <= contents(out).items()
    grown = Run(out).table("seeds").read_all()
    assert grown.height == 20
    assert grown["id"].is_unique().all()
    assert any("near copy" in reason for reason in Run(out).table("seeds").set_aside()["reason"])


def test_a_row_with_the_references_words_names_no_generator(tmp_path):
    seeds = tmp_path / "seeds.jsonl"
    rows = [
        {"question": f"Why is the sky {word} today?" + " And why?" * number, "answer": f"It is {word} by chance."}
        for number, word in enumerate(["blue", "grey", "red", "black", "white", "green"])
    ]
    seeds.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    changes = {"answers.faulty": "reference", "generator.max_tokens": 9, "thresholds": {}}
    manifest = run(seeds, tmp_path / "run", **changes)
    assert manifest.counts.answers == {"cut": 4, "from the reference": 4}
    answers = transfer_set(tmp_path / "run").filter(direction="en->en", task="answer", code_switched=False)
    written = {row["completion"][0]["content"]: row["generator"] for row in answers.iter_rows(named=True)}
    assert written["It is green by chance."] is None
    assert sum(generator is None for generator in written.values()) == 4
    assert sum(generator is not None for generator in written.values()) == 2


def test_seeds_of_the_model_need_a_limit(tmp_path):
    with pytest.raises(UserError, match="say how many questions to write with --limit"):
        run(None, tmp_path / "run", seeds={"source": "magpie"})


def _until_it_is_killed(seeds, out, changes, changes_of_recipe):
    def count(event, arguments):
        nonlocal changes
        writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in ("os.rename", "os.remove")) and str(arguments[0]).startswith(str(out)):
            changes -= 1
            if not changes:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    run(seeds, out, **changes_of_recipe)


def killed(seeds, out, changes, **changes_of_recipe):
    """Run until the process is killed just before it changes the disk for the n-th time; returns how it ended."""
    return forks.run(_until_it_is_killed, seeds, out, changes, changes_of_recipe)


@pytest.mark.long
def test_killed_at_any_moment_it_ends_with_the_same_bytes(seeds, tmp_path):
    run(seeds, tmp_path / "whole")
    out = tmp_path / "killed"
    # Each process continues where the last one was killed, after at least one change; a complete run has 178 changes.
    moments = [1, 3, 9, 17, 24, 30, 27, 34, 22]
    assert {killed(seeds, out, changes) for changes in moments} == {-signal.SIGKILL}
    run(seeds, out)
    assert contents(out) == contents(tmp_path / "whole")


def test_steps_that_are_left_without_rows_say_and_learn_nothing_until_there_are_some(seeds, tmp_path):
    too_small = {"generator.max_model_len": 2, "generator.max_tokens": 1}
    steps = steps_of(seeds, tmp_path / "run", **too_small)
    run = Run(tmp_path / "run")
    assert "answers" in steps
    assert not {"pt/translations", "pt/aligner", "pt/code_switched", "pt/usual", "pt/verdicts"} & {*steps}
    assert run.table("pt/verdicts").count() == 0
    assert run.table("pt/aligner").read_all().is_empty()
    assert run.table("pt/usual").read_all().is_empty()
    steps = steps_of(seeds, tmp_path / "run")
    assert {"pt/translations", "pt/aligner", "pt/usual", "pt/verdicts"} <= {*steps}
    assert not run.table("pt/aligner").read_all().is_empty()
    assert not run.table("pt/usual").read_all().is_empty()
    assert run.table("pt/code_switched").count() > 0
