"""Generation with transformers, for machines where vLLM cannot be installed."""

import gc
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import islice
from typing import Any

from sdrrl_data.chat.rendering import Chat
from sdrrl_data.chat.stops import Stop
from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.generation.local_engine import LocalEngine, too_long
from sdrrl_data.models import tokenizers
from sdrrl_data.models.context import context_of
from sdrrl_data.models.locating import Located, loading
from sdrrl_data.protocols import Completion, Request, SetAside
from sdrrl_data.recipe import GeneratorConfig
from sdrrl_data.text.batches import batches, longest_first

WINDOW = 256  # requests that are sorted by length together
PREFILL_TOKENS = 8192  # of prompts that are read together, padding included
MOST_PADDING = 0.1  # of them
CPU_ROWS, GPU_ROWS = 16, 128  # written together, if the cache has room


class HuggingFaceEngine(LocalEngine):
    """transformers, on one GPU or a CPU."""

    kind = "transformers"
    order = 3
    extra = "nllb"

    def missing(self, settings: GeneratorConfig) -> UserError | None:
        """Its packages; the sentence names the best engine instead."""
        if find_spec("transformers") and find_spec("torch"):
            return None
        return NotInstalled("no engine is installed to run a generator: pip install 'sdrrl-data[vllm]'", "vllm")

    def open(self, settings: GeneratorConfig) -> "TransformersGenerator":
        """The generator, with the model loaded."""
        return TransformersGenerator(settings, self.locate(settings))


