"""Encoder-decoder models through CTranslate2: the same weights, converted once into the user's cache."""

import gc
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sdrrl_data.errors import UserError
from sdrrl_data.models import hub
from sdrrl_data.models.locating import Located, loading, made_once
from sdrrl_data.processes.child_process import threads
from sdrrl_data.run.disk import on_disk
from sdrrl_data.translation import cublas
from sdrrl_data.translation.seq2seq_engine import Batch, Decoding, Search

FILES = ["*.json", "*.model", "*.safetensors"]  # no files that could run code
MAX_BATCHES = 4  # at the same time on a CPU; each takes memory


class GpuUnusable(UserError):
    """CTranslate2 sees a GPU and cannot compute on it."""


class CTranslate2Engine:
    """The model in int8 on a CPU, or in 16 bits on all GPUs."""

    def __init__(self, located: Located, tokenizer: Any, decoding: Decoding) -> None:
        """Load the model, and convert it first if needed.

        Raises:
            GpuUnusable: there is a GPU that CTranslate2 cannot use.
            UserError: the model cannot be loaded, or CTranslate2 cannot run its kind.
            Stopped: there is not enough disk space for the converted model.
        """
        import ctranslate2

        gpus = cublas.gpus()
        if reason := cublas.problem():  # before the model is converted, which takes minutes
            raise _unusable(located, reason)
        self.device = "cuda" if gpus else "cpu"
        folder = _converted(located, decoding.kind, decoding.half if gpus else "int8")
        available = threads()
        at_once = 1 if gpus else min(available, MAX_BATCHES)
        self._tokenizer = tokenizer
        self._prefix = [] if decoding.code is None else [decoding.code]
        try:
            with loading("translator", located.name):
                self._translator = ctranslate2.Translator(
                    str(folder),
                    device=self.device,
                    device_index=list(range(gpus)) or 0,
                    inter_threads=at_once,
                    intra_threads=available // at_once,
                    max_queued_batches=max(gpus, at_once),  # short: an interrupt does not stop the batches in the queue
                )
            # A word on each GPU: libraries are loaded, and code for the GPU is looked for, only now.
            for future in [self._start(Batch([0], [[tokenizer.eos_token_id]], 1), Search(1)) for _ in range(gpus)]:
                future[0].result()
        except (RuntimeError, ValueError, UserError) as error:
            if gpus:
                raise _unusable(located, str(error)) from error
            raise

    def decode(self, batches: Iterable[Batch], search: Search) -> Iterator[tuple[Batch, list[list[int]]]]:
        """Translate several batches at a time; yield each with its translations, in tokens, in order."""
        started: deque[tuple[Batch, list[Any]]] = deque()
        for batch in batches:
            started.append((batch, self._start(batch, search)))
            while started and started[0][1][-1].done():
                yield self._finish(*started.popleft())
        while started:
            yield self._finish(*started.popleft())

    def close(self) -> None:
        """Free the model's memory."""
        self._translator.unload_model()

    def _start(self, batch: Batch, search: Search) -> list[Any]:
        futures: list[Any] = self._translator.translate_batch(
            [self._tokenizer.convert_ids_to_tokens(tokens) for tokens in batch.tokens],
            target_prefix=[self._prefix] * len(batch.tokens) if self._prefix else None,
            asynchronous=True,
            max_decoding_length=batch.limit + len(self._prefix),  # the code counts
            return_end_token=True,
            beam_size=search.beams,
            no_repeat_ngram_size=search.no_repeat_ngram,
            repetition_penalty=search.repetition_penalty,
            length_penalty=search.length_penalty,
        )
        return futures

    def _finish(self, batch: Batch, futures: list[Any]) -> tuple[Batch, list[list[int]]]:
        translations = [future.result().hypotheses[0] for future in futures]
        first = len(self._prefix)
        return batch, [self._tokenizer.convert_tokens_to_ids(tokens[first:]) for tokens in translations]


def _unusable(located: Located, reason: str) -> GpuUnusable:
    return GpuUnusable(
        f"translator {located.name}: CTranslate2 cannot compute on this machine's GPU ({reason}): {cublas.REMEDY}"
    )


def _converted(located: Located, kind: str, quantization: str) -> Path:
    """The folder of the converted model, which is converted if it does not exist yet."""
    from transformers import AutoConfig

    with loading("translator", located.name):
        found_kind = AutoConfig.from_pretrained(located.path, **located.pinned()).model_type
    if found_kind != kind:
        raise UserError(
            f"translator {located.name}: CTranslate2 cannot run a model of the kind {found_kind} here, only {kind}: "
            "set translator.engine to transformers"
        )
    identity = [*located.name.split("/"), located.revision, quantization]
    converted_folder = made_once("--".join(identity), lambda folder: _convert(located, folder, quantization))
    gc.collect()  # frees the memory of the unconverted model
    return converted_folder


def _convert(located: Located, target: Path, quantization: str) -> None:
    from ctranslate2.converters import TransformersConverter

    class FromSafetensors(TransformersConverter):  # type: ignore[misc]
        """Reads no pickle file, even if there is one in the folder."""

        def load_model(self, *args: Any, **options: Any) -> Any:
            with loading("translator", located.name):
                return super().load_model(*args, use_safetensors=True, **options)

    source = located.path
    if located.on_hub:
        with hub.downloads(f"translator {located.name}"):
            source = str(hub.download("model", located.name, located.revision, FILES))
    converter = FromSafetensors(source, load_as_float16=quantization == "float16", trust_remote_code=False)
    with on_disk(target):
        converter.convert(str(target), quantization=quantization)
