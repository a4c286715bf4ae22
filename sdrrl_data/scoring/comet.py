"""COMET: how good a translation is, as a model says that learned it from human judgements."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Literal

import polars as pl

from sdrrl_data.errors import EngineFailed, OutOfMemory
from sdrrl_data.protocols import Advance, Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Model, Place, Score, ScorerConfig, ScorerContext, Shapeless, StaysHere
from sdrrl_data.recipe.config import Positive
from sdrrl_data.scoring import comet_checkpoint, comet_process
from sdrrl_data.scoring.comet_process import CometProcess
from sdrrl_data.scoring.sentences import mean_and_lowest
from sdrrl_data.text.batches import longest_first
from sdrrl_data.text.masking import plain

RESTARTS = 3  # of dead processes; what kills a fourth one is not chance

Sentence = tuple[str, str]  # in the source, and its translation


class CometConfig(ScorerConfig):
    """A reference-free COMET model, in an environment of its own."""

    kind: Literal["comet"] = "comet"
    model: Annotated[str, Model()] = "Unbabel/wmt22-cometkiwi-da"  # or the directory of a checkpoint
    revision: Annotated[str | None, Shapeless()] = None
    # An interpreter that has unbabel-comet; None: uv makes its environment.
    python: Annotated[str | None, Place(), StaysHere()] = None
    batch_size: Annotated[Positive, Shapeless()] = 16  # sentences

    extra = "comet"
    gpu = True
    scores = (
        Score(
            "comet",
            says="mean quality of the translated sentences, by a COMET model that wants no reference",
            misses="whether sentences fit together; kinds of text and languages that it has not learned",
        ),
        Score(
            "comet_min",
            says="as `comet`, of the sentence where it is lowest",
            misses="kinds of text and languages that it has not learned; very short sentences",
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The model, found without its weights, where COMET can be run.

        Raises:
            UserError: the model, or what runs it, cannot be had.
        """
        engine = f"unbabel-comet {comet_process.version(self.python)}"
        located = comet_checkpoint.locate(self)
        return [Ingredient("scorer", located.name, located.revision, located.licence, engine)]

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer, with its model in a process of its own."""
        with closing(CometScorer(self)) as scorer:
            yield scorer


class CometScorer:
    """The score of a reference-free COMET model, for most of them from 0 to 1 (perfect).

    Each sentence is judged with its translation: the two share 512 tokens, and what is longer is cut silently. `comet`
    is the mean over a pair's sentences, weighted by their length in source characters; `comet_min` the lowest of a
    sentence that is not very short. Null where there is no sentence.

    Source: Rei et al. 2022, https://aclanthology.org/2022.wmt-1.60, through unbabel-comet.
    """

    def __init__(self, settings: CometConfig) -> None:
        """Fetch the model, and load it in a process of its own.

        Raises:
            UserError: the model, or what runs it, cannot be had.
            Stopped: the model could not be loaded.
        """
        located = comet_checkpoint.locate(settings)
        self._name = located.name
        self._batch_size = settings.batch_size
        self._runner = comet_process.command(settings.python)
        self._folder: Path = comet_checkpoint.fetch(located)
        self._restarts = RESTARTS
        self._process = self._started()

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
        rows = [mean_and_lowest(text, [scores[sentence] for sentence in text]) for text in texts]
        return pl.DataFrame(rows, schema={"comet": pl.Float64, "comet_min": pl.Float64}, orient="row")

    def close(self) -> None:
        """End the process."""
        self._process.end()

    def _scores(self, sentences: Sequence[Sentence], advance: Advance) -> dict[Sentence, float]:
        """The score of each sentence."""
        scores: dict[Sentence, float] = {}
        # The longest first: if memory is too small, it shows at once.
        left = longest_first(sentences, lambda sentence: len(sentence[0]) + len(sentence[1]))
        while left:
            batch = left[: self._batch_size]
            match self._process.ask(batch):
                case {"scores": values}:
                    scores.update(zip(batch, values, strict=True))
                    advance(len(batch))
                    del left[: len(batch)]
                case {"memory": _} if len(batch) == 1:
                    raise OutOfMemory(
                        f"scorer {self._name}: there is not enough memory for a single sentence of "
                        f"{len(batch[0][0])} characters; finished rows are kept. "
                        "Free some memory, or name a smaller model, then go on with the same command"
                    )
                case {"memory": _}:
                    self._take_less(len(batch))
                case _:
                    how = self._process.end()
                    self._count(how)
                    if how == "SIGKILL" and len(batch) > 1:  # as the system ends what takes too much memory
                        self._take_less(len(batch))
                    self._process = self._started()
        return scores

    def _take_less(self, sentences: int) -> None:
        """Half as many at a time, from now on."""
        self._batch_size = sentences // 2
        logging.getLogger(__name__).warning(
            "scorer %s: %d sentences at a time take too much memory; going on with %d",
            self._name,
            sentences,
            self._batch_size,
        )

    def _started(self) -> CometProcess:
        """A process with the model loaded."""
        while True:
            process = self._process = CometProcess(self._runner, self._folder)
            try:
                message = process.receive()
            except BaseException:  # Ctrl-C, while the model is being loaded
                process.end()
                raise
            match message:
                case {"ready": _}:
                    return process
                case {"failed": reason}:
                    process.end()
                    raise EngineFailed(f"scorer {self._name}: {reason}")
            how = process.end()
            if how.startswith("exit code"):  # it ended by itself, as it would again
                raise EngineFailed(f"scorer {self._name}: COMET could not be started ({how}). {process.last_words()}")
            self._count(how)

    def _count(self, how: str) -> None:
        """Note that the process has died; too often is too often."""
        if not self._restarts:
            raise EngineFailed(
                f"scorer {self._name}: its COMET process died {RESTARTS + 1} times, at last with {how}"
                f"{' (out of memory?)' if how == 'SIGKILL' else ''}; finished rows are kept. "
                f"{self._process.last_words()}"
            )
        self._restarts -= 1
        logging.getLogger(__name__).warning("the COMET process died (%s) and is started again", how)
