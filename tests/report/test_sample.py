from sdrrl_data.report.sample import OF_CELL, SIZE, Sample


def rows(sample, length, cells=1):
    for number in range(10_000):
        text = (f"{number} " * length)[:length]
        yield {"cells": [{"turns": [["", sample.texts.add(text)]]}] * cells}


def test_rows_end_where_there_are_enough():
    sample = Sample()
    sample.add(rows(sample, 10), 5, 0.1)
    assert len(sample.rows) == 5


def test_rows_end_before_they_take_more_than_their_share_of_the_page():
    for length, cells in ((3000, 1), (10, 400)):
        sample = Sample()
        sample.add(rows(sample, length, cells), 10_000, 0.1)
        size = len(sample.rows) * (length + OF_CELL * cells)
        assert 0.1 * SIZE - (length + OF_CELL * cells) <= size <= 0.1 * SIZE
