import polars as pl

from sdrrl_data.report import verdict_changes
from sdrrl_data.report.verdict_changes import FilterChange
from sdrrl_data.steps import verdicts
from sdrrl_data.steps.verdicts import TEXTS


def judged(**failed):
    """Verdicts: id -> filters that drop its answer."""
    rows = [
        {
            "id": id,
            **dict.fromkeys(TEXTS, 1.0),
            "answer_tgt": 0.0 if any(not name.startswith("light") for name in filters) else 0.5,
            "failures": [
                {
                    "text": text,
                    "filter": name,
                    "value": 0.1,
                    "threshold": ">= 1",
                    "weight": 0.5 if name.startswith("light") else 0.0,
                }
                for name in filters
                for text in ("answer_src", "answer_tgt")
            ],
        }
        for id, filters in failed.items()
    ]
    return pl.DataFrame(rows, schema=verdicts.SCHEMA)


def test_pairs_gained_and_lost_and_the_filters_that_did_it():
    this = judged(a=[], b=["length"], c=["length", "script"], d=[], e=["light"], f=["numbers"])
    other = judged(a=["script", "numbers"], b=[], c=[], d=[], e=["length", "light"], g=[])
    changes = verdict_changes.compare(this, other)
    assert (changes.pairs, changes.gained, changes.lost) == (5, 2, 2)
    assert changes.ids == {"a": "gained", "e": "gained", "b": "lost", "c": "lost"}
    assert changes.by_filter == [
        FilterChange("length", gained=1, lost=2),
        FilterChange("script", gained=1, lost=1),
        FilterChange("numbers", gained=1, lost=0),
    ]


def test_without_verdicts_nothing_is_compared():
    assert verdict_changes.compare(pl.DataFrame(), judged(a=[])).pairs == 0
    same = judged(a=[], b=["x"])
    assert verdict_changes.compare(same, same).by_filter == []
