"""Whole runs on a server that fails: what is kept, what is asked again, and that nothing of the failure is left."""

import json
import re
from contextlib import contextmanager
from dataclasses import replace

import polars as pl
import pytest

from sdrrl_data import generation, translation
from sdrrl_data.cards import portable
from sdrrl_data.errors import ServerLost
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.pipeline.plan import resolve
from sdrrl_data.protocols import Silent
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.generation.server import ChatServer, Reply, completion, error
from tests.support import small_models

pytestmark = pytest.mark.long

SEEDS = 17
QUESTION = "Why are there {} fish in pond number {}?"
FAILURES = [Reply({"error": {"message": "Bad gateway", "code": 502}}), error(500, "crashed"), Reply({"choices": []})]
BAD = {3, 4, 11}  # questions that a faulty server fails at: in the parts 0 and 2 of four
MODELS = replace(small_models.models(), identify_generator=generation.identify, build_generator=generation.build)


class Steps(Silent):
    """Notes which steps had something to do, and what was said."""

    def __init__(self):
        self.names = []
        self.said = []

    def start(self, what, total, done, unit="rows"):
        self.names.append(what)

    def say(self, sentence):
        self.said.append(sentence)


@pytest.fixture(scope="module", autouse=True)
def no_key():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OPENAI_API_KEY", raising=False)
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    path = tmp_path_factory.mktemp("seeds") / "seeds.jsonl"
    rows = ({"instruction": QUESTION.format(n, n)} for n in range(SEEDS))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


class Answers:
    """A server that answers every question, and fails or refuses where it is told to."""

    def __init__(self):
        self.failing = lambda body: None  # from a request to the reply that stands for its answer
        self.server = ChatServer(self._reply)

    def _reply(self, body, tries):
        asked = body["messages"][-1]["content"]
        return self.failing(body) or completion(f"Nobody knows, but {asked.lower().rstrip('?')} is it.")

    def asked(self):
        """The questions since the last time."""
        questions = [body["messages"][-1]["content"] for body in self.server.bodies]
        self.server.bodies.clear()
        return questions


@contextmanager
def answering():
    answers = Answers()
    try:
        yield answers
    finally:
        answers.server.stop()


def number_of(body):
    match = re.search(r"number (\d+)", body["messages"][-1]["content"])
    return int(match[1]) if match else None


def foreign(text):
    """Stands for a translation: every word turned round."""
    return re.sub(r"[A-Za-z]+", lambda word: word[0][::-1], text)


def failing(reply, numbers=BAD):
    return lambda body: reply if number_of(body) in numbers else None


def recipe(answers, seeds, **changes):
    server = {"url": answers.server.url, "concurrency": 4, "retries": 0}
    return loading.load(
        "quickstart",
        small_models.CHANGES
        | {"seeds": [{"source": str(seeds)}], "part_rows": 5, "generator.model": "tiny", "generator.server": server}
        | {"thresholds": {}, "scorers": ["round_trip", "length", "repetition"]}
        | changes,
    )


def run(answers, seeds, out, models=MODELS, retry_set_aside=False, **changes):
    steps = Steps()
    generate(recipe(answers, seeds, **changes), out, models, steps, retry_set_aside=retry_set_aside)
    return steps


