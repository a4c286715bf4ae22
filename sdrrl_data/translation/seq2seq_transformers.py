"""Encoder-decoder models through transformers, for machines where CTranslate2 is not installed."""

import gc
from collections.abc import Iterable, Iterator
from typing import Any

from sdrrl_data.models.locating import Located, loading
from sdrrl_data.translation.seq2seq_engine import Batch, Decoding, Search

IDS = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")


class TransformersEngine:
    """The model in float32 on a CPU, and in 16 bits on a GPU."""

    def __init__(self, located: Located, tokenizer: Any, decoding: Decoding) -> None:
        """Load the model.

        Raises:
            UserError: the model cannot be loaded.
        """
        import torch
        from transformers import AutoModelForSeq2SeqLM, GenerationConfig

        self._tokenizer = tokenizer
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = getattr(torch, decoding.half) if self.device == "cuda" else torch.float32
        with loading("translator", located.name):
            self._model = AutoModelForSeq2SeqLM.from_pretrained(
                located.path, dtype=dtype, use_safetensors=True, **located.pinned()
            ).to(self.device)
        self._model.eval()
        # Only the recipe decides how to search: of the checkpoint's settings, only the special tokens are used.
        ids = {name: getattr(self._model.generation_config, name) for name in IDS}
        code_id = None if decoding.code is None else tokenizer.convert_tokens_to_ids(decoding.code)
        self._prefix = 0 if code_id is None else 1
        self._model.generation_config = GenerationConfig(**ids, forced_bos_token_id=code_id)

    def decode(self, batches: Iterable[Batch], search: Search) -> Iterator[tuple[Batch, list[list[int]]]]:
        """Translate batches one after another; yield each with its translations, in tokens."""
        import torch

        for batch in batches:
            padded = self._tokenizer.pad({"input_ids": batch.tokens}, return_tensors="pt")
            with torch.inference_mode():
                output = self._model.generate(
                    **padded.to(self.device),
                    max_new_tokens=batch.limit + self._prefix,  # the code counts
                    num_beams=search.beams,
                    no_repeat_ngram_size=search.no_repeat_ngram,
                    repetition_penalty=search.repetition_penalty,
                    length_penalty=search.length_penalty,
                )
            yield batch, [self._until_end(row) for row in output[:, 1 + self._prefix :].tolist()]  # after start, code

    def close(self) -> None:
        """Free the model's memory."""
        import torch

        del self._model
        gc.collect()
        if self.device == "cuda":
            torch.cuda.empty_cache()

    def _until_end(self, row: list[int]) -> list[int]:
        end = self._tokenizer.eos_token_id
        return row[: row.index(end) + 1] if end in row else row
