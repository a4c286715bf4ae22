"""vLLM's settings: which GPUs an engine gets, how it is loaded, and how a row is sampled."""

import os
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sdrrl_data import recipe
from sdrrl_data.chat.rendering import Chat
from sdrrl_data.errors import UserError
from sdrrl_data.generation.local_engine import too_long
from sdrrl_data.models.locating import Located, loading
from sdrrl_data.protocols import Request


class EngineJob(NamedTuple):
    """The engine that a process runs."""

    settings: recipe.GeneratorConfig
    located: Located
    rank: int  # among the engines on this machine, from 0


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, by the names that CUDA_VISIBLE_DEVICES takes."""
    import torch

    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = visible.split(",") if visible else [str(index) for index in range(torch.cuda.device_count())]
    return names[: torch.cuda.device_count()]


def useful(settings: recipe.GeneratorConfig, gpus: int) -> int:
    """How many engines this machine should have.

    Raises:
        UserError: the recipe wants more GPUs than there are.
    """
    shared_by = settings.tensor_parallel
    engines = settings.engines or max(1, gpus // shared_by)
    if engines * shared_by > gpus and (gpus or shared_by > 1):
        raise UserError(
            f"generator.engines {engines} × generator.tensor_parallel {shared_by} asks for {engines * shared_by} GPUs, "
            f"and {gpus} can be used here: lower one of the two"
        )
    return engines


def load(job: EngineJob, gpus: Sequence[str]) -> Any:
    """An `LLM` on its share of these GPUs, or on the CPU where there are none.

    Raises:
        UserError: the model could not be loaded.
    """
    import torch

    settings, located = job.settings, job.located
    if gpus:
        first = job.rank * settings.tensor_parallel
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpus[first : first + settings.tensor_parallel])
        options: dict[str, Any] = {"dtype": "auto", "tensor_parallel_size": settings.tensor_parallel}
    else:
        # Known to be fast there: compiling gains nothing, float32 beats bfloat16 without AMX, and with processes of
        # its own the engine starts more slowly and takes time from the model.
        options = {"dtype": "float32", "enforce_eager": True, "distributed_executor_backend": "uni"}
        # A prompt is read whole: if a step ended within one, vLLM would rewind its random numbers, which it cannot do
        # on a CPU ("CPU Generator does not use offset").
        options |= {"enable_chunked_prefill": False, "max_num_batched_tokens": max(4096, settings.max_model_len)}
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        os.environ.setdefault("VLLM_CPU_NUM_OF_RESERVED_CPU", "0")
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
        if settings.engines:
            torch.set_num_threads(max(1, torch.get_num_threads() // settings.engines))
    from pydantic import ValidationError
    from vllm import LLM

    with loading("generator", located.name):
        try:
            return LLM(
                model=located.path,
                max_model_len=settings.max_model_len,
                load_format="safetensors",
                tokenizer_mode="hf",
                tokenizer_revision=located.pinned().get("revision"),
                use_tqdm_on_load=False,
                disable_log_stats=True,
                **located.pinned(),
                **options,
            )
        except ValidationError as error:  # whose first line only counts the errors; advice follows their first sentence
            message = error.errors()[0]["msg"].removeprefix("Value error, ")
            if context := re.search(r"max_model_len .* derived max_model_len \(\w+=(\d+)", message):
                raise ValueError(too_long(int(context[1]), settings)) from error
            raise ValueError(message.split(". ")[0]) from error


def sampling(chat: Chat, request: Request) -> Any:
    """The request's `SamplingParams`.

    vLLM's own stop texts would also end a reasoning section. So if there are stop texts, it reports every step instead.

    Raises:
        ValueError, VLLMValidationError: vLLM refuses them.
    """
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    how, stop = request.sampling, chat.stop(request)
    return SamplingParams(
        temperature=how.temperature,
        top_p=how.top_p,
        repetition_penalty=how.repetition_penalty,
        max_tokens=how.max_tokens,
        seed=request.seed,
        stop_token_ids=stop.tokens,
        skip_special_tokens=chat.skip_special_tokens,
        output_kind=RequestOutputKind.CUMULATIVE if stop.texts else RequestOutputKind.FINAL_ONLY,
    )
