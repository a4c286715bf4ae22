import datetime
import json
import subprocess
import sys

import pytest
from huggingface_hub import constants

from sdrrl_data.models.hub import Repository
from sdrrl_data.sources.row_cache import RowCache

ROWS = [{"question": f"Why {number}?", "more": [None, 0.5, {"a": "\ud800 é"}]} for number in range(5)]


@pytest.fixture(autouse=True)
def assets(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    return tmp_path / "assets"


def cache(commit="a" * 40, config=None, split="train"):
    return RowCache(Repository("dataset", "org/set", commit, None, (), {}, None), config, split)


def take(rows, count):
    """The first rows, read by somebody who then stops."""
    taken = []
    for row in rows:
        taken.append(row)
        if len(taken) == count:
            break
    return taken


def test_rows_that_are_read_are_there_again():
    assert not cache()
    assert list(cache().keep(iter(ROWS))) == ROWS
    assert cache().complete
    assert list(cache().rows()) == ROWS


def test_rows_that_were_not_read_are_not():
    assert take(cache().keep(iter(ROWS)), 2) == ROWS[:2]
    assert cache()
    assert not cache().complete
    assert list(cache().rows()) == ROWS[:2]


def test_who_reads_less_takes_nothing_away_and_who_reads_on_adds(assets):
    for count, kept in (3, 3), (1, 3), (4, 4):
        assert take(cache().keep(iter(ROWS)), count) == ROWS[:count]
        assert list(cache().rows()) == ROWS[:kept]
    list(cache().keep(iter(ROWS)))
    assert take(cache().keep(iter(ROWS)), 1) == ROWS[:1]
    assert list(cache().rows()) == ROWS
    assert len([path for path in assets.rglob("*") if path.is_file()]) == 1


def test_a_stream_that_breaks_off_leaves_what_has_arrived():
    def broken():
        yield from ROWS[:3]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        list(cache().keep(broken()))
    assert list(cache().rows()) == ROWS[:3]
    assert not cache().complete


def test_commits_configs_and_splits_are_apart():
    list(cache().keep(iter(ROWS)))
    assert not any([cache("b" * 40), cache(config="../en"), cache(split="test")])
    list(cache(config="../en").keep(iter(ROWS[:1])))
    assert list(cache().rows()) == ROWS
    assert list(cache(config="../en").rows()) == ROWS[:1]


def test_what_json_does_not_have_is_left_out():
    list(cache().keep(iter([{"when": datetime.date(2026, 1, 1), "bytes": b"x", "text": "t"}])))
    assert list(cache().rows()) == [{"when": None, "bytes": None, "text": "t"}]


def test_names_are_never_paths(assets):
    list(cache(config="/etc/passwd", split="../../x").keep(iter(ROWS)))
    (folder,) = {path.parent for path in assets.rglob("*") if path.is_file()}
    assert folder == assets / "sdrrl-data" / "org--set" / "rows"


def test_a_cache_that_cannot_be_written_stops_nobody(assets):
    assets.write_text("no folder")
    assert list(cache().keep(iter(ROWS))) == ROWS
    assert not cache()


FULL = """
import resource, signal, sys
from huggingface_hub import constants
from sdrrl_data.models.hub import Repository
from sdrrl_data.sources.row_cache import RowCache

constants.HF_ASSETS_CACHE = sys.argv[1]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
cache = RowCache(Repository("dataset", "org/set", "a" * 40, None, (), {}, None), None, "train")
print(len(list(cache.keep(iter([{"text": "x" * 1000}] * 100)))), bool(cache))
"""


def test_a_full_disk_stops_nobody(assets):
    done = subprocess.run([sys.executable, "-c", FULL, assets], capture_output=True, text=True, timeout=60)
    assert done.stdout == "100 False\n", done.stderr
    assert not [path for path in assets.rglob("*") if path.is_file()]


def test_the_file_has_a_row_a_line(assets):
    list(cache().keep(iter(ROWS)))
    (file,) = [path for path in assets.rglob("*") if path.is_file()]
    assert [json.loads(line) for line in file.read_text().splitlines()] == ROWS
