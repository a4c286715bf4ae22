from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.batches import batches, longest_first


def lengths_of(items, **limits):
    return list(batches(items, lambda item: item, **limits))


@pytest.mark.parametrize(
    ("lengths", "limits", "expected"),
    [
        ([], {"tokens": 10}, []),
        ([3, 5, 1, 4, 2], {"tokens": 10}, [[5, 4], [3, 2, 1]]),
        ([3, 5, 1, 4, 2], {"tokens": 9}, [[5], [4, 3], [2, 1]]),
        ([99, 1], {"tokens": 10}, [[99], [1]]),
        ([10, 9, 8, 7], {"tokens": 99, "padding_share": 0.1}, [[10, 9, 8], [7]]),
        ([10, 9, 8, 7], {"tokens": 99, "padding_rows": 0.2}, [[10, 9], [8, 7]]),
        ([10, 1, 1, 1], {"tokens": 99, "padding_rows": 2}, [[10, 1, 1], [1]]),
    ],
)
def test_batches(lengths, limits, expected):
    assert lengths_of(lengths, **limits) == expected


@given(
    st.lists(st.integers(0, 50)),
    st.integers(1, 200),
    st.floats(0, 1),
    st.one_of(st.floats(0, 5), st.just(float("inf"))),
)
def test_limits_are_kept_and_no_batch_could_take_one_more(lengths, tokens, share, rows):
    made_batches = lengths_of(lengths, tokens=tokens, padding_share=share, padding_rows=rows)
    assert list(chain(*made_batches)) == sorted(lengths, reverse=True)

    def fits(batch):
        padded = max(batch) * len(batch)
        padding = padded - sum(batch)
        return padded <= tokens and padding <= share * padded and (not padding or padding <= rows * max(batch))

    assert all(fits(batch) or len(batch) == 1 for batch in made_batches)
    assert not any(fits([*batch, following[0]]) for batch, following in pairwise(made_batches))


@given(st.lists(st.text(max_size=3)))
def test_those_of_the_same_length_keep_their_order(texts):
    ordered = longest_first(texts, len)
    assert [len(text) for text in ordered] == sorted(map(len, texts), reverse=True)
    for size in range(4):
        assert [text for text in ordered if len(text) == size] == [text for text in texts if len(text) == size]
