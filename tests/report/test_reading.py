import polars as pl
import pytest

from sdrrl_data.report import reading
from sdrrl_data.run import NOTHING_SET_ASIDE, FilterCount, Manifest, Part, Run, TargetCount
from sdrrl_data.steps import verdicts
from sdrrl_data.steps.verdicts import TEXTS

PARTS, ROWS = 60, 10


def verdict(number: int, failed: tuple[str, ...] = ()):
    failures = [
        {"text": "answer_tgt", "filter": name, "value": 0.0, "threshold": ">= 1", "weight": 0.0} for name in failed
    ]
    return {"id": f"{number * 7919 % 1000:03}", **dict.fromkeys(TEXTS, 1.0), "failures": failures}


@pytest.fixture
def judged(tmp_path):
    """A run of 600 judged pairs, of which one fails `rare` and every tenth fails `usual`."""
    run = Run(tmp_path)
    for part in range(PARTS):
        rows = [
            verdict(number, ("rare",) if number == 377 else ("usual",) if number % 10 == 3 else ())
            for number in range(part * ROWS, (part + 1) * ROWS)
        ]
        run.table("pt/verdicts").write(part, Part(pl.DataFrame(rows, schema=verdicts.SCHEMA), NOTHING_SET_ASIDE), "f")
    filters = [
        FilterCount(filter=name, weight=0, texts=dict.fromkeys(TEXTS, 1), alone={}, only={})
        for name in ("rare", "usual")
    ]
    target = TargetCount(pairs=600, kept=539, kept_texts={}, filters=filters, removed={}, mix=[], rows={})
    manifest = Manifest(
        state="finished",
        signatures={"pt": "s"},
        recipe={"tgt": ["pt"]},
        versions={},
        ingredients=[],
        growths=[[ROWS] * PARTS],
    )
    manifest.counts.targets["pt"] = target
    return run, manifest


def test_a_small_run_is_read_whole(judged):
    assert reading.scope(*judged, "pt") == reading.Scope([*range(PARTS)], 600, 600)


def test_of_a_long_run_parts_are_read_that_have_an_example_of_each_filter(judged, monkeypatch):
    monkeypatch.setattr(reading, "READ", 100)
    scope = reading.scope(*judged, "pt")
    assert scope == reading.Scope([*range(0, 37, 6), 37, *range(42, PARTS, 6)], 110, 600)


def test_pairs_are_chosen_in_turn_from_each_filter_and_from_the_rest(judged):
    run, _ = judged
    rows = run.table("pt/verdicts").read_all()
    failed = dict(zip(rows["id"], [[f["filter"] for f in failures] for failures in rows["failures"]], strict=True))
    ids = reading.choose(run, "pt", range(PARTS), 9, ["500"])
    assert ids[0] == "500"
    assert sorted(str(failed[id]) for id in ids[1:4]) == ["['rare']", "['usual']", "[]"]
    assert len(set(ids)) == 9


def test_set_aside_rows_come_in_turn_from_each_reason(tmp_path):
    run = Run(tmp_path)
    for part, reasons in enumerate((["a", "a", "b"], ["a", "c", "c"])):
        aside = pl.DataFrame({"id": [f"{part}{n}" for n in range(3)], "reason": reasons, "row": ["{}"] * 3})
        run.table("answers").write(part, Part(pl.DataFrame({"id": []}), aside), "f")
    rows = list(reading.set_aside(run, "answers", 2, 5))
    assert [row["reason"] for row in rows] == ["a", "b", "c", "a", "c"]
    assert list(reading.set_aside(run, "seeds", 2, 5)) == []
