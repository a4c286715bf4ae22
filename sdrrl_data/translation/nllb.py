"""NLLB-200 (NLLB Team 2022): its languages, and sentences through one of two engines."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Annotated, Literal

from pydantic import Field

from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.languages import Language
from sdrrl_data.models.locating import Located, loading, locate
from sdrrl_data.protocols import Ingredient, SetAside
from sdrrl_data.recipe import Model, Shapeless, TranslatorConfig, TranslatorContext
from sdrrl_data.recipe.config import Positive
from sdrrl_data.translation.nllb_engine import Engine, Search, batched, most_tokens

# Of the languages of FLORES-200, NLLB's tokenizer has no code for these.
UNKNOWN = {"arb_Latn", "min_Arab"}

BATCH_TOKENS = {"cpu": 4096, "cuda": 32768}


class NllbConfig(TranslatorConfig):
    """NLLB-200."""

    kind: Literal["nllb"] = "nllb"
    model: Annotated[str, Model()] = "facebook/nllb-200-distilled-600M"
    revision: Annotated[str | None, Shapeless()] = None
    engine: Annotated[Literal["auto", "ctranslate2", "transformers"], Shapeless()] = "auto"
    beams: Positive = 4
    no_repeat_ngram: Annotated[int, Field(ge=0)] = 0  # no run of so many tokens comes twice; 0: any may
    # Padded source tokens times beams in one batch; None: as suits the device.
    batch_tokens: Annotated[Positive | None, Shapeless()] = None

    extra = "nllb"
    gpu = True
    argument = ("model", "MODEL")

    def identify(self, src: Language, tgt: Language, generator: Ingredient | None = None) -> Ingredient:
        """The model, by its commit or a digest of its directory.

        Raises:
            UserError: what it needs is not installed, the model cannot be found, or does not know a language.
        """
        for language in (src, tgt):
            if language.flores in UNKNOWN:
                raise UserError(f"translator nllb does not know {language.name} ({language.flores})")
        engine = _engine(self)
        # CTranslate2 takes its tokens from transformers, and its weights through torch.
        missing = [package for package in ("transformers", "torch", engine) if not find_spec(package)]
        if missing:
            raise NotInstalled(f"translator nllb needs {' and '.join(missing)}: pip install 'sdrrl-data[nllb]'", "nllb")
        located = _locate(self)
        return Ingredient("translator", located.name, located.revision, located.licence, f"{engine} {version(engine)}")

    def open(self, context: TranslatorContext) -> "NllbTranslator":
        """The translator, loaded."""
        return NllbTranslator(self, context.src, context.tgt)


class NllbTranslator:
    """Beam search over batches of sentences of like length."""

    # NLLB weakens past some 200 tokens and was trained on sentences.
    max_characters = 500
    whole_texts = False

    def __init__(self, settings: NllbConfig, src: Language, tgt: Language) -> None:
        """Load the model, and convert it first where CTranslate2 meets it for the first time.

        Raises:
            UserError: it cannot be found or loaded, does not know a language, or its engine cannot run it.
            Stopped: there is no room for the converted model.
        """
        from transformers import AutoTokenizer

        located = _locate(settings)
        with loading("the tokenizer of translator", located.name):
            # A code or an end that stands in a text is a word like any other.
            self._tokenizer = AutoTokenizer.from_pretrained(located.path, split_special_tokens=True, **located.pinned())
        for language in (src, tgt):
            # An unknown code would become <unk> without a word.
            if self._tokenizer.convert_tokens_to_ids(language.flores) == self._tokenizer.unk_token_id:
                raise UserError(f"translator {located.name} does not know {language.name} ({language.flores})")
        self._tokenizer.src_lang = src.flores
        self._first = Search(settings.beams, settings.no_repeat_ngram)
        # A wider search that likes length leaves a short or copied find behind, and loops are forbidden. The penalty is
        # mild: commas and articles must come again.
        self._again = Search(2 * settings.beams, no_repeat_ngram=3, repetition_penalty=1.1, length_penalty=1.5)
        self._engine: Engine
        if _engine(settings) == "ctranslate2":
            from sdrrl_data.translation.nllb_ctranslate2 import CTranslate2Engine

            self._engine = CTranslate2Engine(located, self._tokenizer, tgt.flores)
        else:
            from sdrrl_data.translation.nllb_transformers import TransformersEngine

            self._engine = TransformersEngine(located, self._tokenizer, tgt.flores)
        self._batch_tokens = settings.batch_tokens or BATCH_TOKENS[self._engine.device]

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str | SetAside]]:
        """Each translation with its sentence's number, batch by batch; the longest come first.

        One that did not come to an end is set aside.
        """
        if not sentences:
            return
        search = self._again if again else self._first
        tokens = self._tokenizer(list(sentences))["input_ids"]
        # Every beam takes as much memory as a sentence of its own.
        batches = batched(tokens, self._batch_tokens // search.beams)
        for batch, written in self._engine.decode(batches, search):
            for number, translation in zip(batch.numbers, written, strict=True):
                yield number, self._text(translation, most_tokens(len(tokens[number])))

    def close(self) -> None:
        """Give the model's memory back."""
        self._engine.close()

    def _text(self, translation: Sequence[int], limit: int) -> str | SetAside:
        # A longer neighbour gives more room, which must not change what becomes of a sentence.
        if translation[-1] != self._tokenizer.eos_token_id or len(translation) > limit:
            return SetAside(f"its translation does not end within {limit} tokens")
        text: str = self._tokenizer.decode(translation, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.strip()


def _engine(settings: NllbConfig) -> Literal["ctranslate2", "transformers"]:
    if settings.engine == "auto":
        return "ctranslate2" if find_spec("ctranslate2") else "transformers"
    return settings.engine


def _locate(settings: NllbConfig) -> Located:
    return locate(settings.model, settings.revision, "translator", "--translator nllb:DIR")
