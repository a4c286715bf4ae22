import json

import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.protocols import TextPair
from sdrrl_data.scoring.duplicates import DuplicatesConfig, DuplicatesScorer

EN, PT = find("en"), find("pt")
BREAD = TextPair("How do I keep my bread fresh for a whole week?", "Como mantenho meu pão fresco por uma semana?", [])
MILK = TextPair("How do I keep my milk fresh for a whole week?", BREAD.target, [])
SHORT = TextPair("Yes.", "Sim.", [])


def scorer(*against, kind="question"):
    return DuplicatesScorer(DuplicatesConfig(against=against), EN, PT, kind)


def scored(scorer, pairs, first=0):
    done = []
    table = scorer.score([f"id{number}" for number in range(first, first + len(pairs))], pairs, done.append)
    assert sum(done) == len(pairs)
    assert table.schema == {
        "src_duplicate": pl.Float64,
        "src_duplicate_of": pl.String,
        "duplicate": pl.Float64,
        "duplicate_of": pl.String,
    }
    return table.rows()


def test_each_side_is_compared_by_itself():
    assert scored(scorer(), [SHORT, BREAD, MILK, BREAD]) == [
        (None, None, None, None),
        (0.0, None, 0.0, None),
        (0.5, "id1", 1.0, "id1"),
        (1.0, "id1", 1.0, "id1"),
    ]
    assert scored(scorer(), []) == []


def test_parts_are_scored_as_the_whole_is(real_texts):
    lines = (real_texts / "instructions" / "dolly-2k.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    pairs = [TextPair(row["instruction"], row["output"], []) for row in rows]
    at_once = scored(scorer(), pairs)
    again = scorer()
    again.remember([f"id{number}" for number in range(700)], pairs[:700])
    assert scored(again, pairs[700:1300], 700) + scored(again, pairs[1300:], 1300) == at_once[700:]
    assert 40 < sum(similarity is not None and similarity >= 0.5 for similarity, *_ in at_once) < 200


@pytest.fixture
def others(tmp_path):
    path = tmp_path / "others.jsonl"
    rows = [{"instruction": "Why not?", "output": "x"}, {"instruction": MILK.source, "output": BREAD.target}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(path)


def test_other_sets_come_first(others):
    assert scored(scorer(others), [BREAD, MILK]) == [
        (0.5, "others.jsonl:2", 0.0, None),
        (1.0, "others.jsonl:2", 1.0, "id0"),
    ]
    assert scored(scorer(others, kind="answer"), [BREAD])[0] == (0.0, None, 1.0, "others.jsonl:2")


def test_a_set_with_nothing_to_compare_with(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "Why?"}', encoding="utf-8")
    with pytest.raises(UserError, match=r"texts\.jsonl: there are no answers in English or Portuguese in it: take it"):
        scorer(str(path), kind="answer")


def test_sets_that_are_there(others, tmp_path):
    (ingredient,) = DuplicatesConfig(against=(others,)).identify()
    assert (ingredient.role, ingredient.name) == ("compared set", "others.jsonl")
    with pytest.raises(UserError, match=r"compared set .*/none: there is no such file"):
        DuplicatesConfig(against=(str(tmp_path / "none"),)).identify()
