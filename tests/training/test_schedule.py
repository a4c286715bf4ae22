"""Which rows are trained on: as often as they weigh, in an order that nothing but seed and keys decides."""

from collections import Counter
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdrrl_data.errors import UserError
from sdrrl_data.training.schedule import longest_first, order
from sdrrl_data.training.settings import ReplayConfig, TrainingConfig


def table(rows: int, **columns: Any) -> pl.DataFrame:
    usual = {"task": "answer", "direction": "en->pt", "weight": 1.0, "replay": False}
    return pl.DataFrame({"key": [f"row {number}" for number in range(rows)]}).with_columns(
        **{name: pl.lit(value) for name, value in (usual | columns).items()}
    )


def test_an_order_is_as_it_always_was() -> None:
    assert order(table(8), TrainingConfig(epochs=1.5)) == [2, 6, 5, 4, 3, 0, 7, 1, 3, 2, 1, 4]


@given(
    weights=st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 2.5]), min_size=1, max_size=12).filter(any),
    seed=st.integers(0, 1000),
    epochs=st.integers(1, 8),
)
@settings(max_examples=settings().max_examples // 2)
def test_a_row_is_drawn_as_often_as_it_weighs(weights: list[float], seed: int, epochs: int) -> None:
    rows = table(len(weights)).with_columns(weight=pl.Series(weights))
    if not any(weight * epochs >= 1 for weight in weights):
        return
    counts = Counter(order(rows, TrainingConfig(seed=seed, epochs=epochs)))
    for place, weight in enumerate(weights):
        assert abs(counts[place] - weight * epochs) < 1


def test_each_epoch_has_each_row_once_in_an_order_of_its_own() -> None:
    drawn = order(table(30), TrainingConfig(epochs=2.5))
    first, second, third = drawn[:30], drawn[30:60], drawn[60:]
    assert sorted(first) == sorted(second) == list(range(30))
    assert first != second
    assert len(set(third)) == len(third) == 15


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=30), batch=st.integers(1, 8), random=st.randoms())
def test_a_step_keeps_its_rows_the_longest_first(lengths: list[int], batch: int, random: Random) -> None:
    drawn = random.choices(range(len(lengths)), k=2 * len(lengths))
    taken = longest_first(drawn, pl.Series(lengths), batch)
    assert len(taken) == len(drawn)
    for first in range(0, len(drawn), batch):
        own = [lengths[place] for place in taken[first : first + batch]]
        assert own == sorted(own, reverse=True)
        assert Counter(taken[first : first + batch]) == Counter(drawn[first : first + batch])


def test_the_order_of_the_file_changes_nothing() -> None:
    rows = table(20)
    turned = rows.reverse()
    own = TrainingConfig(epochs=2.0)
    assert [rows["key"][place] for place in order(rows, own)] == [turned["key"][place] for place in order(turned, own)]
    assert order(rows, own) != order(rows, TrainingConfig(epochs=2.0, seed=1))


def test_weights_are_for_tasks_and_directions() -> None:
    rows = pl.concat([table(10, task="translate"), table(10, direction="pt->en"), table(10)])
    rows = rows.with_columns(key=pl.int_range(30).cast(pl.String))
    own = TrainingConfig(epochs=4.0, weights={"translate": 0.5, "pt->en": 2.0})
    counts = Counter(order(rows, own))
    assert {counts[place] for place in range(10)} == {2}
    assert {counts[place] for place in range(10, 20)} == {8}
    assert {counts[place] for place in range(20, 30)} == {4}


@pytest.mark.parametrize(("pool", "share"), [(40, 0.2), (3, 0.5), (40, 0.01)])
def test_replay_reaches_its_share(pool: int, share: float) -> None:
    rows = pl.concat([table(30), table(pool, replay=True)]).with_columns(key=pl.int_range(30 + pool).cast(pl.String))
    drawn = order(rows, TrainingConfig(epochs=2.0, replay=ReplayConfig(share=share)))
    replayed = [place for place in drawn if place >= 30]
    assert len(replayed) == 2 * round(30 * share / (1 - share))
    assert max(Counter(replayed).values(), default=0) <= -(-len(replayed) // pool)  # none again before all were there
    assert sorted(place for place in drawn if place < 30) == sorted([*range(30), *range(30)])


def test_what_no_row_is_of_is_refused() -> None:
    with pytest.raises(
        UserError, match=r"weights\.translte: no row has this task or direction: (did you mean|choose from answer)"
    ):
        order(table(3), TrainingConfig(weights={"translte": 0.5}))
    with pytest.raises(UserError, match="no row is left"):
        order(table(3), TrainingConfig(weights={"answer": 0.0}))