class TransformersGenerator:
    """Writes many turns together, one token of each at a time. When a turn ends, a waiting prompt takes its place.

    The text of a row does not depend on the others: each has its own noise and repetition penalty, and padding is
    masked. (The order in which floats are added may differ; in float32 that was never seen to change a token.)

    Attributes:
        computed_tokens: positions that the model has computed so far.
        wasted_tokens: those of them that were padding.
    """

    def __init__(self, settings: GeneratorConfig, located: Located) -> None:
        """Load the model, in float32 on a CPU and in its own type on a GPU.

        Raises:
            UserError: its tokenizer or its weights cannot be loaded, it has no chat template, its context is shorter
                than the settings allow for, or it does not keep keys and values.
        """
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM

        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype: Any = "auto" if self._device == "cuda" else torch.float32
        with loading("the tokenizer of generator", located.name):
            self._tokenizer = tokenizers.load(located)
        self._chat = Chat(self._tokenizer, settings)  # before the weights, which take longer
        if self._chat.doubt:
            logging.getLogger(__name__).warning(self._chat.doubt)
        with loading("generator", located.name):
            context = context_of(AutoConfig.from_pretrained(located.path, **located.pinned()))
            if settings.max_model_len > context:
                raise ValueError(too_long(context, settings))
            self._model, report = AutoModelForCausalLM.from_pretrained(
                located.path, dtype=dtype, use_safetensors=True, output_loading_info=True, **located.pinned()
            )
            if report["missing_keys"]:
                raise ValueError(f"its files lack weights, such as {min(report['missing_keys'])}")
        if "past_key_values" not in inspect.signature(self._model.forward).parameters:
            raise UserError(
                f"generator {located.name} keeps no keys and values, which transformers needs here: "
                "set generator.engine to vllm, or choose another model"
            )
        self._model.eval().to(self._device)
        ends = self._model.generation_config.eos_token_id
        self._ends = {self._tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])}
        self._new_cache, self._rows, self._room = self._plan_cache(settings.max_model_len)
        self.computed_tokens = 0
        self.wasted_tokens = 0

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        """Each result under its request's key, as soon as it is there.

        Requests are taken in windows: the next one when every row of the last one is being written.
        """
        pending = iter(requests)
        waiting: list[_Row] = []
        batch = _Batch(self._new_cache())
        while True:
            while not waiting and (window := list(islice(pending, WINDOW))):
                for request in window:
                    prompt = self._chat.tokenize(request)
                    if isinstance(prompt, SetAside):
                        yield request.key, prompt
                    else:
                        waiting.append(self._row(request, prompt))
                waiting = longest_first(waiting, _Row.prompt_length)
            joining = self._joining(waiting, batch.rows)
            if joining:
                del waiting[: len(joining)]
                for group in batches(joining, _Row.prompt_length, PREFILL_TOKENS, padding_share=MOST_PADDING):
                    newcomers = _Batch(self._new_cache(), group)
                    self._advance(newcomers)
                    batch.join(newcomers)
            elif batch.rows:
                self._advance(batch)
            else:
                return
            for row in batch.take_finished():
                yield row.request.key, self._complete(row)

    def close(self) -> None:
        """Free the model's memory."""
        import torch

        del self._model
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()

    def _plan_cache(self, max_model_len: int) -> tuple[Callable[[], Any], int, int]:
        """How to make a cache, how many rows may share it, and how many tokens fit into it, padding included."""
        import torch
        from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

        of_the_model = partial(DynamicCache, config=self._model.config)
        if any(type(layer) not in (DynamicLayer, DynamicSlidingWindowLayer) for layer in of_the_model().layers):
            # Recurrent states and the like: rows of different lengths cannot share them.
            return of_the_model, 1, max_model_len
        # Without the model's configuration the cache keeps all tokens, so that rows can move; the mask has the windows.
        if self._device == "cpu":
            return DynamicCache, CPU_ROWS, CPU_ROWS * max_model_len
        probe = DynamicCache()
        with torch.inference_mode():
            self._model(torch.zeros(1, 1, dtype=torch.long, device=self._device), past_key_values=probe, use_cache=True)
        bytes_a_token = sum(layer.keys.nbytes + layer.values.nbytes for layer in probe.layers)
        # Half of what is free: the rest is for reading prompts and for moving the cache.
        return DynamicCache, GPU_ROWS, torch.cuda.mem_get_info()[0] // 2 // bytes_a_token

    def _row(self, request: Request, prompt: list[int]) -> "_Row":
        stop = self._chat.stop(request)
        return _Row(request, prompt, stop, self._ends.union(stop.tokens), self._device)

    def _joining(self, waiting: Sequence["_Row"], running: Sequence["_Row"]) -> Sequence["_Row"]:
        """The waiting rows that start now.

        Joining moves the whole cache, and prompts are read faster together, so rows wait until several can start.
        """
        longest = max((row.limit for row in [*running, *waiting]), default=1)
        free = max(1, min(self._rows, self._room // longest)) - len(running)
        ready = waiting[: max(0, free)]
        return ready if 4 * len(ready) >= len(running) or len(ready) == len(waiting) else []

    def _advance(self, batch: "_Batch") -> None:
        """Read what is not in the cache yet, and write the next token of each row."""
        import torch

        inputs = batch.inputs(self._device)
        real = inputs["attention_mask"][:, -inputs["input_ids"].shape[1] :]
        self.computed_tokens += real.numel()
        self.wasted_tokens += real.numel() - int(real.sum())
        with torch.inference_mode():
            logits = self._model(**inputs, past_key_values=batch.cache, use_cache=True, logits_to_keep=1).logits
            for row, scores in zip(batch.rows, logits[:, -1:].float(), strict=True):
                row.append(scores)
        for row in batch.rows:
            row.look_for_end(self._decode, self._chat)

    def _decode(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(
            tokens, skip_special_tokens=self._chat.skip_special_tokens, clean_up_tokenization_spaces=False
        )
        return text

    def _complete(self, row: "_Row") -> Completion:
        written = row.tokens[len(row.prompt) :]
        text = self._decode(written[:-1] if written[-1] in row.ends else written)
        return self._chat.complete(row.request, row.prompt, text, len(written), row.finish_reason)


class _Row:
    """A turn that is being written."""

    def __init__(self, request: Request, prompt: list[int], stop: Stop, ends: set[int], device: str) -> None:
        import torch
        from transformers import RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper

        self.request = request
        self.prompt = prompt
        self.tokens = list(prompt)  # and what is written
        self.limit = len(prompt) + request.sampling.max_tokens
        self.ends = ends
        self.stops = stop.texts
        self.finish_reason = ""  # while it is being written
        sampling = request.sampling
        self._processors: list[Any] = []
        if sampling.repetition_penalty != 1:
            self._processors.append(RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty))
        if sampling.temperature:
            self._processors.append(TemperatureLogitsWarper(sampling.temperature))
        self._noise = torch.Generator(device).manual_seed(request.seed)

    def prompt_length(self) -> int:
        """The number of tokens that are read before the first one is written."""
        return len(self.prompt)

    def append(self, scores: Any) -> None:
        """Draw the next token by its scores (1 x vocabulary)."""
        import torch

        tokens = torch.tensor([self.tokens], device=scores.device)
        for process in self._processors:
            scores = process(tokens, scores)
        self.tokens.append(self._sample(scores[0]) if self.request.sampling.temperature else int(scores.argmax()))

    def _sample(self, scores: Any) -> int:
        """The largest of logits plus Gumbel noise is a sample of their softmax (Gumbel-max).

        For top-p, the largest among the tokens for which all likelier ones together have a smaller share: this needs no
        sorting.
        """
        import torch

        noisy = scores - torch.empty_like(scores).exponential_(generator=self._noise).log()
        shares = scores.softmax(dim=0)
        while True:
            token = int(noisy.argmax())
            if shares[shares > shares[token]].sum() < self.request.sampling.top_p:
                return token
            noisy[token] = -torch.inf

    def look_for_end(self, decode: Callable[[Sequence[int]], str], chat: Chat) -> None:
        """Set the reason why the row has ended, if it has."""
        if self.tokens[-1] in self.ends or self._stopped(decode, chat):
            self.finish_reason = "stop"
        elif len(self.tokens) == self.limit:
            self.finish_reason = "length"

    def _stopped(self, decode: Callable[[Sequence[int]], str], chat: Chat) -> bool:
        """Whether a stop text has just ended the answer."""
        if not self.stops:
            return False
        written = self.tokens[len(self.prompt) :]
        # A token has at least one byte, unless it is skipped; a few more for those.
        tail = max(len(stop.encode()) for stop in self.stops) + 8
        text = decode(written[-tail:])
        if not any(stop in text for stop in self.stops):  # the whole need not be decoded
            return False
        return chat.stop_place(self.request, self.prompt, decode(written)) is not None


class _Batch:
    """Rows that are being written, and their cache: all but the last token of each, padded on the left."""

    def __init__(self, cache: Any, rows: Sequence[_Row] = ()) -> None:
        self.cache = cache
        self.rows = list(rows)

    def inputs(self, device: str) -> dict[str, Any]:
        """What the model reads next: the columns that are not in the cache."""
        import torch

        lengths = torch.tensor([[len(row.tokens)] for row in self.rows], device=device)
        total = int(lengths.max())
        new = total - self.cache.get_seq_length()
        # The position in its text of each row's token in each column; below 0: padding.
        positions = torch.arange(total, device=device) - total + lengths
        tokens = [[0] * (new - len(row.tokens)) + row.tokens[-new:] for row in self.rows]
        return {
            "input_ids": torch.tensor(tokens, device=device),
            "attention_mask": (positions >= 0).long(),
            "position_ids": positions[:, -new:].clamp(min=0),
        }

    def join(self, other: "_Batch") -> None:
        """Add the rows of another batch."""
        if self.rows:
            for mine, theirs in zip(self.cache.layers, other.cache.layers, strict=True):
                mine.keys = _stack(mine.keys, theirs.keys)
                mine.values = _stack(mine.values, theirs.values)
        else:
            self.cache = other.cache
        self.rows += other.rows

    def take_finished(self) -> list[_Row]:
        """Remove the rows that have ended from the batch, and what only they needed from the cache."""
        import torch

        unfinished = [i for i, row in enumerate(self.rows) if not row.finish_reason]
        finished = [row for row in self.rows if row.finish_reason]
        self.rows = [self.rows[i] for i in unfinished]
        if finished and unfinished:
            width = max(len(row.tokens) for row in self.rows) - 1
            self.cache.batch_select_indices(torch.tensor(unfinished))
            for layer in self.cache.layers:
                layer.keys, layer.values = layer.keys[..., -width:, :], layer.values[..., -width:, :]
        return finished


def _stack(first: Any, second: Any) -> Any:
    """Two tensors of rows x heads x columns x features as one; the narrower is padded on the left."""
    import torch

    width = max(first.shape[2], second.shape[2])
    return torch.cat([torch.nn.functional.pad(part, (0, 0, width - part.shape[2], 0)) for part in (first, second)])
