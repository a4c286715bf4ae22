import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.errors import UserError
from sdrrl_data.scoring.fasttext_file import digest
from sdrrl_data.scoring.fasttext_model import FastTextModel, Sums, summed
from tests.scoring.fasttext_files import LID176, random_model

WORDS = ["</s>", "the", "casa", "кот", "ภาษา"]
LABELS = ["eng_Latn", "por_Latn", "rus_Cyrl", "tha_Thai", "jpn_Jpan"]
LINES = ["the cat", "casa da música", "кот и собака", "ภาษาไทย", "日本語の文", "😀 x", "<a> <b>", "a"]
CLOSE = 2e-5  # the library leaves out labels below 1e-5


@pytest.fixture(scope="module")
def library():
    """Loads a file with the library; the result takes a line and returns every label's probability."""
    fasttext = pytest.importorskip("fasttext")

    @functools.cache
    def load(path):
        model = fasttext.load_model(str(path))

        def probabilities(line):
            labels, values = model.predict(line, k=-1)
            return dict(zip((label.removeprefix("__label__") for label in labels), values, strict=True))

        return probabilities

    return load


@pytest.fixture(scope="module")
def lid176():
    return FastTextModel(LID176)


def agree(model, reference, lines, close=CLOSE):
    probabilities = model.probabilities(model.sums(lines))
    assert probabilities.shape == (len(lines), len(model.labels))
    for row, line in zip(probabilities, lines, strict=True):
        expected = reference(line)
        assert list(row) == [pytest.approx(expected.get(label, 0), abs=close) for label in model.labels]


@pytest.mark.parametrize("loss", ["hs", "softmax", "ova", "ns"])
@pytest.mark.parametrize("ngrams", [(2, 4), (1, 2), (3, 3), (0, 0)])
def test_says_what_the_library_says(loss, ngrams, library, tmp_path):
    path = random_model(tmp_path / "model.bin", WORDS, LABELS, loss, ngrams)
    # The library looks up the probabilities of single labels in a table of 512 steps.
    close = 0.01 if loss in ("ova", "ns") else CLOSE
    agree(FastTextModel(path), library(path), LINES[:3] if ngrams == (0, 0) else LINES, close)


def test_a_model_without_line_ends(library, tmp_path):
    path = random_model(tmp_path / "model.bin", WORDS[1:], LABELS)
    agree(FastTextModel(path), library(path), LINES)


@pytest.mark.parametrize("language", ["en", "ja", "ko", "pt", "th", "uk"])
def test_lid_176_says_what_the_library_says(language, lid176, library, flores):
    agree(lid176, library(LID176), [" ".join(row[0].split()) for row in flores(language, sample=40)])


def test_a_large_quantised_matrix_stays_quantised(lid176, monkeypatch):
    monkeypatch.setattr("sdrrl_data.scoring.fasttext_file._SMALL", 0)
    quantised = FastTextModel(LID176)
    probabilities, unpacked = (model.probabilities(model.sums(LINES)) for model in (quantised, lid176))
    assert probabilities == pytest.approx(unpacked, abs=1e-6)


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60))
def test_any_text_is_read_as_the_library_reads_it(text, lid176, library):
    line = " ".join(text.split())
    sums = lid176.sums([line])
    if sums.counts[0]:
        agree(lid176, library(LID176), [line])


def test_a_text_is_the_sum_of_its_sentences(lid176):
    sums = lid176.sums(["The cat sat", "", "on the mat.", "O gato", "sentou-se."])
    texts = Sums(*(summed(part, np.array([3, 0, 2])) for part in sums))
    expected = lid176.sums(["The cat sat on the mat.", "", "O gato sentou-se."])
    assert texts.counts.tolist() == expected.counts.tolist()
    assert texts.vectors == pytest.approx(expected.vectors, abs=1e-5)


def test_some_labels_are_as_they_are_among_all(lid176):
    sums = lid176.sums(LINES)
    wanted = [5, 0, 100]
    assert lid176.probabilities(sums, wanted) == pytest.approx(lid176.probabilities(sums)[:, wanted])


def test_nothing_has_no_label(lid176):
    assert not lid176.probabilities(lid176.sums(["", "  "])).any()
    assert lid176.probabilities(lid176.sums([])).shape == (0, 176)


def test_half_a_surrogate_pair_is_read(lid176):
    assert lid176.probabilities(lid176.sums(["the cat \ud800 sat"])).sum() == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize(
    "content",
    [b"", b"no model", LID176.read_bytes()[:56], LID176.read_bytes()[:9000], LID176.read_bytes()[:-1]],
    ids=["empty", "other", "head", "dictionary", "cut"],
)
def test_what_is_no_model_is_refused(content, tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"model\.bin"):
        FastTextModel(path)


def test_word_vectors_are_refused(tmp_path):
    path = random_model(tmp_path / "vectors.bin", WORDS, [], kind=2)
    with pytest.raises(UserError, match="is not a complete fastText model for language identification"):
        FastTextModel(path)


def test_a_missing_file_is_named(tmp_path):
    for read in (FastTextModel, digest):
        with pytest.raises(UserError, match=r"the language model .*gone\.bin cannot be read"):
            read(tmp_path / "gone.bin")


def test_a_digest_tells_models_apart(tmp_path):
    first, second = (
        random_model(tmp_path / f"{buckets}.bin", WORDS, LABELS, buckets=buckets) for buckets in (500, 501)
    )
    assert digest(first) != digest(second)
    (tmp_path / "copy.bin").write_bytes(first.read_bytes())
    assert digest(tmp_path / "copy.bin") == digest(first)
    second.write_bytes(b"something else")
    with pytest.raises(UserError, match="is not a complete fastText model"):
        digest(second)
