"""What the rows become that are kept."""

from typing import Annotated, ClassVar

from pydantic import Field

from sdrrl_data.recipe.config import Config, Positive, Share
from sdrrl_data.recipe.markers import Model, Shapeless


class MixConfig(Config):
    """Shares of the transfer set. The four crossings keep theirs exactly; the others reach up to theirs."""

    src_src: Share = Field(default=0.2, validation_alias="src->src", serialization_alias="src->src")
    src_tgt: Share = Field(default=0.2, validation_alias="src->tgt", serialization_alias="src->tgt")
    tgt_src: Share = Field(default=0.2, validation_alias="tgt->src", serialization_alias="tgt->src")
    tgt_tgt: Share = Field(default=0.2, validation_alias="tgt->tgt", serialization_alias="tgt->tgt")
    code_switched: Share = 0.1
    translate: Share = 0.05
    complete: Share = 0.05


Sentences = Annotated[tuple[Annotated[str, Field(pattern=r"^[^{}]*\{language\}[^{}]*$")], ...], Field(min_length=1)]


class PromptsConfig(Config):
    """The words in which a row asks, in one language. `{language}` stands for a language's name.

    `answer_in` follows a question whose answer is in the other language, `translate` goes before a text to be
    translated into the other language, `complete` before the beginning of a sentence in the same language.
    """

    answer_in: Sentences
    translate: Sentences
    complete: Sentences
    names: dict[str, str] = Field(default={})  # of languages by their tag, as they stand in these sentences


class ParallelFieldsConfig(Config):
    """Names of the columns of a parallel corpus."""

    src: str
    tgt: str


class ParallelConfig(Config):
    """An external parallel corpus, used for its own two languages only.

    `source` is a file of lines, text in `src`<TAB>text in `tgt`; a file of rows (JSONL, JSON, Parquet, CSV; TSV with a
    header where `fields` name its columns); or a dataset of the Hub. A language that is not named is the run's: its
    source and each of its targets. Columns that are not named are found by their usual names.
    """

    role: ClassVar[str | None] = "parallel corpus"

    # Where the pairs are from shapes nothing: the pairs do.
    source: Annotated[str, Model()]
    src: str | None = None
    tgt: str | None = None
    fields: Annotated[ParallelFieldsConfig | None, Shapeless()] = None
    # {src} and {tgt} in it stand for the tags of the corpus's languages.
    config: Annotated[str | None, Shapeless()] = None
    split: Annotated[str, Shapeless()] = "train"
    revision: Annotated[str | None, Shapeless()] = None
    # Pairs, the first ones; None: all of a file, 20,000 of a dataset of the Hub.
    limit: Annotated[Positive | None, Shapeless()] = None
    licence: str | None = None


class TransferSetConfig(Config):
    """How the rows that are kept become the transfer set."""

    mix: MixConfig = MixConfig()
    test_share: Share = 0.05
    shard_rows: Positive = 100_000
