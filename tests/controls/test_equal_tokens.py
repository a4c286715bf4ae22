from itertools import accumulate

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.controls.equal_tokens import cut
from sdrrl_data.run.dataset import SPLITS
from sdrrl_data.steps.schemas import MESSAGES

SCHEMA = {
    "seed_id": pl.String,
    "task": pl.String,
    "direction": pl.String,
    "completion": MESSAGES,
    "split": pl.String,
}
LENGTHS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["en->pt", "pt->en"])), max_size=12)


def arm(lengths, split="train"):
    """Rows with answers of so many words, in a direction each."""
    return pl.DataFrame(
        [
            {
                "seed_id": f"{number % 3}",
                "task": "answer",
                "direction": direction,
                "completion": [{"role": "assistant", "content": " ".join(["x"] * length)}],
                "split": split,
            }
            for number, (length, direction) in enumerate(lengths)
        ],
        schema=SCHEMA,
    )


def words(texts):
    return [len(text.split()) for text in texts]


def test_rows_are_taken_in_their_order_up_to_what_the_smallest_has():
    arms = {
        "small": arm([(5, "en->pt"), (5, "pt->en")]),
        "over": arm([(4, "en->pt"), (5, "en->pt"), (2, "en->pt"), (9, "en->pt")]),
        "under": arm([(4, "en->en"), (4, "en->pt"), (5, "en->pt")]),
    }
    datasets = cut(arms, "pt", "total", words)
    assert datasets.budget == {"train": 10, "test": 0}
    assert {name: rows.height for name, rows in datasets.rows.items()} == {"small": 2, "over": 3, "under": 2}
    assert datasets.rows["over"].equals(arms["over"].head(3))
    figures = datasets.figures["under"]
    assert figures.model_dump() == {
        "equal": "total",
        "rows": {"train": 2, "test": 0},
        "seeds": {"train": 2, "test": 0},
        "tokens": {"train": 8, "test": 0},
        "target_tokens": {"train": 4, "test": 0},
    }


def test_tokens_of_the_target_language_are_held_equal():
    arms = {
        "none": arm([(3, "en->en")] * 6),
        "half": arm([(4, "pt->en"), (4, "en->pt")] * 5),
        "all": arm([(4, "pt->pt")] * 4),
    }
    datasets = cut(arms, "pt", "target", words)
    assert datasets.budget["train"] == 16  # of "all"; "none" has 18 in all
    assert {name: figures.target_tokens["train"] for name, figures in datasets.figures.items()} == {
        "none": 0,
        "half": 16,
        "all": 16,
    }
    assert {name: figures.tokens["train"] for name, figures in datasets.figures.items()} == {
        "none": 15,
        "half": 36,
        "all": 16,
    }
    assert {name: figures.equal for name, figures in datasets.figures.items()} == {
        "none": "total",
        "half": "target",
        "all": "target",
    }


def test_what_the_smallest_leaves_of_the_others_is_known():
    arms = {"sdrrl": arm([(4, "pt->en"), (4, "en->pt")] * 28), "few": arm([(43, "en->pt")])}
    total, target = (cut(arms, "pt", equal, words) for equal in ("total", "target"))
    assert total.smallest == target.smallest == "few"
    assert total.left == {"sdrrl": (11, 56), "few": (1, 1)}
    assert target.left["sdrrl"] == (23, 56)
    assert [total.figures[name].is_near(total.budget) for name in arms] == [True, True]
    long = cut(arms | {"long": arm([(80, "en->pt")])}, "pt", "total", words)
    assert [long.figures[name].is_near(long.budget) for name in long.figures] == [True, True, False]


@pytest.mark.parametrize("equal", ["total", "target"])
@given(lengths=st.lists(st.tuples(LENGTHS, LENGTHS), min_size=1, max_size=4))
def test_no_number_of_leading_rows_comes_nearer(lengths, equal):
    arms = {f"{n}": pl.concat([arm(a, "train"), arm(b, "test")]) for n, (a, b) in enumerate(lengths)}
    datasets = cut(arms, "pt", equal, words)
    for name, figures in datasets.figures.items():
        for split in SPLITS:
            rows = arms[name].filter(split=split)
            held = [
                0 if figures.equal == "target" and direction == "pt->en" else len(text[0]["content"].split())
                for direction, text in rows.select("direction", "completion").iter_rows()
            ]
            distances = [abs(datasets.budget[split] - reached) for reached in accumulate(held, initial=0)]
            assert distances[figures.rows[split]] == min(distances)
            assert datasets.rows[name].filter(split=split).equals(rows.head(figures.rows[split]))
    for split in SPLITS:
        assert any(
            (figures.tokens if figures.equal == "total" else figures.target_tokens)[split] == datasets.budget[split]
            for figures in datasets.figures.values()
        )
