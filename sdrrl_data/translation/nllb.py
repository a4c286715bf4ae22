"""NLLB-200 (NLLB Team 2022) through transformers."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec

from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.models import Located, loading, locate
from sdrrl_data.protocols import Advance, Ingredient

# Models whose main branch has no weights as safetensors, and where the conversion bot keeps them.
SAFETENSORS = {"facebook/nllb-200-distilled-600M": "refs/pr/45"}
# Of the languages of FLORES-200, NLLB's tokenizer has no code for these.
UNKNOWN = {"arb_Latn", "min_Arab"}


class NllbTranslator:
    """Beam search over batches of sentences of like length."""

    # NLLB weakens past some 200 tokens and was trained on sentences.
    max_characters = 500

    def __init__(self, settings: recipe.Nllb, src: Language, tgt: Language) -> None:
        import torch
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        located = _locate(settings)
        self._settings = settings
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.float16 if self._device == "cuda" else torch.float32
        with loading("translator", located.name):
            self._tokenizer = AutoTokenizer.from_pretrained(located.path, src_lang=src.flores, **located.pinned())
            self._model = AutoModelForSeq2SeqLM.from_pretrained(
                located.path, dtype=dtype, use_safetensors=True, **located.pinned()
            ).to(self._device)
        self._model.eval()
        for language in (src, tgt):
            # An unknown code would become <unk> without a word.
            if self._code(language) == self._tokenizer.unk_token_id:
                raise UserError(f"translator {located.name} does not know {language.name} ({language.flores})")
        self._target = self._code(tgt)

    def translate(self, sentences: Sequence[str], advance: Advance) -> list[str]:
        """One translation a sentence, in order."""
        import torch

        tokens = self._tokenizer(list(sentences))["input_ids"]
        translations = [""] * len(sentences)
        for batch in _batches([len(ids) for ids in tokens], self._settings.batch_tokens):
            padded = self._tokenizer.pad({"input_ids": [tokens[i] for i in batch]}, return_tensors="pt")
            longest = padded["input_ids"].shape[1]
            with torch.inference_mode():
                output = self._model.generate(
                    **padded.to(self._device),
                    forced_bos_token_id=self._target,
                    num_beams=self._settings.beams,
                    max_new_tokens=2 * longest + 20,
                )
            texts = self._tokenizer.batch_decode(output, skip_special_tokens=True)
            for i, text in zip(batch, texts, strict=True):
                translations[i] = text.strip()
            advance(len(batch))
        return translations

    def _code(self, language: Language) -> int:
        return int(self._tokenizer.convert_tokens_to_ids(language.flores))


def identify(settings: recipe.Nllb, src: Language, tgt: Language) -> Ingredient:
    """The model, by its commit or a digest of its directory.

    Raises:
        UserError: transformers is not installed, the model cannot be had, or does not know a language.
    """
    for language in (src, tgt):
        if language.flores in UNKNOWN:
            raise UserError(f"translator nllb does not know {language.name} ({language.flores})")
    if not find_spec("transformers") or not find_spec("torch"):
        raise UserError("translator nllb needs transformers and torch: pip install 'sdrrl-data[nllb]'")
    located = _locate(settings)
    engine = f"transformers {version('transformers')}"
    return Ingredient("translator", located.name, located.revision, located.licence, engine)


def _locate(settings: recipe.Nllb) -> Located:
    revision = settings.revision or SAFETENSORS.get(settings.model)
    return locate(settings.model, revision, "translator", "--translator nllb:DIR")


def _batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Indices in batches of like length, longest first, each at most `batch_tokens` when padded."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        # The first of a batch is its longest, so it sets the width.
        if batch and lengths[batch[0]] * (len(batch) + 1) > batch_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
