from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.recipe import MixConfig, draws
from sdrrl_data.steps.transfer_set import CANDIDATES, CROSSINGS, OTHERS, Draw
from tests.support.splits import split

KINDS = (*CROSSINGS, *OTHERS)  # of every recipe


def candidates(**rows):
    """As many candidates of each kind, with full weight; the crossings come from the same seeds."""
    table = [
        {"id": f"{kind}/{i}", "seed_id": f"{i}" if kind in CROSSINGS else f"{kind}{i}", "kind": kind, "weight": 1.0}
        for kind, number in rows.items()
        for i in range(number)
    ]
    return pl.DataFrame(table, schema={name: CANDIDATES[name] for name in ("id", "seed_id", "kind", "weight")})


def mix(rows, shares, seed):
    """The rows that are taken, and the figures."""
    drawn = Draw(seed, lambda: [rows]).drawn(shares, 0)
    return rows.filter(drawn.taken), drawn.kinds


def taken(rows, shares):
    chosen, kinds = mix(candidates(**rows), shares, seed=42)
    counts = Counter(chosen["kind"])
    assert {kind.kind: kind.taken for kind in kinds} == {kind: counts[kind] for kind in KINDS}
    return counts


def test_shares_hold_where_there_are_rows_enough():
    counts = taken(dict.fromkeys(KINDS, 1000), MixConfig())
    assert counts == {
        "src->src": 1000, "src->tgt": 1000, "tgt->src": 1000, "tgt->tgt": 1000,
        "code_switched": 500, "translate": 250, "complete": 250,
    }  # fmt: skip


def test_a_contrast_has_the_questions_of_the_crossing_that_it_repeats():
    rows = {**dict.fromkeys(CROSSINGS, 90), "src->src": 40, "contrast": 90, "pivot": 30}
    table = candidates(**rows).with_columns(seed_id=pl.col("id").str.extract(r"(\d+)$"))
    light = pl.when(pl.col("kind").is_in(["tgt->src", "contrast"]), pl.col("seed_id").str.ends_with("7")).then(0.2)
    chosen, kinds = mix(table.with_columns(weight=light.otherwise(1.0)), MixConfig(contrast=0.2, pivot=0.1), seed=5)
    assert {kind.kind: kind.taken for kind in kinds if kind.asked > 0} == {
        **dict.fromkeys(CROSSINGS, 40), "contrast": 40, "pivot": 20, "code_switched": 0, "translate": 0, "complete": 0,
    }  # fmt: skip
    assert {*chosen.filter(kind="contrast")["seed_id"]} == {*chosen.filter(kind="tgt->src")["seed_id"]}


def test_no_crossing_outweighs_another():
    rows = {"src->src": 90, "src->tgt": 80, "tgt->src": 70, "tgt->tgt": 60, "code_switched": 500}
    counts = taken(rows, MixConfig())
    assert [counts[kind] for kind in CROSSINGS] == [60, 60, 60, 60]
    assert counts["code_switched"] == 30


def test_a_kind_that_runs_short_does_not_shrink_the_others():
    counts = taken({**dict.fromkeys(CROSSINGS, 100), "translate": 3}, MixConfig())
    assert counts["translate"] == 3
    assert counts["src->src"] == 100


def test_a_share_of_nought_takes_nothing():
    counts = taken(dict.fromkeys(KINDS, 10), MixConfig.model_validate({"src->src": 0, "code_switched": 0}))
    assert counts["src->src"] == counts["code_switched"] == 0
    assert counts["tgt->tgt"] == 10


def test_without_crossings_the_others_make_the_set():
    none = dict.fromkeys(CROSSINGS, 0.0)
    counts = taken(
        {"translate": 10, "complete": 4}, MixConfig.model_validate(none | {"translate": 0.5, "complete": 0.5})
    )
    assert counts == {"translate": 10, "complete": 4}


def test_a_crossing_without_rows_leaves_no_set_out_of_proportion():
    counts = taken({"src->src": 9, "src->tgt": 9, "translate": 9}, MixConfig())
    assert sum(counts.values()) == 0


def test_every_crossing_takes_the_same_seeds():
    chosen, _ = mix(candidates(**{"src->src": 90, "src->tgt": 90, "tgt->src": 90, "tgt->tgt": 90}), MixConfig(), seed=1)
    seeds = [set(chosen.filter(kind=kind)["seed_id"]) for kind in CROSSINGS]
    assert seeds[0] == seeds[1] == seeds[2] == seeds[3]


def test_every_seed_and_pair_gives_a_row_before_one_gives_a_second():
    kinds = {"code_switched": 2, "translate": 2, "complete": 2}
    rows = [
        {
            "id": f"{kind}/{n}/{i}",
            "seed_id": f"{'seed' if kind in CROSSINGS else 'pair'}{n}",
            "kind": kind,
            "weight": 1.0,
        }
        for kind in KINDS
        for n in range(20)
        for i in range(kinds.get(kind, 1))
    ]
    chosen, figures = mix(pl.DataFrame(rows), MixConfig(code_switched=0.3, translate=0.1, complete=0.1), seed=3)
    counts = {figure.kind: figure.taken for figure in figures}
    assert (counts["code_switched"], counts["translate"], counts["complete"]) == (30, 10, 10)
    taken_of = {kind: Counter(chosen.filter(kind=kind)["seed_id"]) for kind in kinds}
    assert len(taken_of["code_switched"]) == 20
    assert max(taken_of["translate"].values()) == max(taken_of["complete"].values()) == 1
    assert not taken_of["translate"].keys() & taken_of["complete"].keys()
    sides = Counter(chosen.filter(kind="translate")["id"].str.split("/").list.last())
    assert min(sides["0"], sides["1"]) > 1


