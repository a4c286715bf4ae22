"""COMET: the quality of a translation, by a model that was trained on human judgements."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Annotated, Literal

import polars as pl

from sdrrl_data.errors import EngineFailed, OutOfMemory, Stopped, UserError
from sdrrl_data.processes.jobs import rows
from sdrrl_data.processes.pool import Pool
from sdrrl_data.protocols import Advance, Ingredient, Scorer, SetAside, TextPair
from sdrrl_data.recipe import Model, Place, Score, ScorerConfig, ScorerContext, Shapeless, StaysHere
from sdrrl_data.recipe.config import Positive
from sdrrl_data.scoring import comet_checkpoint, comet_process
from sdrrl_data.scoring.sentences import mean_and_lowest
from sdrrl_data.text.batches import longest_first
from sdrrl_data.text.masking import plain

SHOWN = 80  # characters of a sentence that a message quotes

Sentence = tuple[str, str]  # in the source, and its translation


class CometConfig(ScorerConfig):
    """A reference-free COMET model, in its own environment."""

    kind: Literal["comet"] = "comet"
    model: Annotated[str, Model()] = "Unbabel/wmt22-cometkiwi-da"  # or the directory of a checkpoint
    revision: Annotated[str | None, Shapeless()] = None
    # An interpreter that has unbabel-comet; None: uv makes an environment.
    python: Annotated[str | None, Place(), StaysHere()] = None
    batch_size: Annotated[Positive, Shapeless()] = 16  # sentences

    extra = "comet"
    gpu = True
    scores = (
        Score(
            "comet",
            unscored="texts without sentences, or with one that could not be scored",
            says="mean quality of the translated sentences, by a COMET model that needs no reference (CometKiwi: "
            "0 to 1; wmt20-comet-qe-da: around 0, without limits)",
            misses="whether sentences fit together; kinds of text and languages that it was not trained on",
            low="of low quality by COMET",
        ),
        Score(
            "comet_min",
            unscored="texts whose sentences are all very short, or with one that could not be scored",
            says="as `comet`, of the sentence where it is lowest",
            misses="kinds of text and languages that it was not trained on; very short sentences",
            low="with a sentence of low quality by COMET",
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The model, found without fetching its weights, if COMET can be run.

        Raises:
            UserError: the model, or the environment that runs it, cannot be found.
        """
        engine = f"unbabel-comet {comet_process.version(self.python)}"
        located = comet_checkpoint.locate(self)
        return [Ingredient("scorer", located.name, located.revision, located.licence, engine)]

    def prepare(self, say: Callable[[str], None]) -> None:
        """Make the environment and download the model, as far as they are not there.

        Raises:
            UserError: one of them cannot be had.
        """
        located = comet_checkpoint.locate(self)
        say(f"scorer {located.name}: getting COMET's environment and the model ready")
        comet_process.prepare(self.python)
        comet_checkpoint.fetch(located)

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer, with its model in its own process."""
        with closing(CometScorer(self)) as scorer:
            yield scorer


class CometScorer:
    """The score of a reference-free COMET model: the higher, the better.

    CometKiwi's scores lie between 0 and 1 (perfect). Models before COMET 2.0 learned people's standardised judgements,
    so their scores lie around 0, without limits, and differ between languages and kinds of text.

    Each sentence is judged with its translation: the two share 512 tokens, and anything longer is cut silently. `comet`
    is the mean over a pair's sentences, weighted by their length in source characters; `comet_min` is the lowest score
    of a sentence that is not very short. Null if there is no sentence, or if one could not be scored; then a warning
    says so.

    Source: Rei et al. 2022, https://aclanthology.org/2022.wmt-1.60, through unbabel-comet.
    """

    def __init__(self, settings: CometConfig) -> None:
        """Fetch the model, and load it in its own process.

        Raises:
            UserError: the model, or the environment that runs it, cannot be found.
            Stopped: the model could not be loaded.
        """
        located = comet_checkpoint.locate(settings)
        self._name = located.name
        self._batch_size = settings.batch_size
        folder = str(comet_checkpoint.fetch(located))
        start = comet_process.start(settings.python)
        self._pool = Pool(f"scorer {located.name}: its COMET process", start, lambda _: folder)
        try:
            self._pool.load()
        except UserError as error:
            raise error if isinstance(error, Stopped) else EngineFailed(f"scorer {located.name}: {error}") from error

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Columns `comet` and `comet_min`.

        Raises:
            Stopped: the process died again and again, or a sentence does not fit into memory.
        """
        texts = [[(source, target) for source, target in plain(pair) if source.strip()] for pair in pairs]
        distinct = list(dict.fromkeys(sentence for text in texts for sentence in text))
        share = len(pairs) / max(len(distinct), 1)
        if not distinct:
            advance(len(pairs))
        scores = self._scores(distinct, lambda done: advance(done * share))
        means = [_of_text(text, [scores[sentence] for sentence in text]) for text in texts]
        return pl.DataFrame(means, schema={"comet": pl.Float64, "comet_min": pl.Float64}, orient="row")

    def close(self) -> None:
        """End the process."""
        self._pool.close()

    def _scores(self, sentences: Sequence[Sentence], advance: Advance) -> dict[Sentence, float | None]:
        """The score of each sentence; None if it could not be scored."""
        # The longest first: if memory is too small, it shows at once.
        ordered = longest_first(sentences, lambda sentence: len(sentence[0]) + len(sentence[1]))
        scores: dict[Sentence, float | None] = dict.fromkeys(sentences)
        for start, values in self._pool.ask(self._batches(ordered), split=self._divided):
            if isinstance(values, SetAside):
                self._warn(
                    "a sentence is not scored, and neither is any text that contains it (%s): “%s”",
                    values.reason,
                    ordered[start][0][:SHOWN],
                )
                advance(1)
            else:
                scores.update(zip(ordered[start:], values, strict=False))
                advance(len(values))
        return scores

    def _batches(self, sentences: Sequence[Sentence]) -> Iterator[tuple[int, Sequence[Sentence]]]:
        start = 0
        while start < len(sentences):
            batch = sentences[start : start + self._batch_size]
            yield start, batch
            start += len(batch)

    def _divided(self, start: int, batch: Sequence[Sentence], why: str) -> list[tuple[int, Sequence[Sentence]]]:
        """The parts of a batch that was too large; later batches will be smaller. This is a `Split` of the pool.

        Raises:
            OutOfMemory: a single sentence does not fit into memory.
        """
        if why == "memory" and len(batch) == 1:
            raise OutOfMemory(
                f"scorer {self._name}: there is not enough memory for a single sentence of "
                f"{len(batch[0][0])} characters; finished rows are kept. "
                "Free some memory, or use a smaller model, then run the same command again"
            )
        too_much_memory = why == "memory" or why.startswith("SIGKILL")  # the system kills processes that take too much
        half = len(batch) // 2
        if not too_much_memory or not half:
            return rows(start, batch, why)
        if half < self._batch_size:
            self._batch_size = half
            self._warn("%d sentences at a time take too much memory; going on with %d", len(batch), half)
        return [(start, batch[:half]), (start + half, batch[half:])]

    def _warn(self, message: str, *values: object) -> None:
        logging.getLogger(__name__).warning(f"scorer %s: {message}", self._name, *values)


def _of_text(sentences: Sequence[Sentence], scores: Sequence[float | None]) -> tuple[float | None, float | None]:
    """A text's mean and lowest score; None if one of its sentences could not be scored."""
    known_scores = [score for score in scores if score is not None]
    return mean_and_lowest(sentences, known_scores) if len(known_scores) == len(scores) else (None, None)
