"""What the rows become that are kept."""

from typing import Annotated

from pydantic import Field

from sdrrl_data.recipe.settings import Positive, Settings, Share


class Mix(Settings):
    """Shares of the transfer set. The four crossings keep theirs exactly; the others reach up to theirs."""

    src_src: Share = Field(default=0.2, validation_alias="src->src", serialization_alias="src->src")
    src_tgt: Share = Field(default=0.2, validation_alias="src->tgt", serialization_alias="src->tgt")
    tgt_src: Share = Field(default=0.2, validation_alias="tgt->src", serialization_alias="tgt->src")
    tgt_tgt: Share = Field(default=0.2, validation_alias="tgt->tgt", serialization_alias="tgt->tgt")
    code_switched: Share = 0.1
    translate: Share = 0.05
    complete: Share = 0.05


Sentences = Annotated[tuple[Annotated[str, Field(pattern=r"^[^{}]*\{language\}[^{}]*$")], ...], Field(min_length=1)]


class Prompts(Settings):
    """The words in which a row asks, in one language. `{language}` stands for a language's name.

    `answer_in` follows a question whose answer is in the other language, `translate` goes before a text to be
    translated into the other language, `complete` before the beginning of a sentence in the same language.
    """

    answer_in: Sentences
    translate: Sentences
    complete: Sentences
    names: dict[str, str] = Field(default={})  # of languages by their tag, as they stand in these sentences


class Parallel(Settings):
    """An external parallel corpus, used for its own two languages only: a TSV file, text in `src`<TAB>text in `tgt`."""

    source: str
    src: str
    tgt: str
    licence: str | None = None


class TransferSet(Settings):
    """How the rows that are kept become the transfer set."""

    mix: Mix = Mix()
    test_share: Share = 0.05
    shard_rows: Positive = 100_000
