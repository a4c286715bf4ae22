"""Encoder-decoder models that translate, such as NLLB and MADLAD: sentences in batches, through one of two engines."""

import logging
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Annotated, Any, Literal

from pydantic import Field

from sdrrl_data.errors import NotInstalled
from sdrrl_data.languages import Language
from sdrrl_data.models.locating import Located, loading, locate
from sdrrl_data.protocols import Ingredient, SetAside
from sdrrl_data.recipe import Model, Shapeless, TranslatorConfig
from sdrrl_data.recipe.config import Positive
from sdrrl_data.text.scripts import with_vowels_joined
from sdrrl_data.translation import cublas
from sdrrl_data.translation.seq2seq_engine import Decoding, Engine, Search, batched, max_translation_tokens

BATCH_TOKENS = {"cpu": 4096, "cuda": 32768}


class Seq2SeqConfig(TranslatorConfig):
    """An encoder-decoder model."""

    model: Annotated[str, Model()]
    revision: Annotated[str | None, Shapeless()] = None
    engine: Annotated[Literal["auto", "ctranslate2", "transformers"], Shapeless()] = "auto"
    beams: Positive = 4
    no_repeat_ngram: Annotated[int, Field(ge=0)] = 0  # no n-gram of this many tokens may occur twice; 0: any may
    # Padded source tokens times beams in one batch; None: a number that suits the device.
    batch_tokens: Annotated[Positive | None, Shapeless()] = None

    extra = "nllb"
    gpu = True
    argument = ("model", "MODEL")

    @classmethod
    @abstractmethod
    def refuse(cls, language: Language) -> None:
        """Refuse a language that no model of this kind knows.

        Raises:
            UserError: it knows none of it.
        """

    def identify(self, src: Language, tgt: Language, generator: object = None) -> Ingredient:
        """The model, by its commit or a digest of its directory.

        Raises:
            UserError: a package is not installed, the model cannot be found, or it does not know a language.
        """
        for language in (src, tgt):
            self.refuse(language)
        engine = _engine(self)
        # CTranslate2 needs transformers for the tokens, and torch to convert the weights.
        missing = [package for package in ("transformers", "torch", engine) if not find_spec(package)]
        if missing:
            raise NotInstalled(
                f"translator {self.declared_word()} needs {' and '.join(missing)}: "
                f"pip install 'sdrrl-data[{self.extra}]'",
                "nllb",
            )
        located = self.locate()
        return Ingredient("translator", located.name, located.revision, located.licence, f"{engine} {version(engine)}")

    def locate(self) -> Located:
        """Where the model is.

        Raises:
            UserError: it cannot be found.
        """
        return locate(self.model, self.revision, "translator", f"--translator {self.declared_word()}:DIR")


class Seq2SeqTranslator:
    """Beam search over batches of sentences of similar length."""

    # Such models were mostly trained on sentences; NLLB becomes worse beyond about 200 tokens.
    max_characters = 500
    whole_texts = False
    tokenizer_class = "AutoTokenizer"  # of transformers

    def __init__(self, settings: Seq2SeqConfig, src: Language, tgt: Language) -> None:
        """Load the model; CTranslate2 converts it first if it has not done so before.

        Raises:
            UserError: the model cannot be found or loaded, does not know a language, or the engine cannot run it.
            Stopped: there is not enough disk space for the converted model.
        """
        import transformers

        located = settings.locate()
        with loading("the tokenizer of translator", located.name):
            # A text may contain a language code or an end token: these are then ordinary words.
            self._tokenizer = getattr(transformers, self.tokenizer_class).from_pretrained(
                located.path, split_special_tokens=True, **located.pinned()
            )
        decoding = self._prepared(located, src, tgt)
        self.characters = frozenset("".join(self.pieces())) | {" "}
        self._first_search = Search(settings.beams, settings.no_repeat_ngram)
        # A wider search that prefers longer translations avoids short and copied ones, and loops are forbidden. The
        # penalty is mild, since commas and articles must be repeated.
        self._second_search = Search(2 * settings.beams, no_repeat_ngram=3, repetition_penalty=1.1, length_penalty=1.5)
        self._engine = _opened(settings, located, self._tokenizer, decoding)
        self._batch_tokens = settings.batch_tokens or BATCH_TOKENS[self._engine.device]

    @abstractmethod
    def _prepared(self, located: Located, src: Language, tgt: Language) -> Decoding:
        """Set the languages, and say how the model is run.

        Raises:
            UserError: the model does not know a language.
        """

    def pieces(self) -> set[str]:
        """The pieces of words that the model can write."""
        return set(self._tokenizer.get_vocab().keys() - self._tokenizer.get_added_vocab().keys())

    def encoded(self, sentences: Sequence[str]) -> list[list[int] | SetAside]:
        """Each sentence as the encoder reads it, or why it cannot be sent."""
        return list(self._tokenizer(list(sentences))["input_ids"])

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Translate sentences in batches, the longest first; yield each translation with its sentence's number.

        A translation that does not end within the limit is set aside.
        """
        if not sentences:
            return
        search = self._second_search if again else self._first_search
        sent: list[int] = []  # numbers of the sentences
        tokens: list[list[int]] = []
        for number, encoded in enumerate(self.encoded(sentences)):
            if isinstance(encoded, SetAside):
                yield number, encoded
            else:
                sent.append(number)
                tokens.append(encoded)
        # Every beam takes as much memory as another sentence.
        batches = batched(tokens, self._batch_tokens // search.beams)
        for batch, translations in self._engine.decode(batches, search):
            for number, translation in zip(batch.numbers, translations, strict=True):
                yield sent[number], self._text(translation, max_translation_tokens(len(tokens[number])))

    def close(self) -> None:
        """Free the model's memory."""
        self._engine.close()

    def _text(self, translation: Sequence[int], limit: int) -> str | SetAside:
        # A longer sentence in the batch raises the batch's limit, which must not change the result of this one.
        if translation[-1] != self._tokenizer.eos_token_id or len(translation) > limit:
            return SetAside(f"its translation does not end within {limit} tokens")
        text: str = self._tokenizer.decode(translation, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return with_vowels_joined(text.strip())


def _engine(settings: Seq2SeqConfig) -> Literal["ctranslate2", "transformers"]:
    if settings.engine == "auto":
        return "ctranslate2" if find_spec("ctranslate2") and not cublas.problem() else "transformers"
    return settings.engine


def _opened(settings: Seq2SeqConfig, located: Located, tokenizer: Any, decoding: Decoding) -> Engine:
    """The engine; where nobody has chosen one and CTranslate2 cannot use the GPU, transformers, which is said."""
    from sdrrl_data.translation.seq2seq_transformers import TransformersEngine

    if settings.engine == "transformers" or (settings.engine == "auto" and not find_spec("ctranslate2")):
        return TransformersEngine(located, tokenizer, decoding)
    from sdrrl_data.translation.seq2seq_ctranslate2 import CTranslate2Engine, GpuUnusable

    try:
        return CTranslate2Engine(located, tokenizer, decoding)
    except GpuUnusable as error:
        if settings.engine == "ctranslate2":
            raise
        engine = TransformersEngine(located, tokenizer, decoding)
        logging.getLogger(__name__).warning("%s; transformers translates on %s, more slowly", error, engine.device)
        return engine
