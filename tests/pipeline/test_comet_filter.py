"""Runs that filter by COMET: by a share of the run, and with what COMET needs there before the first answer."""

import polars as pl
import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Silent
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from tests.support import small_models
from tests.support.comet import write_checkpoint, write_python


class Listening(Silent):
    """Notes what it is told."""

    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


@pytest.fixture
def checkpoint(tmp_path):
    return write_checkpoint(tmp_path / "wmt20-comet-qe-da")


@pytest.fixture
def recipe(checkpoint, tmp_path):
    """A recipe of 60 questions with COMET's scores."""
    python = write_python(tmp_path / "python")
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("\n".join(f"Why is the sky blue{' and very wide' * (number % 6)}?" for number in range(60)))

    def changed(**changes):
        comet = {"kind": "comet", "model": str(checkpoint), "python": str(python)}
        scorers = {"scorers": [*small_models.CHANGES["scorers"], comet], "seeds": [{"source": str(seeds)}]}
        return loading.load("quickstart", small_models.CHANGES | scorers | changes)

    return changed


def test_the_share_with_the_lowest_scores_is_dropped_whatever_their_scale(recipe, tmp_path):
    generate(recipe(**{"thresholds.comet": {"min": "25%"}}), tmp_path / "run", small_models.models())
    run = Run(tmp_path / "run")
    scores, verdicts = run.table("pt/scores-comet").read_all(), run.table("pt/verdicts").read_all()
    values = scores["question_comet"]
    assert values.min() < 0 < values.max()
    failing = verdicts.explode("failures").unnest("failures").filter(filter="comet", text="question_tgt")
    assert 0 < failing.height <= 15
    passing = scores.join(failing.select("id"), on="id", how="anti")["question_comet"]
    assert failing["value"].max() < passing.min()
    assert failing["threshold"].str.ends_with(" (25%)").all()


def test_comet_is_made_ready_once_and_only_where_scores_are_missing(recipe, tmp_path):
    told = [Listening(), Listening()]
    for share, reporter in zip(("2%", "10%"), told, strict=True):
        changed = recipe(**{"thresholds.comet": {"min": share}})
        generate(changed, tmp_path / "run", small_models.models(), reporter)
    made_ready = "scorer wmt20-comet-qe-da: getting COMET's environment and the model ready"
    assert told[0].sentences[0] == made_ready
    assert made_ready not in told[1].sentences


def test_an_encoder_that_cannot_be_had_is_told_before_the_first_answer(recipe, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with (checkpoint / "hparams.yaml").open("a") as hparams:
        hparams.write("\npretrained_model: org/none")
    with pytest.raises(UserError) as error:
        generate(recipe(), tmp_path / "run", small_models.models())
    assert str(error.value).startswith("scorer wmt20-comet-qe-da: its encoder org/none could not be downloaded")
    assert str(error.value).endswith("; to go on without it, add --with no-comet to the command")
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_without_comet_there_are_no_scores_of_it(recipe, tmp_path):
    changed = recipe(**{"thresholds.comet": {"min": "2%"}, "scorers.comet": None})
    generate(changed, tmp_path / "run", small_models.models())
    columns = Run(tmp_path / "run").dataset("pt/transfer_set").read().select(pl.col("scores")).schema
    assert "comet" not in str(columns)
    assert not Run(tmp_path / "run").table("pt/scores-comet").parts()
