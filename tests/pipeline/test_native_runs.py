"""Runs whose answers are native texts: what is learned from them, and that nothing is lost or made twice."""

import dataclasses
import json
import re

import polars as pl
import pytest

from sdrrl_data.controls import build
from sdrrl_data.errors import RecipeError, UserError
from sdrrl_data.languages import find
from sdrrl_data.pipeline import estimate
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.pipeline.worker import work
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.generation.server import ChatServer, completion
from tests.support import real_texts, small_models
from tests.support.asking_models import Asking, models
from tests.support.copies import trusted_copy
from tests.support.counted_models import Asked
from tests.support.steps import Steps
from tests.support.workers import contents

TEXTS = 24
GERMAN = "Der Hafen der alten Stadt wurde im neunten Jahrhundert von Mönchen gebaut, die Salz verkaufen wollten."


@pytest.fixture(scope="module")
def lines():
    return (real_texts.folder() / "flores-dev" / "pt.txt").read_text(encoding="utf-8").splitlines()[:TEXTS]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("texts")
    rows = [{"text": f"{line}\n", "url": number} for number, line in enumerate(lines)]
    rows.insert(5, {"text": GERMAN})
    (folder / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return lambda **changes: loading.load(
        "quickstart",
        small_models.CHANGES
        | {"seeds": [{"source": f"native:{folder / 'texts.jsonl'}"}], "part_rows": 8, "transfer_set.test_share": 0.2}
        | changes,
    )


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    out = tmp_path_factory.mktemp("native") / "run"
    generate(recipe(), out, models())
    return Run(out)


def test_every_completion_is_a_native_text_byte_for_byte(finished, lines):
    answers = finished.dataset("pt/transfer_set").read().filter(task="answer")
    assert {*answers["direction"]} == {"en->pt", "pt->pt"}
    assert {message["content"] for completion in answers["completion"] for message in completion} <= {
        f"{line}\n" for line in lines
    }
    assert answers["seed_id"].n_unique() > TEXTS / 2


def test_a_row_says_that_its_answer_is_native(finished):
    answers = finished.dataset("pt/transfer_set").read().filter(task="answer")
    assert answers["source"].str.contains(r"^native:texts\.jsonl:\d+$").all()
    assert answers["generator"].null_count() == answers.height
    assert {*answers["translator"]} == {"Cipher en-pt@1(small-models 1)"}


def test_the_model_reads_the_translation_and_its_question_is_translated(finished):
    seeds, texts = finished.table("seeds").read_all(), finished.table("texts").read_all()
    translated = dict(finished.table("text_translations").read_all().select("id", "translation").iter_rows())
    questions = dict(finished.table("pt/translations").read_all().select("id", "question").iter_rows())
    assert {*seeds["id"]} < {*texts["id"]}
    for id, messages in seeds.select("id", "messages").iter_rows():
        first, *_, other, last = re.findall(r"\w+", translated[id])
        assert messages == [{"role": "user", "content": f"What has {first} to do with {other} {last}?"}]
        assert questions[id] == [{"role": "user", "content": ciphered("en", "pt", messages[0]["content"])}]


def test_the_sides_of_an_answer_and_their_sentences_belong_together(finished):
    rows = (
        finished.table("pt/translations")
        .read_all()
        .join(finished.table("answers").read_all().select("id", "author", source="answer"), on="id")
    )
    assert {*rows["author"]} == {"native"}
    assert rows["answer_translator"].null_count() == rows.height
    for row in rows.iter_rows(named=True):
        assert row["answer_units"]
        for unit in row["answer_units"]:
            source = row["source"][unit["source_start"] : unit["source_end"]]
            target = row["answer"][unit["target_start"] : unit["target_end"]]
            assert source.lower() == ciphered("pt", "en", target).lower()


def ciphered(src, tgt, text):
    ((_, translated),) = small_models.Cipher(find(src), find(tgt)).translate([text])
    return translated


def test_what_cannot_be_asked_is_set_aside_with_a_reason(finished):
    reasons = finished.table("text_translations").set_aside()["reason"].to_list()
    assert reasons == ["the text is not in Portuguese (German is the likeliest language)"]
    refused = finished.table("seeds").set_aside()
    assert {*refused["reason"]} == {"the question was cut", "the question speaks of a text that is not there"}
    steps = finished.manifest().counts.steps
    assert steps["texts"].rows_out == TEXTS + 1 == steps["text_translations"].rows_out + 1
    assert steps["seeds"].rows_out == TEXTS - refused.height == steps["answers"].rows_out


def test_preferences_choose_native_texts_alone(finished, lines):
    preferences = finished.dataset("pt/preferences").read()
    assert preferences.height > 0
    assert {*preferences["direction"]} == {"pt->pt"}
    assert {chosen[0]["content"] for chosen in preferences["chosen"]} <= {f"{line}\n" for line in lines}


def test_the_card_tells_what_the_rows_are(finished):
    card = (finished.path / "README.md").read_text(encoding="utf-8")
    assert "Texts that people wrote in Portuguese, from texts.jsonl, are the answers, as they are." in card
    assert "learns from its own" not in card
    assert "| seeds | texts.jsonl |" in card


def test_lost_parts_are_made_again_with_the_same_bytes(finished, recipe, tmp_path):
    before = contents(finished.path)
    run = trusted_copy(finished.path, tmp_path / "run")
    for lost in (
        "text_translations/part-00001",
        "seeds/part-00000",
        "answers/part-00002",
        "pt/translations/part-00001",
    ):
        (run / f"{lost}.parquet").unlink()
    Run(run).write_manifest(Run(run).manifest().model_copy(update={"state": "unfinished"}))
    generate(recipe(), run, models())
    assert contents(run) == before


def test_a_worker_makes_the_bytes_that_generate_makes(finished, recipe, tmp_path):
    generate(recipe(), tmp_path / "run", models(), begin_only=True)
    work(tmp_path / "run", models(), poll=0.05)
    before, after = contents(finished.path), contents(tmp_path / "run")
    assert {name for name in before if before[name] != after.get(name)} <= {"manifest.json"}


def test_a_run_that_grows_asks_only_for_what_is_new(finished, recipe, tmp_path):
    generate(recipe(limit=16), tmp_path / "run", models())
    asked = Asked()
    watched = asked.models()
    generate(
        recipe(limit=None),
        tmp_path / "run",
        dataclasses.replace(watched, build_generator=lambda config: noting(Asking(config), asked)),
    )
    assert len(asked.questions) == TEXTS + 1 - 16
    grown = Run(tmp_path / "run").table("seeds").read_all()
    assert grown.sort("id").equals(finished.table("seeds").read_all().sort("id"))


def noting(generator, asked):
    class Noting:
        def generate(self, requests):
            for request in requests:
                asked.questions.append(request.messages[-1]["content"])
                yield from generator.generate([request])

        def close(self):
            pass

    return Noting()


def test_a_probe_takes_native_texts(recipe, tmp_path):
    plan = resolve(recipe(), tmp_path / "run", models())
    tokens = estimate.tokens(plan)
    assert (tokens.written, tokens.prompts, tokens.most_out) == ("questions", TEXTS + 1, (TEXTS + 1) * 256)
    probe = estimate.probe(plan, models(), Steps())
    assert {"text_translations", "seeds", "pt/translations"} <= {cost.step for cost in probe.costs}


def test_the_better_of_two_translations_of_a_question(recipe, finished, tmp_path, lines):
    two = recipe(translator=["firefox", "self"], **{"translations.best_by": "round_trip"})
    generate(two, tmp_path / "run", models())
    rows = Run(tmp_path / "run").table("pt/translations").read_all()
    assert {*rows["answer"]} <= {f"{line}\n" for line in lines}
    assert rows["answer_translator"].null_count() == rows.height
    assert rows["question_translator"].null_count() == 0


def test_several_targets_are_refused(recipe, finished, tmp_path):
    with pytest.raises(
        RecipeError, match=r"a run has one target and not pt and vi: make a run for each, such as --tgt"
    ):
        generate(recipe(tgt="pt,vi"), tmp_path / "run", models())
    with pytest.raises(RecipeError, match="a run has one target"):
        generate(recipe(tgt="vi"), finished.path, models())


def test_texts_in_another_language_are_noticed_before_anything_is_made(recipe, tmp_path):
    with pytest.warns(match=r"most of the first texts are not in Vietnamese \(Portuguese is the likeliest language\)"):
        resolve(recipe(tgt="vi", scorers=["language"], thresholds={}), tmp_path / "run", models())


def test_without_a_prompt_for_questions_nothing_is_begun(recipe, tmp_path):
    with pytest.raises(RecipeError, match=r"^prompts\.en\.write_question is missing"):
        generate(recipe(**{"prompts.en.write_question": None}), tmp_path / "run", models())
    assert not (tmp_path / "run").exists()


def test_controls_leave_out_what_would_learn_a_translation(finished, tmp_path):
    run = trusted_copy(finished.path, tmp_path / "run")
    made = build.make(Run(run), finished.manifest(), ["pt"], ["sdrrl", "no-crossing"], models=models())
    assert [*made["pt"].arms] == ["sdrrl", "no-crossing"]
    with pytest.raises(UserError, match=r"native texts"):
        build.make(Run(run), finished.manifest(), ["pt"], ["sdrrl", "pivot"], models=models())


def test_code_switched_answers_are_left_out(recipe, tmp_path, lines):
    generate(recipe(**{"code_switching.texts": "both"}), tmp_path / "run", models())
    rows = Run(tmp_path / "run").dataset("pt/transfer_set").read().filter(task="answer")
    assert {completion[0]["content"] for completion in rows["completion"]} <= {f"{line}\n" for line in lines}
    switched = rows.filter("code_switched")["switched"].explode().struct.field("text")
    assert pl.Series(switched).is_in(["prompt"]).all()


def test_a_server_and_firefox_make_a_set_from_real_texts(recipe, tmp_path, lines):
    def script(body, tries):
        shown = body["messages"][-1]["content"].rpartition("\n\n")[2]
        names = re.findall(r"(?<=[a-z,] )[A-Z]\w+", shown) or ["this"]
        return completion(f"What happened to {names[0]}?")

    server = ChatServer(script)
    try:
        settings = {
            "generator.model": "tiny",
            "generator.server.url": server.url,
            "limit": 8,
            "scorers": ["language", "length"],
            "thresholds": {"language": {"min": 0.2}},
        }
        manifest = generate(recipe(**settings), tmp_path / "run")
    finally:
        server.stop()
    run = Run(tmp_path / "run")
    answers = run.dataset("pt/transfer_set").read().filter(direction="pt->pt", code_switched=False, task="answer")
    assert answers.height >= 4
    assert {completion[0]["content"] for completion in answers["completion"]} <= {f"{line}\n" for line in lines}
    assert all(prompt[0]["content"].startswith("O que aconteceu") for prompt in answers["prompt"])
    assert len(server.bodies) == run.table("text_translations").count()
    assert {part.name for part in manifest.ingredients if "translator" in part.role} == {
        "Firefox en-pt",
        "Firefox pt-en",
    }
