from itertools import accumulate

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.controls import equal_tokens
from sdrrl_data.controls.equal_tokens import NUMBERS, numbers, taken
from sdrrl_data.run.dataset import SPLITS
from sdrrl_data.steps.schemas import MESSAGES

LENGTHS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["en->pt", "pt->en"])), max_size=12)


def arm(lengths, split="train"):
    """The numbers of rows with answers of so many words, in a direction each."""
    return pl.DataFrame(
        [
            {
                "split": split,
                "order": number,
                "tokens": length,
                "target_tokens": length if direction.endswith("->pt") else 0,
                "seed": number % 3,
            }
            for number, (length, direction) in enumerate(lengths)
        ],
        schema=NUMBERS,
    )


def cut(arms, equal):
    return equal_tokens.cut({name: lambda rows=rows: rows for name, rows in arms.items()}, equal)


def rows_of(datasets, arms, name):
    return arms[name].filter(taken(arms[name], datasets.figures[name].equal, datasets.budget))


def test_rows_are_taken_in_their_order_up_to_what_the_smallest_has():
    arms = {
        "small": arm([(5, "en->pt"), (5, "pt->en")]),
        "over": arm([(4, "en->pt"), (5, "en->pt"), (2, "en->pt"), (9, "en->pt")]),
        "under": arm([(4, "en->en"), (4, "en->pt"), (5, "en->pt")]),
    }
    datasets = cut(arms, "total")
    assert datasets.budget == {"train": 10, "test": 0}
    assert {name: rows_of(datasets, arms, name).height for name in arms} == {"small": 2, "over": 3, "under": 2}
    assert rows_of(datasets, arms, "over").equals(arms["over"].head(3))
    backwards = arms | {"over": arms["over"].with_columns(order=-pl.col("order"))}
    assert rows_of(cut(backwards, "total"), backwards, "over")["tokens"].to_list() == [2, 9]
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
    datasets = cut(arms, "target")
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
    total, target = (cut(arms, equal) for equal in ("total", "target"))
    assert total.smallest == target.smallest == "few"
    assert total.left == {"sdrrl": (11, 56), "few": (1, 1)}
    assert target.left["sdrrl"] == (23, 56)
    assert [total.figures[name].is_near(total.budget) for name in arms] == [True, True]
    long = cut(arms | {"long": arm([(80, "en->pt")])}, "total")
    assert [long.figures[name].is_near(long.budget) for name in long.figures] == [True, True, False]


@pytest.mark.parametrize("equal", ["total", "target"])
@given(lengths=st.lists(st.tuples(LENGTHS, LENGTHS), min_size=1, max_size=4))
def test_no_number_of_leading_rows_comes_nearer(lengths, equal):
    arms = {f"{n}": pl.concat([arm(a, "train"), arm(b, "test")]) for n, (a, b) in enumerate(lengths)}
    datasets = cut(arms, equal)
    for name, figures in datasets.figures.items():
        for split in SPLITS:
            rows = arms[name].filter(split=split)
            held = rows["target_tokens" if figures.equal == "target" else "tokens"].to_list()
            distances = [abs(datasets.budget[split] - reached) for reached in accumulate(held, initial=0)]
            assert distances[figures.rows[split]] == min(distances)
            assert rows_of(datasets, arms, name).filter(split=split).equals(rows.head(figures.rows[split]))
    for split in SPLITS:
        assert any(
            (figures.tokens if figures.equal == "total" else figures.target_tokens)[split] == datasets.budget[split]
            for figures in datasets.figures.values()
        )


def test_what_is_counted_of_a_row():
    rows = pl.DataFrame(
        {
            "split": ["train", "test", "train", "train"],
            "seed_id": ["a", "a", "b", "p"],
            "task": ["answer", "contrast", "pivot", "translate"],
            "direction": ["pt->en", "pt->pt", "pt->pt", "en->pt"],
            "completion": pl.Series(
                [
                    [{"role": "assistant", "content": text}]
                    for text in ("one two", "um", "Q:\nwho\n\nA:\nme\n\nR:\neu mesmo", "um dois três")
                ],
                dtype=MESSAGES,
            ),
        }
    )
    order = pl.Series([4, 3, 2, 1])
    counted = numbers(rows, order, "pt", "R:", lambda texts: [len(text.split()) for text in texts])
    assert dict(counted.schema) == NUMBERS
    assert counted["tokens"].to_list() == [2, 1, 7, 3]
    assert counted["target_tokens"].to_list() == [0, 1, 2, 3]
    assert counted["order"].to_list() == [4, 3, 2, 1]
    assert counted["seed"].is_null().to_list() == [False, False, False, True]
    assert counted["seed"].drop_nulls().n_unique() == 2
