"""MADLAD-400 (Kudugunta et al. 2023, https://arxiv.org/abs/2309.04662): its languages and tokens.

A sentence has the tag of the target language before it, such as `<2pt>`, and none of its own language. The tags are
those of the tokenizer of google/madlad400-3b-mt.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.models.locating import Located
from sdrrl_data.protocols import SetAside
from sdrrl_data.recipe import Model, TranslatorContext
from sdrrl_data.translation.seq2seq import Seq2SeqConfig, Seq2SeqTranslator
from sdrrl_data.translation.seq2seq_engine import Decoding

TAG = re.compile(r"<2\w*>")
# Where MADLAD has another name for a language, or for the script that FLORES-200 has: our tag -> its tag.
OTHER_NAMES = {"nb": "no", "tl": "fil", "dik": "din", "tw": "ak", "crh": "crh_Latn"}
# Languages of FLORES-200 for which its tokenizer has no tag.
UNKNOWN = {
    *("arb_Latn", "ast_Latn", "bem_Latn", "yue_Hant", "cjk_Latn", "kea_Latn", "kab_Latn", "kam_Latn", "kik_Latn"),
    *("lua_Latn", "luo_Latn", "acm_Arab", "min_Arab", "mos_Latn", "ars_Arab", "apc_Arab", "sat_Beng", "azb_Arab"),
    *("ajp_Arab", "acq_Arab", "tpi_Latn", "tum_Latn", "aeb_Arab", "umb_Latn"),
}


class MadladConfig(Seq2SeqConfig):
    """MADLAD-400."""

    kind: Literal["madlad"] = "madlad"
    model: Annotated[str, Model()] = "google/madlad400-3b-mt"

    @classmethod
    def refuse(cls, language: Language) -> None:
        """Refuse a language for which there is no tag.

        Raises:
            UserError: there is none.
        """
        if language.flores in UNKNOWN:
            raise UserError(
                f"translator madlad does not know {language.name} ({language.tag}): use another, such as "
                "--translator nllb"
            )

    def open(self, context: TranslatorContext) -> "MadladTranslator":
        """Load the translator."""
        return MadladTranslator(self, context.src, context.tgt)


class MadladTranslator(Seq2SeqTranslator):
    """The encoder reads the tag of the target language before the sentence."""

    # T5Tokenizer of transformers 5 takes the third piece for the unknown one, whatever tokenizer.json says. For MADLAD
    # that is the end, so that a sentence would end at the first character that is not in the vocabulary.
    tokenizer_class = "PreTrainedTokenizerFast"

    def _prepared(self, located: Located, src: Language, tgt: Language) -> Decoding:
        tags = [tag(language) for language in (src, tgt)]
        for language, name in zip((src, tgt), tags, strict=True):
            # An unknown tag would silently be read as a word.
            if self._tokenizer.convert_tokens_to_ids(name) in (None, self._tokenizer.unk_token_id):
                raise UserError(f"translator {located.name} does not know {language.name} ({name})")
        self._tag = tags[1]
        tag_ids = {id for piece, id in self._tokenizer.get_vocab().items() if TAG.fullmatch(piece)}
        self._commands = tag_ids | {self._tokenizer.eos_token_id, self._tokenizer.pad_token_id}
        # T5's feed-forward layers grow beyond what float16 can hold.
        return Decoding("t5", None, half="bfloat16")

    def pieces(self) -> set[str]:
        """As of every model, without tags."""
        return {piece for piece in super().pieces() if not TAG.fullmatch(piece)}

    def encoded(self, sentences: Sequence[str]) -> list[list[int] | SetAside]:
        """Each sentence behind the tag; what has another command in it cannot be sent."""
        return [self._alone(tokens) for tokens in super().encoded([f"{self._tag} {text}" for text in sentences])]

    def _alone(self, tokens: list[int] | SetAside) -> list[int] | SetAside:
        """The tokens, unless another tag or end is among them: its tokenizer takes them for such, also in a text."""
        if isinstance(tokens, SetAside) or sum(token in self._commands for token in tokens) == 2:
            return tokens
        return SetAside("the sentence has what is a command to MADLAD, such as <2de> or </s>")


def tag(language: Language) -> str:
    """The tag of a language in MADLAD's tokenizer, such as `<2zh_Hant>`."""
    return f"<2{OTHER_NAMES.get(language.tag, language.tag.replace('-', '_'))}>"
