"""The process of a vLLM engine that dies over one prompt, and says nothing more over another, as faulty kernels do."""

import os
import signal
import time

from sdrrl_data.generation import engine_worker, vllm_engine

DEADLY, HANGING = 1, 2  # the seeds of these requests

load, sampling = vllm_engine.load, vllm_engine.sampling
taken: list[int] = []  # seeds of the requests that the engine has


def fragile_sampling(chat, request):
    """Note the request, and return its `SamplingParams`."""
    taken.append(request.seed)
    return sampling(chat, request)


def fragile(job, gpus):
    """A vLLM engine whose next step with one of these requests is its last."""
    llm = load(job, gpus)
    step = llm.llm_engine.step

    def last_step():
        if DEADLY in taken:
            os.kill(os.getpid(), signal.SIGSEGV)
        while HANGING in taken:
            time.sleep(1)
        return step()

    llm.llm_engine.step = last_step
    return llm


if __name__ == "__main__":
    vllm_engine.load, vllm_engine.sampling = fragile, fragile_sampling
    engine_worker.main()
