"""Answers through transformers, for where vLLM cannot be installed."""

from collections.abc import Sequence
from typing import Any

from sdrrl_data import recipe
from sdrrl_data.generation.chat import tokenize
from sdrrl_data.models import Located, loading
from sdrrl_data.protocols import Advance, Completion, Message, SetAside

BATCH_ROWS = 16


class TransformersGenerator:
    """Batches of prompts of like length, padded on the left."""

    def __init__(self, settings: recipe.Generator, located: Located) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self._settings = settings
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype: Any = "auto" if self._device == "cuda" else torch.float32
        with loading("generator", located.name):
            self._tokenizer = AutoTokenizer.from_pretrained(located.path, padding_side="left", **located.pinned())
            self._model = AutoModelForCausalLM.from_pretrained(
                located.path, dtype=dtype, use_safetensors=True, **located.pinned()
            ).to(self._device)
        self._model.eval()
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        ends = self._model.generation_config.eos_token_id
        self._ends = set(ends if isinstance(ends, list) else [ends])

    def generate(
        self, prompts: Sequence[Sequence[Message]], seeds: Sequence[int], advance: Advance
    ) -> list[Completion | SetAside]:
        """One result a prompt, in order."""
        results: list[Any] = tokenize(self._tokenizer, prompts, self._settings)
        fitting = [i for i, tokens in enumerate(results) if not isinstance(tokens, SetAside)]
        advance(len(prompts) - len(fitting))
        fitting.sort(key=lambda i: len(results[i]))
        for first in range(0, len(fitting), BATCH_ROWS):
            batch = fitting[first : first + BATCH_ROWS]
            completions = self._answer([results[i] for i in batch], [seeds[i] for i in batch])
            for i, completion in zip(batch, completions, strict=True):
                results[i] = completion
            advance(len(batch))
        return results

    def _answer(self, prompts: Sequence[Sequence[int]], seeds: Sequence[int]) -> list[Completion]:
        import torch

        padded = self._tokenizer.pad({"input_ids": list(prompts)}, return_tensors="pt").to(self._device)
        with torch.inference_mode():
            output = self._model.generate(
                **padded,
                do_sample=False,
                max_new_tokens=self._settings.max_tokens,
                repetition_penalty=self._settings.repetition_penalty,
                logits_processor=self._sampling(seeds),
                pad_token_id=self._tokenizer.pad_token_id,
            )
        answers = output[:, padded["input_ids"].shape[1] :].tolist()
        return [self._completion(prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]

    def _sampling(self, seeds: Sequence[int]) -> list[Any]:
        """Sampling with a seed a row, which `do_sample` does not know.

        The largest of logits plus Gumbel noise is a sample of their softmax (Gumbel-max).
        """
        import torch
        from transformers import TemperatureLogitsWarper, TopPLogitsWarper

        if self._settings.temperature == 0:
            return []
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]

        def add_noise(_: Any, logits: Any) -> Any:
            noise = torch.stack([torch.empty(logits.shape[1]).exponential_(generator=g) for g in generators])
            return logits - noise.log().to(logits.device)

        return [
            TemperatureLogitsWarper(self._settings.temperature),
            TopPLogitsWarper(self._settings.top_p),
            add_noise,
        ]

    def _completion(self, prompt: Sequence[int], answer: list[int]) -> Completion:
        end = next((i for i, token in enumerate(answer) if token in self._ends), None)
        return Completion(
            text=self._tokenizer.decode(answer[:end], skip_special_tokens=True),
            finish_reason="length" if end is None else "stop",
            prompt_tokens=len(prompt),
            completion_tokens=len(answer) if end is None else end + 1,
        )

    def close(self) -> None:
        """Give the model's memory back."""
        del self._model
