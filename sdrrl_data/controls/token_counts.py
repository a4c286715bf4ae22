"""How many tokens texts have, by the tokenizer of the model that is trained."""

from collections.abc import Sequence
from importlib.util import find_spec

import polars as pl

from sdrrl_data.controls.equal_tokens import CountTokens
from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.models import packaged, tokenizers
from sdrrl_data.models.locating import Located, loading
from sdrrl_data.recipe import GeneratorConfig

AT_ONCE = 1000  # texts whose tokens are in memory together


def tokenizer(generator: GeneratorConfig, named: str | None) -> Located:
    """Where the tokenizer is: of the model that was named, else of the generator.

    Raises:
        UserError: it is not available, or only a server has it.
    """
    if not find_spec("transformers"):
        raise NotInstalled(
            "transformers is needed to count tokens, and it is not installed: pip install 'sdrrl-data[train]'",
            "train",
        )
    if named is None and (generator.engine == "openai" or (generator.server and generator.engine == "auto")):
        raise UserError(
            f"{generator.model} answered on a server, and its tokenizer is not on this machine: name the model that "
            "you will train, or another model whose tokenizer should count, with --tokenizer"
        )
    revision = None if named else generator.revision
    return packaged.locate(named or generator.model, revision, "tokenizer", "--tokenizer")


def counter(located: Located) -> CountTokens:
    """Load the tokenizer, which counts the tokens of each text, without those that a chat template adds.

    Each text is counted once. Of each, only a digest is kept: together they may not fit into memory.

    Raises:
        UserError: there is no tokenizer.
    """
    with loading("tokenizer", located.name):
        loaded = tokenizers.load(located)
    known: dict[int, int] = {}

    def count(texts: Sequence[str]) -> list[int]:
        digests = pl.Series(texts, dtype=pl.String).hash().to_list()
        missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        uncounted = list(missing.items())
        for start in range(0, len(uncounted), AT_ONCE):
            batch = dict(uncounted[start : start + AT_ONCE])
            encoded = loaded(list(batch.values()), add_special_tokens=False, return_attention_mask=False, verbose=False)
            known.update(zip(batch, map(len, encoded["input_ids"]), strict=True))
        return [known[digest] for digest in digests]

    return count