def test_rows_of_full_weight_are_drawn_by_their_seeds_alone():
    """So an earlier run, in which no filter reduces weights, keeps its rows."""
    chosen, _ = mix(candidates(**{"src->src": 12, "src->tgt": 4, "tgt->src": 12, "tgt->tgt": 12}), MixConfig(), seed=42)
    order = sorted(map(str, range(12)), key=lambda id: draws.number(42, "mix", id))
    assert set(chosen.filter(kind="src->src")["seed_id"]) == set(order[:4])


@pytest.mark.parametrize("light", [0.5, 0.1, 1e-9])
def test_lighter_rows_are_taken_less_often(light):
    """One of ten rows is taken, three hundred times; five of the ten have less weight."""
    rows = candidates(**{"src->src": 1, "src->tgt": 10}).with_columns(
        weight=pl.when(pl.col("seed_id").is_in(list("01234"))).then(light).otherwise(1.0)
    )
    shares = MixConfig.model_validate(dict.fromkeys(CROSSINGS, 0.0) | {"src->src": 0.5, "src->tgt": 0.5})
    taken = pl.concat(mix(rows, shares, seed)[0].filter(kind="src->tgt") for seed in range(300))
    assert taken.height == 300
    # Three standard deviations.
    assert (taken["weight"] < 1).sum() == pytest.approx(300 * light / (1 + light), abs=25)


@given(st.permutations(range(30)), st.integers())
def test_what_is_taken_does_not_depend_on_the_order_of_rows(order, seed):
    rows = candidates(**{"src->src": 6, "src->tgt": 6, "tgt->src": 6, "tgt->tgt": 6, "translate": 6})
    shuffled = rows[list(order)]
    assert set(mix(rows, MixConfig(), seed)[0]["id"]) == set(mix(shuffled, MixConfig(), seed)[0]["id"])
    assert split(shuffled, 0.3, seed).equals(split(rows, 0.3, seed))


@given(st.lists(st.integers(0, 3), min_size=30, max_size=30), st.floats(0, 0.5), st.integers())
def test_what_is_taken_and_where_it_goes_does_not_depend_on_the_blocks_in_which_it_is_read(block_of, share, seed):
    counts = {"src->src": 30, "src->tgt": 20, "tgt->src": 30, "tgt->tgt": 30, "translate": 30}
    rows = candidates(**counts).with_columns(block=pl.col("id").str.extract(r"(\d+)$").cast(pl.Int64))
    blocks = rows.with_columns(pl.col("block").replace_strict(range(30), block_of)).partition_by("block")
    drawn, in_blocks = (Draw(seed, lambda read=read: read).drawn(MixConfig(), share) for read in ([rows], blocks))
    assert in_blocks.kinds == drawn.kinds
    places = pl.concat(blocks).select("id", taken=in_blocks.taken, test=in_blocks.is_test, order=in_blocks.order)
    assert places.sort("id").equals(
        rows.select("id", taken=drawn.taken, test=drawn.is_test, order=drawn.order).sort("id")
    )


def test_of_rows_that_are_drawn_alike_those_with_the_first_ids_are_taken():
    """An infinite weight makes all keys the same."""
    rows = candidates(**{"src->src": 4, "src->tgt": 9}).with_columns(weight=float("inf"))
    shares = MixConfig.model_validate(dict.fromkeys(CROSSINGS, 0.0) | {"src->src": 0.5, "src->tgt": 0.5})
    drawn = Draw(1, lambda: rows[::-1].iter_slices(4)).drawn(shares, 0)
    assert rows[::-1].filter(drawn.taken).filter(kind="src->tgt")["seed_id"].to_list() == ["3", "2", "1", "0"]


@given(st.floats(0, 1), st.integers())
def test_no_seed_is_on_both_sides(share, seed):
    rows = split(candidates(**dict.fromkeys(CROSSINGS, 20)), share, seed)
    sides = rows.group_by("seed_id").agg(pl.col("split").n_unique())
    assert sides["split"].to_list() == [1] * 20


@pytest.mark.parametrize(
    ("seeds", "share", "sides"),
    [
        (5, 0.01, {"train", "test"}),
        (2, 0.01, {"train", "test"}),
        (1, 0.01, {"train"}),
        (5, 0.0, {"train"}),
        (0, 0.1, set()),
    ],
)
def test_a_small_run_has_a_test_split_if_one_is_asked_for(seeds, share, sides):
    rows = split(candidates(**dict.fromkeys(CROSSINGS, seeds)), share, seed=42)
    assert set(rows["split"]) == sides
    assert rows.filter(split="test")["seed_id"].n_unique() <= 1


def test_a_larger_run_keeps_every_seed_on_its_side():
    small = split(candidates(**{"src->src": 50}), 0.2, seed=42)
    large = split(candidates(**{"src->src": 500}), 0.2, seed=42)
    sides = dict(large.select("id", "split").rows())
    assert all(sides[id] == side for id, side in small.select("id", "split").rows())
    assert 70 <= Counter(large["split"])["test"] <= 130
