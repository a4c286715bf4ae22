"""Seeds whose task is bound to their language are kept in the source language alone."""

import json
from dataclasses import replace

import polars as pl
import pytest

from sdrrl_data import generation
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.generation.server import ChatServer, completion
from tests.support import small_models

BOUND = ["Which of these words rhyme with the name of a small river?", "How do you spell the name of the old harbour?"]
FREE = [f"Why do people like {what} so much in the evening?" for what in ("bread", "songs", "boats", "rain")]


@pytest.fixture
def run(tmp_path):
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text("\n".join(json.dumps({"instruction": question}) for question in [*BOUND, *FREE]))
    thresholds = loading.load("quickstart").thresholds
    changes = small_models.CHANGES | {
        "seeds": [{"source": str(seeds)}],
        "scorers": ["language_bound"],
        "thresholds": {"language_bound": thresholds["language_bound"].model_dump(mode="json")},
        "transfer_set.mix": {
            **dict.fromkeys(("src->tgt", "tgt->src", "tgt->tgt", "code_switched"), 0.1),
            "src->src": 0.6,
            "translate": 0,
            "complete": 0,
        },
        "transfer_set.test_share": 0,
    }
    generate(loading.load("quickstart", changes), tmp_path / "run", small_models.models())
    return Run(tmp_path / "run")


def test_such_a_seed_has_only_a_row_in_the_source_language(run):
    seeds = run.table("seeds").read_all()
    asked = pl.col("messages").list.last().struct.field("content").is_in(BOUND)
    verdicts = run.table("pt/verdicts").read_all().join(seeds.filter(asked).select("id"), on="id", how="semi")
    assert verdicts.select("question_src", "answer_src", "question_tgt", "answer_tgt").rows() == [(1, 1, 0, 0)] * 2
    rows = run.dataset("pt/transfer_set").read()
    of_bound = rows.join(verdicts.select(seed_id="id"), on="seed_id", how="semi")
    assert set(of_bound["direction"]) == {"en->en"}
    assert not of_bound["code_switched"].any()
    others = rows.join(verdicts.select(seed_id="id"), on="seed_id", how="anti")
    assert set(others["direction"]) == {"en->en", "en->pt", "pt->en", "pt->pt"}


def test_a_judge_is_asked_about_each_question_once(tmp_path, monkeypatch):
    """Not about the answers, which have the scores of their questions."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text("\n".join(json.dumps({"instruction": question}) for question in [*BOUND, *FREE]))

    def script(body, tries):
        prompt = body["messages"][-1]["content"]
        asked.append("asked in English" in prompt)
        return completion(("Yes." if "songs" in prompt else "No.") if asked[-1] else "It is warm and quiet then.")

    asked: list[bool] = []
    server = ChatServer(script)
    generator = {"model": "tiny", "engine": "openai", "server": {"url": server.url}}
    changes = small_models.CHANGES | {
        "seeds": [{"source": str(seeds)}],
        "generator": generator,
        "scorers": ["language_bound_judge"],
        "thresholds": {"language_bound": {"max": 0}},
    }
    models = replace(small_models.models(), identify_generator=generation.identify, build_generator=generation.build)
    try:
        generate(loading.load("quickstart", changes), tmp_path / "run", models)
    finally:
        server.stop()
    assert sum(asked) == len([*BOUND, *FREE])
    scores = Run(tmp_path / "run").table("pt/scores-language_bound_judge").read_all()
    assert scores["question_language_bound"].sum() == 1
    assert scores["answer_language_bound"].equals(scores["question_language_bound"])
    verdicts = Run(tmp_path / "run").table("pt/verdicts").read_all()
    assert (verdicts["question_tgt"] == 0).sum() == 1


def test_the_card_counts_them(run):
    text = " ".join((run.path / "README.md").read_text(encoding="utf-8").split())
    assert "makes sense only in English, such as rhymes, spelling or translation: 2." in text
