"""Answers through vLLM's offline engine, on a GPU or a CPU."""

import gc
import io
import multiprocessing
import os
from collections.abc import Sequence
from typing import Any

from sdrrl_data import recipe
from sdrrl_data.generation import reaper
from sdrrl_data.generation.chat import tokenize
from sdrrl_data.models import Located, loading
from sdrrl_data.protocols import Advance, Completion, Message, SetAside


class VllmGenerator:
    """One engine, started when it is built; start-up takes about a quarter of a minute on a CPU."""

    def __init__(self, settings: recipe.Generator, located: Located) -> None:
        import torch

        options: dict[str, Any] = {"dtype": "auto"}
        if not torch.cuda.is_available():
            # Known to be fast there: compiling gains nothing, float32 beats bfloat16 without AMX, and with processes of
            # its own the engine starts more slowly and takes time from the model.
            options = {"dtype": "float32", "enforce_eager": True, "distributed_executor_backend": "uni"}
            os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
            os.environ.setdefault("VLLM_CPU_NUM_OF_RESERVED_CPU", "0")
            os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
        from vllm import LLM

        others = multiprocessing.active_children()
        with loading("generator", located.name):
            self._llm = LLM(
                model=located.path,
                max_model_len=settings.max_model_len,
                load_format="safetensors",
                use_tqdm_on_load=False,
                disable_log_stats=True,
                tokenizer_revision=located.pinned().get("revision"),
                **located.pinned(),
                **options,
            )
        self._reaper = reaper.watch([child for child in multiprocessing.active_children() if child not in others])
        self._settings = settings
        self._tokenizer = self._llm.get_tokenizer()

    def generate(
        self, prompts: Sequence[Sequence[Message]], seeds: Sequence[int], advance: Advance
    ) -> list[Completion | SetAside]:
        """One result a prompt, in order; all prompts go to the engine at once, which batches them itself."""
        from vllm import SamplingParams

        results: list[Completion | SetAside | None] = []
        requests, parameters = [], []
        for tokens, seed in zip(tokenize(self._tokenizer, prompts, self._settings), seeds, strict=True):
            if isinstance(tokens, SetAside):
                results.append(tokens)
                continue
            results.append(None)
            requests.append({"prompt_token_ids": tokens})
            parameters.append(
                SamplingParams(
                    temperature=self._settings.temperature,
                    top_p=self._settings.top_p,
                    repetition_penalty=self._settings.repetition_penalty,
                    max_tokens=self._settings.max_tokens,
                    seed=seed,
                )
            )
        advance(len(prompts) - len(requests))
        outputs = iter(self._llm.generate(requests, parameters, use_tqdm=_bar(advance)) if requests else [])
        return [_completion(next(outputs)) if result is None else result for result in results]

    def close(self) -> None:
        """Stop the engine and give its memory back."""
        self._llm.llm_engine.engine_core.shutdown()
        del self._llm
        gc.collect()
        if self._reaper:
            self._reaper.kill()


def _completion(output: Any) -> Completion:
    first = output.outputs[0]
    return Completion(
        text=first.text,
        finish_reason=first.finish_reason,
        prompt_tokens=len(output.prompt_token_ids),
        completion_tokens=len(first.token_ids),
    )


def _bar(advance: Advance) -> Any:
    """A tqdm that draws nothing and tells `advance` instead."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options | {"file": io.StringIO()})

        def update(self, n: float | None = 1) -> None:
            advance(n or 0)
            super().update(n)

    return Bar
