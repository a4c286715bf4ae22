import polars as pl
import pytest

from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run
from sdrrl_data.steps.schemas import MESSAGES, UNITS
from sdrrl_data.tuning.reading import Near, nearest, read, texts


def put(run, name, part, **columns):
    run.table(name).write(part, Part(pl.DataFrame(columns), NOTHING_SET_ASIDE), "any")


TABLES = ["scores-heuristics", "scores-comet"]


@pytest.fixture
def run(tmp_path):
    """A run of two parts. One scorer has done both, the other only the second."""
    run = Run(tmp_path / "run")
    for part, ids in enumerate((["a", "b"], ["c"])):
        put(run, "pt/scores-heuristics", part, id=ids, question_length=[float(part)] * len(ids))
    put(run, "pt/scores-comet", 1, id=["c"], answer_comet=[0.5])
    put(run, "pt/scores-judge", 0, id=["d"], question_judge=[5.0])  # of a scorer that the recipe named once
    return run


def test_scores_of_tables_that_are_not_all_there(run):
    scored = read(run, "pt", TABLES)
    assert scored.rows == {"scores-comet": 1, "scores-heuristics": 3}
    expected = {"id": ["a", "b", "c"], "question_length": [0.0, 0.0, 1.0], "answer_comet": [None, None, 0.5]}
    assert scored.scores.sort("id").select(list(expected)).to_dict(as_series=False) == expected


def test_scores_of_tables_that_are_all_there(run):
    put(run, "pt/scores-comet", 0, id=["a", "b"], answer_comet=[0.1, None])
    assert read(run, "pt", TABLES).scores.rows() == [("a", 0.0, 0.1), ("b", 0.0, None), ("c", 1.0, 0.5)]
    assert read(run, "pt", TABLES).scores.columns == ["id", "question_length", "answer_comet"]


def test_no_scores_yet(run):
    assert read(run, "vi", TABLES).rows == {}
    assert read(run, "vi", TABLES).scores.is_empty()


@pytest.mark.parametrize(
    ("upper", "bound", "expected"),
    [
        (False, 0.5, [("d", 0.3, False), ("b", 0.4, False), ("e", 0.5, True), ("a", 0.6, True)]),
        (True, 0.5, [("b", 0.4, True), ("e", 0.5, True), ("a", 0.6, False), ("f", 0.9, False)]),
        (False, 0.1, [("c", 0.1, True), ("d", 0.3, True)]),
    ],
)
def test_rows_nearest_to_a_bound(upper, bound, expected):
    table = pl.DataFrame({"id": list("abcdefg"), "score": [0.6, 0.4, 0.1, 0.3, 0.5, 0.9, None]})
    assert nearest(table, "score", bound, upper) == [Near(*row) for row in expected]


def test_texts_of_the_parts_that_are_there(run):
    unit = {"source_start": 0, "source_end": 3, "target_start": 0, "target_end": 3}
    for part, id in ((0, "a"), (1, "c")):
        put(
            run,
            "seeds",
            part,
            id=[id],
            messages=pl.Series([[{"role": "user", "content": f"who {id}"}]], dtype=MESSAGES),
        )
        put(run, "answers", part, id=[id], answer=[f"I {id}"])
    question = pl.Series([[{"role": "user", "content": "quem"}]], dtype=MESSAGES)
    units = {
        "question_units": pl.Series([[[unit]]], dtype=pl.List(UNITS)),
        "answer_units": pl.Series([[unit]], dtype=UNITS),
    }
    put(run, "pt/translations", 1, id=["c"], question=question, answer=["eu"], **units)
    by_id = texts(run, "pt", 3, {"a", "c", "z"})
    assert list(by_id) == ["c"]
    assert (by_id["c"]["question"].source, by_id["c"]["question"].target) == ("who c", "quem")
    assert (by_id["c"]["answer"].source, by_id["c"]["answer"].target) == ("I c", "eu")
