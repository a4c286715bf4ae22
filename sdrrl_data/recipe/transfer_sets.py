"""How the transfer set, and the preferences beside it, are made from the rows that were kept."""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sdrrl_data.recipe.config import Config, Positive, Share
from sdrrl_data.recipe.markers import Form, Model, Shapeless, ShapelessByDefault


class MixConfig(Config):
    """Shares of the transfer set: exact for the four crossings, upper limits for the others."""

    # Question and answer in the source language.
    src_src: Share = Field(default=0.2, validation_alias="src->src", serialization_alias="src->src")
    # Question in the source language, answer in the target's.
    src_tgt: Share = Field(default=0.2, validation_alias="src->tgt", serialization_alias="src->tgt")
    # Question in the target language, answer in the source's.
    tgt_src: Share = Field(default=0.2, validation_alias="tgt->src", serialization_alias="tgt->src")
    # Question and answer in the target language.
    tgt_tgt: Share = Field(default=0.2, validation_alias="tgt->tgt", serialization_alias="tgt->tgt")
    code_switched: Share = 0.1  # questions with words of the other language
    translate: Share = 0.05  # sentence pairs of the corpus, to translate
    complete: Share = 0.05  # sentences of the corpus, to complete
    # Questions in the target language whose completion puts them into the source language, answers there, and answers.
    pivot: Annotated[Share, ShapelessByDefault()] = 0.0
    # Questions of tgt->src once more, with an answer in the target language: a request before the question makes the
    # difference. As large as tgt->src, every such question is there twice.
    contrast: Annotated[Share, ShapelessByDefault()] = 0.0

    @model_validator(mode="after")
    def _contrast_has_questions(self) -> Self:
        if self.contrast > self.tgt_src:
            raise ValueError(
                f"mix.contrast {self.contrast:g} is more than mix.tgt->src {self.tgt_src:g}, whose questions it repeats"
            )
        return self


Sentence = Annotated[
    str, Field(pattern=r"^[^{}]*\{language\}[^{}]*$"), Form("a sentence with {language} in it", "Answer in {language}.")
]
Sentences = Annotated[tuple[Sentence, ...], Field(min_length=1)]


Request = Annotated[
    str,
    Field(pattern=r"^([^{}]|\{language\})*\{text\}([^{}]|\{language\})*$"),
    Form("a text with {text} in it", "What was asked to get this answer?\n\n{text}"),
]
Requests = Annotated[tuple[Request, ...], Field(min_length=1)]


def _with_both(sentence: str) -> str:
    """The sentence, where it has both places, each once or more.

    Raises:
        ValueError: it has not.
    """
    places = set(re.findall(r"\{[^{}]*\}", sentence))
    if places != {"{pivot}", "{language}"} or set("{}") & set(re.sub(r"\{[^{}]*\}", "", sentence)):
        raise ValueError("a request of pivot names both {pivot} and {language}, and has no other braces")
    return sentence


class PivotPromptsConfig(Config):
    """The sentences of rows of the kind `pivot`, in one language. `{language}` stands for a language's name."""

    # Behind the question; `{pivot}` stands for the name of the language in which it is answered first.
    request: Annotated[tuple[Annotated[str, AfterValidator(_with_both)], ...], Field(min_length=1)]
    question: Sentence  # a line before the question
    answer: Sentence  # a line before an answer


class PromptsConfig(Config):
    """The instructions in a row's prompt, in one language. `{language}` stands for a language's name.

    `answer_in` follows a question whose answer is in the other language, `translate` comes before a text to be
    translated into the other language, `complete` before the beginning of a sentence in the same language.
    """

    answer_in: Sentences  # behind a question whose answer is in the other language, before one of a contrast
    translate: Sentences  # before a text to translate
    complete: Sentences  # before the beginning of a sentence
    pivot: Annotated[PivotPromptsConfig | None, ShapelessByDefault()] = None  # None: there are no such rows
    # How the generator is asked for the question of a native text: `{text}` stands for the translation of the text,
    # `{language}` for the language of the question. None: in English.
    write_question: Annotated[Requests | None, ShapelessByDefault()] = None
    names: dict[str, str] = Field(default={})  # tag of a language -> its name in these sentences


class ParallelFieldsConfig(Config):
    """Names of the columns of a parallel corpus."""

    src: str  # the column of the source language
    tgt: str  # the column of the target language


class ParallelConfig(Config):
    """An external parallel corpus, which is only used for its two languages.

    `source` is a file with lines (text in `src`<TAB>text in `tgt`); a file with rows (JSONL, JSON, Parquet, CSV; TSV
    with a header, if `fields` name its columns); or a dataset on the Hub. If `src` is not set, it is the run's source
    language; if `tgt` is not set, the corpus serves each of the run's targets. Columns that are not named are found by
    their usual names.
    """

    role: ClassVar[str | None] = "parallel corpus"

    # The pairs themselves change rows, not the place that they are read from.
    source: Annotated[str, Model()]
    src: str | None = None  # None: the run's source language
    tgt: str | None = None  # None: each of the run's targets
    fields: Annotated[ParallelFieldsConfig | None, Shapeless()] = None
    # `{src}` and `{tgt}` stand for the tags of the corpus's languages.
    config: Annotated[str | None, Shapeless()] = None
    split: Annotated[str, Shapeless()] = "train"  # of the dataset
    # A branch, a tag or a commit of the Hub; None: the newest commit when the run began.
    revision: Annotated[str | None, Shapeless()] = None
    # The number of pairs, from the first one on; None: all pairs of a file, 20,000 of a dataset on the Hub.
    limit: Annotated[Positive | None, Shapeless()] = None
    licence: str | None = None  # its licence, where the Hub or a package does not say it


class TransferSetConfig(Config):
    """How the transfer set is mixed, split and stored."""

    mix: MixConfig = MixConfig()
    test_share: Share = 0.05  # of the seeds, whose rows go into the test split
    shard_rows: Positive = 100_000  # rows of one Parquet file


class PreferencesConfig(Config):
    """Pairs of answers to one question, of which the one in the language of the question is to be preferred."""

    # What is to be avoided: the same answer in the other language; or with some of the other language in it (which
    # needs code_switching.texts to be answer or both); or what the model answers by itself (needs direct_answers).
    # Or, in the source language, the worst of several answers of which the best is chosen (needs answers.samples above
    # 1, or several generators).
    rejected: Annotated[
        tuple[Literal["other_language", "code_switched", "direct", "samples"], ...], Field(min_length=1)
    ] = ("other_language",)
    # Of two samples, the score of the chosen one has to be above that of the rejected one by so much.
    margin: Annotated[float, Field(ge=0), ShapelessByDefault()] = 0.0
