"""Tests of all aligners that learn."""

import json
import subprocess
import sys

import pytest

from sdrrl_data import alignment
from sdrrl_data.alignment.eflomal import EflomalConfig
from sdrrl_data.alignment.hmm import HmmConfig


@pytest.fixture(scope="module")
def pairs(real_texts):
    files = (real_texts / "flores-dev" / name for name in ("en.txt", "vi.txt"))
    sides = [[line.split() for line in file.read_text(encoding="utf-8").splitlines()[:60]] for file in files]
    return list(zip(*sides, strict=True))


@pytest.fixture(scope="module", params=[HmmConfig(), EflomalConfig()], ids=lambda config: config.kind)
def settings(request):
    return request.param


def trained(settings, pairs):
    aligner = alignment.build(settings)
    aligner.train(pairs)
    return aligner


@pytest.fixture(scope="module")
def aligner(settings, pairs):
    return trained(settings, pairs)


RESUMED = """
import json, pathlib, sys
from sdrrl_data import alignment
from sdrrl_data.recipe import AlignerConfig
kind, folder, pairs = sys.argv[1:]
aligner = alignment.build(AlignerConfig.named(kind)(kind=kind))
aligner.load(pathlib.Path(folder))
print(json.dumps(aligner.align(json.loads(pathlib.Path(pairs).read_text(encoding="utf-8")))))
"""


def test_another_process_finds_the_same_links_with_what_was_saved(settings, aligner, pairs, tmp_path):
    saved, questions_file = tmp_path / "ngữ liệu", tmp_path / "pairs.json"
    saved.mkdir()
    aligner.save(saved)
    questions = [*pairs, (["Zebras", *pairs[0][0]], ["Ngựa", *pairs[0][1]])]
    questions_file.write_text(json.dumps(questions), encoding="utf-8")
    resumed = subprocess.run(
        [sys.executable, "-c", RESUMED, settings.kind, saved, questions_file], stdout=subprocess.PIPE, check=True
    )
    links = aligner.align(questions)
    assert sum(map(len, links)) > 500
    assert json.loads(resumed.stdout) == [[list(link) for link in links_of_pair] for links_of_pair in links]


def test_learning_again_gives_the_same_links(settings, aligner, pairs):
    assert trained(settings, pairs).align(pairs) == aligner.align(pairs)


def test_the_pairs_beside_it_do_not_change_the_links_of_a_pair(aligner, pairs):
    together = aligner.align(pairs)
    assert [aligner.align([pair])[0] for pair in reversed(pairs)] == together[::-1]


def test_links_are_ordered_and_name_words_that_are_there(aligner, pairs):
    for (source, target), links in zip(pairs, aligner.align(pairs), strict=True):
        assert links == sorted(links)
        assert all(0 <= i < len(source) and 0 <= j < len(target) and 0 <= confidence <= 1 for i, j, confidence in links)


def test_what_cannot_be_aligned_gets_no_links(aligner):
    pairs = [([], []), (["car"], []), ([], ["xe"]), (["car"] * 201, ["xe"])]
    assert aligner.align(pairs) == [[], [], [], []]
    assert aligner.align([]) == []
