import polars as pl
import pytest

from sdrrl_data.run import SET_ASIDE, Part, Run, fingerprint, growth


def rows(count, start=0):
    return pl.DataFrame({"id": [f"id{number}" for number in range(start, start + count)]})


def on_disk(folder, *parts):
    table = Run(folder).table("seeds")
    for number, part in enumerate(parts):
        table.write(number, Part(part, pl.DataFrame(schema=SET_ASIDE)), fingerprint(part.to_dicts()))
    return table


@pytest.mark.parametrize(
    ("earlier_growths", "kept_parts", "count", "grown"),
    [
        ([], 0, 70, [[32, 32, 6]]),
        ([[32, 32, 6]], 3, 70, [[32, 32, 6]]),  # nothing new
        ([[32, 32, 6]], 3, 75, [[32, 32, 6], [5]]),
        ([[32, 32, 6], [5]], 4, 150, [[32, 32, 6], [5], [32, 32, 11]]),
        ([[32, 32, 6], [5]], 2, 75, [[32, 32, 11]]),  # the third part has changed
        ([[32, 32, 6], [5]], 3, 90, [[32, 32, 6], [20]]),  # the fourth
        ([[32, 32, 6], [5]], 0, 10, [[10]]),
        ([[32, 32, 6]], 2, 64, [[32, 32]]),  # it shrinks
    ],
)
def test_new_rows_make_new_parts(earlier_growths, kept_parts, count, grown):
    assert growth.grown(earlier_growths, kept_parts, count, 32) == grown


@pytest.mark.parametrize(("count", "kept_parts"), [(0, 0), (31, 0), (32, 1), (69, 2), (70, 3), (75, 4), (1000, 4)])
def test_parts_that_fit_a_limit(count, kept_parts):
    assert growth.fitting([[32, 32, 6], [5]], count) == kept_parts


def test_parts_are_unchanged_while_they_hold_the_same_seeds(tmp_path):
    table = on_disk(tmp_path, rows(4), rows(2, start=4))
    earlier_growths = [[4, 2], [3]]  # the third part was not written yet
    assert growth.unchanged(earlier_growths, rows(9), table) == 3
    assert growth.unchanged(earlier_growths, rows(20), table) == 3
    assert growth.unchanged(earlier_growths, rows(8), table) == 2
    assert growth.unchanged(earlier_growths, rows(5), table) == 1
    assert growth.unchanged(earlier_growths, pl.concat([rows(5), rows(4, start=90)]), table) == 1
    assert growth.unchanged(earlier_growths, rows(9, start=1), table) == 0


def test_what_was_set_aside_stays_with_its_part_and_the_rest_goes_with_the_last():
    aside = pl.DataFrame({"id": ["a:1", "a:5", "b:2"], "reason": ["r"] * 3, "row": ["{}"] * 3}, schema=SET_ASIDE)
    first = growth.cut(rows(6), aside.head(2), [[4, 2]], [])
    assert [part.set_aside["id"].to_list() for part in first] == [[], ["a:1", "a:5"]]
    second = growth.cut(rows(9), aside, [[4, 2], [3]], [part.set_aside for part in first])
    assert [part.set_aside["id"].to_list() for part in second] == [[], ["a:1", "a:5"], ["b:2"]]
    assert [part.rows.height for part in second] == [4, 2, 3]
    again = growth.cut(rows(9), aside, [[4, 2], [3]], [part.set_aside for part in second])
    assert [part.set_aside["id"].to_list() for part in again] == [[], ["a:1", "a:5"], ["b:2"]]
