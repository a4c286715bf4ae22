from collections import Counter

from sdrrl_data.recipe import draws


def test_a_draw_depends_on_its_key_alone():
    assert draws.number(42, "answer", "a1") == draws.number(42, "answer", "a1")
    assert draws.number(42, "answer", "a1") != draws.number(43, "answer", "a1")
    assert draws.number(1, "23") != draws.number(12, "3")
    # Golden: another way of drawing would change all existing datasets.
    assert draws.number(42, "split", "abc") == 27322477


def test_shares_are_spread_evenly():
    tenths = Counter(int(draws.share("spread", i) * 10) for i in range(10_000))
    assert set(tenths) == set(range(10))
    assert all(850 < count < 1150 for count in tenths.values())


def test_numbers_fit_into_a_seed():
    assert all(0 <= draws.number("fit", i) < 2**31 for i in range(1000))
