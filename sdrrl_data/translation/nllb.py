"""NLLB-200 (NLLB Team 2022): its languages and tokens."""

from typing import Annotated, Literal

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.models.locating import Located
from sdrrl_data.recipe import Model, TranslatorContext
from sdrrl_data.translation.seq2seq import Seq2SeqConfig, Seq2SeqTranslator
from sdrrl_data.translation.seq2seq_engine import Decoding

# Languages of FLORES-200 for which NLLB's tokenizer has no code.
UNKNOWN = {"arb_Latn", "min_Arab"}


class NllbConfig(Seq2SeqConfig):
    """NLLB-200."""

    kind: Literal["nllb"] = "nllb"
    model: Annotated[str, Model()] = "facebook/nllb-200-distilled-600M"

    @classmethod
    def refuse(cls, language: Language) -> None:
        """Refuse a language for which there is no code.

        Raises:
            UserError: there is none.
        """
        if language.flores in UNKNOWN:
            raise UserError(f"translator nllb does not know {language.name} ({language.flores})")

    def open(self, context: TranslatorContext) -> "NllbTranslator":
        """Load the translator."""
        return NllbTranslator(self, context.src, context.tgt)


class NllbTranslator(Seq2SeqTranslator):
    """The encoder reads the code of the source language, and a translation begins with that of the target's."""

    def _prepared(self, located: Located, src: Language, tgt: Language) -> Decoding:
        for language in (src, tgt):
            # An unknown code would silently become <unk>.
            if self._tokenizer.convert_tokens_to_ids(language.flores) == self._tokenizer.unk_token_id:
                raise UserError(f"translator {located.name} does not know {language.name} ({language.flores})")
        self._tokenizer.src_lang = src.flores
        return Decoding("m2m_100", tgt.flores)
