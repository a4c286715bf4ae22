"""NLLB through CTranslate2: the same weights, converted once into the user's cache."""

import gc
import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sdrrl_data.errors import UserError
from sdrrl_data.models import hub
from sdrrl_data.models.locating import Located, loading, made_once
from sdrrl_data.processes.child_process import cores
from sdrrl_data.run.disk import on_disk
from sdrrl_data.translation.nllb_engine import Batch, Search

KIND = "m2m_100"  # what transformers calls the architecture of NLLB's dense models
FILES = ["*.json", "*.model", "*.safetensors"]  # and none that could run code
MOST_BATCHES = 4  # at once on a CPU; each takes memory


class CTranslate2Engine:
    """The model in int8 on a CPU, and in float16 on every GPU there is."""

    def __init__(self, located: Located, tokenizer: Any, code: str) -> None:
        """Load the model, converted first where it is not yet; `code` is the target language's.

        Raises:
            UserError: it cannot be loaded, or is of a kind that CTranslate2 cannot run.
            Stopped: there is no room for the converted model.
        """
        import ctranslate2

        gpus = ctranslate2.get_cuda_device_count()
        self.device = "cuda" if gpus else "cpu"
        folder = _converted(located, "float16" if gpus else "int8")
        threads = _threads()
        at_once = 1 if gpus else min(threads, MOST_BATCHES)
        self._tokenizer = tokenizer
        self._code = code
        with loading("translator", located.name):
            self._translator = ctranslate2.Translator(
                str(folder),
                device=self.device,
                device_index=list(range(gpus)) or 0,
                inter_threads=at_once,
                intra_threads=threads // at_once,
                max_queued_batches=max(gpus, at_once),  # a call waits for room; what is queued outlives an interrupt
            )

    def decode(self, batches: Iterable[Batch], search: Search) -> Iterator[tuple[Batch, list[list[int]]]]:
        """Each batch with what was written for its sentences, in order; several are under way at once."""
        under_way: deque[tuple[Batch, list[Any]]] = deque()
        for batch in batches:
            under_way.append((batch, self._start(batch, search)))
            while under_way and under_way[0][1][-1].done():
                yield self._finish(*under_way.popleft())
        while under_way:
            yield self._finish(*under_way.popleft())

    def close(self) -> None:
        """Give the model's memory back."""
        self._translator.unload_model()

    def _start(self, batch: Batch, search: Search) -> list[Any]:
        futures: list[Any] = self._translator.translate_batch(
            [self._tokenizer.convert_ids_to_tokens(tokens) for tokens in batch.tokens],
            target_prefix=[[self._code]] * len(batch.tokens),
            asynchronous=True,
            max_decoding_length=batch.limit + 1,  # the code counts
            return_end_token=True,
            beam_size=search.beams,
            no_repeat_ngram_size=search.no_repeat_ngram,
            repetition_penalty=search.repetition_penalty,
            length_penalty=search.length_penalty,
        )
        return futures

    def _finish(self, batch: Batch, futures: list[Any]) -> tuple[Batch, list[list[int]]]:
        written = [future.result().hypotheses[0] for future in futures]
        return batch, [self._tokenizer.convert_tokens_to_ids(tokens[1:]) for tokens in written]  # after the code


def _threads() -> int:
    """How many threads to use: as many as OpenMP may, and one a core where nothing is said."""
    told = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if told.isdecimal() and int(told):
        return int(told)
    return cores()


def _converted(located: Located, quantization: str) -> Path:
    """The folder of the converted model, made where it is not there yet."""
    from transformers import AutoConfig

    with loading("translator", located.name):
        kind = AutoConfig.from_pretrained(located.path, trust_remote_code=False, **located.pinned()).model_type
    if kind != KIND:
        raise UserError(
            f"translator {located.name}: CTranslate2 cannot run a model of the kind {kind}, only NLLB's dense ones "
            f"({KIND}): set translator.engine to transformers"
        )
    identity = [*located.name.split("/"), located.revision, quantization]
    converted_folder = made_once("--".join(identity), lambda folder: _convert(located, folder, quantization))
    gc.collect()  # the model as it was before
    return converted_folder


def _convert(located: Located, target: Path, quantization: str) -> None:
    from ctranslate2.converters import TransformersConverter

    class FromSafetensors(TransformersConverter):  # type: ignore[misc]
        """Reads no pickle, whatever else lies in the folder."""

        def load_model(self, *args: Any, **options: Any) -> Any:
            with loading("translator", located.name):
                return super().load_model(*args, use_safetensors=True, **options)

    source = located.path
    if located.pinned():
        with hub.downloads(f"translator {located.name}"):
            source = str(hub.download("model", located.name, located.revision, FILES))
    converter = FromSafetensors(source, load_as_float16=quantization == "float16", trust_remote_code=False)
    with on_disk(target):
        converter.convert(str(target), quantization=quantization)
