"""A reward model: how good an answer to a conversation is, learned from people's preferences."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import Annotated, Literal

import polars as pl

from sdrrl_data.errors import NotInstalled
from sdrrl_data.models.locating import Located, locate
from sdrrl_data.protocols import Advance, Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Model, Score, ScorerConfig, ScorerContext, Shapeless, TakenIn
from sdrrl_data.scoring.reward_model import Answered, RewardModel


class RewardConfig(ScorerConfig):
    """A reward model (a sequence classifier of transformers with one output): it judges answers by their questions."""

    kind: Literal["reward"] = "reward"
    model: Annotated[str, Model()]  # a directory, or a name on the Hub such as Skywork/Skywork-Reward-V2-Qwen3-0.6B
    revision: Annotated[str | None, Shapeless()] = None
    # A chat template (Jinja), or its file, for a model without one that reads no pairs of question and answer.
    template: Annotated[str | None, TakenIn(".jinja")] = None

    extra = "nllb"
    gpu = True
    of_answers = True
    scores = (
        Score(
            "reward",
            unscored="questions; empty answers; answers that are too long for the model",
            says="reward of the answer, by a model that was trained on preferences (its own scale, without limits)",
            misses="languages and kinds of questions that it was not trained on; it may prefer long answers",
            both_sides=True,
            low="of low reward",
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The model, found without loading it.

        Raises:
            UserError: the model, or the package that runs it, cannot be found.
        """
        if not (find_spec("transformers") and find_spec("torch")):
            raise NotInstalled("scorer reward needs transformers and torch: pip install 'sdrrl-data[nllb]'", self.extra)
        located = self.located()
        engine = f"transformers {version('transformers')}"
        return [Ingredient("scorer", located.name, located.revision, located.licence, engine)]

    def located(self) -> Located:
        """Where the model is.

        Raises:
            UserError: it cannot be found, or has no weights as safetensors.
        """
        return locate(self.model, self.revision, "scorer", "`model` of scorer reward")

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer, with its model."""
        with closing(RewardScorer(self)) as scorer:
            yield scorer


class RewardScorer:
    """The reward of an answer in the source language (`src_reward`) and of its translation (`reward`).

    Null for questions, for empty answers, and where question and answer are longer than the model can read; then a
    warning says so.

    Source: Bradley and Terry 1952, as Ouyang et al. 2022, https://arxiv.org/abs/2203.02155, train such models.
    """

    def __init__(self, settings: RewardConfig) -> None:
        """Load the model.

        Raises:
            UserError: it cannot be found or loaded, or is no reward model.
        """
        self._model = RewardModel(settings.located(), settings.template)

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Columns `src_reward` and `reward`."""
        answers = {
            (number, side): Answered(pair.asked[side], text)
            for number, pair in enumerate(pairs)
            for side, text in enumerate((pair.source, pair.target))
            if pair.asked and text.strip()
        }
        share = len(pairs) / max(len(answers), 1)
        if not answers:
            advance(len(pairs))
        rewards = self._model.rewards(list(answers.values()), lambda done: advance(done * share))
        known = dict(zip(answers, rewards, strict=True))
        rows = [tuple(known.get((number, side)) for side in (0, 1)) for number in range(len(pairs))]
        return pl.DataFrame(rows, schema={"src_reward": pl.Float64, "reward": pl.Float64}, orient="row")

    def close(self) -> None:
        """Free the model's memory."""
        self._model.close()