def contents(out):
    """Every file of a run with its bytes, but for the times it took."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name != "timings.jsonl")
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def undisturbed(seeds, tmp_path_factory):
    """A server that never failed, and a run on it."""
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    with answering() as answers:
        run(answers, seeds, out)
        yield answers, out


@pytest.fixture
def whole(undisturbed):
    """The server, which may be told to fail, and the files of the run."""
    answers, out = undisturbed
    answers.failing = lambda body: None
    answers.asked()
    return answers, contents(out)


@pytest.mark.parametrize("reply", FAILURES)
def test_what_a_server_failed_at_is_asked_again_by_the_same_command(whole, seeds, tmp_path, reply):
    answers, good = whole
    out = tmp_path / "run"
    answers.failing = failing(reply)
    first = run(answers, seeds, out)
    table = Run(out).table("answers")
    assert table.count() == SEEDS - len(BAD)
    assert all(reason.startswith("the server failed: ") for reason in table.set_aside()["reason"])
    assert table.again() == len(BAD)
    assert first.said[-1] == f"answers: the server failed at 3 requests; `sdrrl-data generate --out {out}` asks again"
    assert Run(out).manifest().state == "finished"

    answers.asked()
    answers.failing = lambda body: None
    again = run(answers, seeds, out)
    assert len(answers.asked()) == len(BAD)
    assert "server failed" not in "".join(again.said)
    assert contents(out) == good
    assert run(answers, seeds, out).names == []
    assert answers.asked() == []


def test_where_it_fails_again_nothing_else_is_made_anew(whole, seeds, tmp_path):
    answers, good = whole
    out = tmp_path / "run"
    answers.failing = failing(FAILURES[0])
    run(answers, seeds, out)
    before = contents(out)
    steps = run(answers, seeds, out)
    assert steps.names == ["answers"]
    assert steps.said[-1] == f"answers: the server failed at 3 requests; `sdrrl-data generate --out {out}` asks again"
    assert contents(out) == before

    answers.failing = failing(FAILURES[0], {4})  # two of three are there now
    run(answers, seeds, out)
    assert Run(out).table("answers").again() == 1
    answers.failing = lambda body: None
    run(answers, seeds, out)
    assert contents(out) == good


def test_translations_that_are_there_are_not_made_again(whole, seeds, tmp_path):
    answers, good = whole
    asked = []

    class Counting(small_models.Cipher):
        def translate(self, sentences, again=False):
            asked.extend(sentences)
            return super().translate(sentences, again)

    models = replace(MODELS, build_translator=lambda settings, src, tgt, generator, seed: Counting(src, tgt))
    out = tmp_path / "run"
    answers.failing = failing(FAILURES[0])
    run(answers, seeds, out, models)
    asked.clear()
    answers.failing = lambda body: None
    run(answers, seeds, out, models)
    into_portuguese = [sentence for sentence in asked if sentence.startswith(("Why are", "Nobody knows"))]
    assert len(into_portuguese) == 2 * len(BAD)
    assert contents(out) == good


def test_a_run_that_a_server_stopped_ends_with_the_same_bytes(whole, seeds, tmp_path):
    answers, good = whole
    out = tmp_path / "run"
    money = 0

    def spend(body):
        nonlocal money
        money -= 1
        return error(402, "no money") if money < 0 else failing(FAILURES[0])(body)

    answers.failing = spend
    for budget in (6, 5, 4):
        money = budget
        with pytest.raises(ServerLost, match=r"no money \(HTTP 402\): check what the account"):
            run(answers, seeds, out)
    answers.failing = lambda body: None
    run(answers, seeds, out)
    assert contents(out) == good


def test_of_several_samples_only_the_missing_one_is_asked_again(seeds, tmp_path):
    changes = {"answers.samples": 3}
    with answering() as answers:
        run(answers, seeds, tmp_path / "whole", **changes)
        seeds_of_4 = sorted({body["seed"] for body in answers.server.bodies if number_of(body) == 4})
        answers.failing = lambda body: FAILURES[0] if body["seed"] == seeds_of_4[1] else None
        run(answers, seeds, tmp_path / "run", **changes)
        assert Run(tmp_path / "run").table("samples").again() == 1
        answers.server.bodies.clear()
        answers.failing = lambda body: None
        run(answers, seeds, tmp_path / "run", **changes)
        assert [body["seed"] for body in answers.server.bodies] == [seeds_of_4[1]]
    assert contents(tmp_path / "run") == contents(tmp_path / "whole")


def test_what_a_server_refused_is_asked_again_on_demand_alone(undisturbed, whole, seeds, tmp_path):
    answers, good = whole
    out = tmp_path / "run"
    answers.failing = failing(error(400, "flagged"))
    run(answers, seeds, out)
    assert set(Run(out).table("answers").set_aside()["reason"]) == {"the server refuses it: flagged (HTTP 400)"}
    answers.asked()
    assert run(answers, seeds, out).names == []
    assert answers.asked() == []

    before = contents(out)
    run(answers, seeds, out, retry_set_aside=True)  # refused again, and nothing changes
    *refused, test = answers.asked()
    assert sorted(refused) == sorted(QUESTION.format(n, n) for n in BAD)
    assert test == "Hello"  # no other request shows that the server is well
    assert contents(out) == before

    answers.failing = failing(error(400, "flagged"), {4})
    run(answers, seeds, out, retry_set_aside=True)
    assert Run(out).table("answers").count() == SEEDS - 1
    assert run(answers, seeds, out).names == []  # what is there now stands
    answers.asked()
    answers.failing = failing(FAILURES[0])
    run(answers, seeds, out, retry_set_aside=True)
    assert Run(out).table("answers").again() == 1
    answers.failing = lambda body: None
    run(answers, seeds, out)
    assert len(answers.asked()) == 2
    assert run(answers, seeds, out).names == []
    good_run = Run(undisturbed[1])
    for table in ("seeds", "answers", "pt/translations", "pt/code_switched", "pt/scores-heuristics", "pt/verdicts"):
        assert Run(out).table(table).read_all().equals(good_run.table(table).read_all())
        assert Run(out).table(table).set_aside().is_empty()
    assert Run(out).dataset("pt/transfer_set").read().equals(good_run.dataset("pt/transfer_set").read())
    assert Run(out).manifest().counts == good_run.manifest().counts
    assert set(contents(out)) == set(good)


def test_a_plan_says_what_will_be_asked_again(whole, seeds, tmp_path):
    answers, _ = whole
    answers.failing = failing(error(400, "flagged"), {3})
    run(answers, seeds, tmp_path / "run")
    plan = resolve(recipe(answers, seeds), tmp_path / "run", MODELS)
    assert plan.finished()
    plan = resolve(recipe(answers, seeds), tmp_path / "run", MODELS, retry_set_aside=True)
    assert not plan.finished()
    assert plan.missing("answers") == [0]


def test_a_finished_run_goes_on_without_the_server_that_failed(whole, seeds, tmp_path, caplog):
    answers, good = whole
    out = tmp_path / "run"
    answers.failing = failing(FAILURES[0])
    run(answers, seeds, out)
    rows = Run(out).table("answers").read_all()
    with answering() as gone:
        pass
    caplog.clear()
    steps = run(gone, seeds, out, **{"thresholds": {"repetition": {"max": 0.3}}})
    assert steps.names == ["pt/verdicts", "pt/transfer_set", "pt/preferences", "pt/distillation", "pt/counts"]
    assert next(record.message for record in caplog.records).endswith("; the rows that it failed at stay set aside")
    assert Run(out).table("answers").read_all().equals(rows)
    answers.failing = lambda body: None
    run(answers, seeds, out)
    assert contents(out) == good


def test_sentences_that_a_server_failed_to_translate_are_asked_again(seeds, tmp_path):
    models = replace(
        MODELS,
        identify_translator=translation.identify,
        build_translator=translation.build,
    )
    changes = {"translator": ["self"], "scorers": ["length"], "parallel": None}

    def translating(body):
        text = body["messages"][-1]["content"].rpartition("\n\n")[2]
        return completion(foreign(text)) if "Translate from" in body["messages"][-1]["content"] else None

    def faulty(body):
        is_translation = "Translate from" in body["messages"][-1]["content"]
        return FAILURES[1] if is_translation and number_of(body) in BAD else translating(body)

    with answering() as answers:
        answers.failing = translating
        run(answers, seeds, tmp_path / "whole", models, **changes)
        answers.failing = faulty
        steps = run(answers, seeds, tmp_path / "run", models, **changes)
        table = Run(tmp_path / "run").table("pt/translations")
        assert table.again() == table.set_aside().height == len(BAD)
        assert any(sentence.startswith("pt/translations: the server failed at 3") for sentence in steps.said)
        answers.asked()
        answers.failing = translating
        steps = run(answers, seeds, tmp_path / "run", models, **changes)
        assert "answers" not in steps.names
        assert len(set(answers.asked())) == 2 * len(BAD)  # question and answer: both name the number
    assert contents(tmp_path / "run") == contents(tmp_path / "whole")


def test_another_model_translates_on_a_server_of_its_own(seeds, tmp_path):
    models = replace(MODELS, identify_translator=translation.identify, build_translator=translation.build)

    def translating(body):
        return completion(foreign(body["messages"][-1]["content"].rpartition("\n\n")[2]))

    def faulty(body):
        return FAILURES[1] if number_of(body) in BAD else translating(body)

    with answering() as answers, answering() as translates:

        def translator(model):
            server = {"url": translates.server.url, "timeout": 60.0, "retries": 0}
            config = {"kind": "llm", "model": model, "engine": "openai", "server": server}
            return {"translator": [config], "scorers": ["length"], "parallel": None}

        translates.failing = translating
        run(answers, seeds, tmp_path / "whole", models, **translator("tower"))
        assert len(answers.asked()) == SEEDS
        assert translates.asked()
        manifest = Run(tmp_path / "whole").manifest()
        names = {part.role: part.name for part in manifest.ingredients}
        assert (names["generator"], names["translator"]) == ("tiny", "tower")
        assert translates.server.url not in portable.manifest(manifest).model_dump_json()

        translates.failing = faulty
        run(answers, seeds, tmp_path / "run", models, **translator("tower"))
        assert Run(tmp_path / "run").table("pt/translations").again() == len(BAD)
        translates.failing = translating
        answers.asked()
        run(answers, seeds, tmp_path / "run", models, **translator("tower"))
        assert contents(tmp_path / "run") == contents(tmp_path / "whole")

        steps = run(answers, seeds, tmp_path / "run", models, **translator("madlad"))
        assert "pt/translations" in steps.names
        assert answers.asked() == []


def test_sentences_that_a_server_refused_to_translate_are_asked_again_on_demand_alone(seeds, tmp_path):
    models = replace(MODELS, identify_translator=translation.identify, build_translator=translation.build)
    changes = {"translator": ["self"], "scorers": ["length"], "parallel": None}
    refused: set[int] = set()

    def translating(body):
        question = body["messages"][-1]["content"]
        if "Translate from" not in question:
            return None
        if number_of(body) in refused:
            return error(400, "flagged")
        return completion(foreign(question.rpartition("\n\n")[2]))

    with answering() as answers:
        answers.failing = translating
        run(answers, seeds, tmp_path / "whole", models, **changes)
        refused.update(BAD)
        run(answers, seeds, tmp_path / "run", models, **changes)
        assert Run(tmp_path / "run").table("pt/translations").set_aside().height == len(BAD)
        answers.asked()
        assert run(answers, seeds, tmp_path / "run", models, **changes).names == []
        assert answers.asked() == []
        refused.clear()
        steps = run(answers, seeds, tmp_path / "run", models, retry_set_aside=True, **changes)
        assert "answers" not in steps.names
        assert len(set(answers.asked())) == 2 * len(BAD)  # question and answer: both name the number
        assert run(answers, seeds, tmp_path / "run", models, **changes).names == []
    again, good = Run(tmp_path / "run"), Run(tmp_path / "whole")
    for table in ("answers", "pt/translations", "pt/verdicts"):
        assert again.table(table).read_all().equals(good.table(table).read_all())
    assert again.dataset("pt/transfer_set").read().equals(good.dataset("pt/transfer_set").read())


def test_ratings_that_a_server_failed_at_are_asked_again(seeds, tmp_path):
    changes = {"scorers": ["judge"]}

    def rating(body):
        return completion("4") if "Rate the translation" in body["messages"][-1]["content"] else None

    def faulty(body):
        rated = rating(body)
        return FAILURES[0] if rated and body["seed"] % 5 == 0 else rated

    with answering() as answers:
        answers.failing = rating
        run(answers, seeds, tmp_path / "whole", **changes)
        answers.failing = faulty
        steps = run(answers, seeds, tmp_path / "run", **changes)
        assert any(sentence.startswith("pt/scores-judge: the server failed at") for sentence in steps.said)
        scores = Run(tmp_path / "run").table("pt/scores-judge").read_all()
        assert scores["question_judge"].has_nulls() or scores["answer_judge"].has_nulls()
        answers.failing = rating
        steps = run(answers, seeds, tmp_path / "run", **changes)
        assert steps.names == [
            "pt/scores-judge",
            "pt/verdicts",
            "pt/transfer_set",
            "pt/preferences",
            "pt/distillation",
            "pt/counts",
        ]
    assert contents(tmp_path / "run") == contents(tmp_path / "whole")
    assert not pl.read_parquet(tmp_path / "run/pt/scores-judge/*.parquet")["question_judge"].has_nulls()
