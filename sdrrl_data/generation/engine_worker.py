"""What runs in an engine's process: a vLLM engine that takes and gives one row at a time."""

import os
import sys
import time
from typing import Any

from sdrrl_data.chat.rendering import Chat
from sdrrl_data.errors import UserError
from sdrrl_data.generation import vllm_engine
from sdrrl_data.generation.vllm_engine import EngineJob
from sdrrl_data.models import tokenizers
from sdrrl_data.models.locating import loading
from sdrrl_data.processes.worker import Channel, faults_logged
from sdrrl_data.protocols import Request, SetAside

BUSY = 60.0  # seconds after which an engine says that it is still at work


def main() -> None:
    """Serve one engine until the connection ends."""
    code = 0
    try:
        with faults_logged():
            _run(Channel())
    except SystemExit:
        code = 1
        sys.stderr.flush()
    # Not by returning: after an error the libraries may hang while they shut down.
    os._exit(code)


def _run(channel: Channel) -> None:
    job: EngineJob | None = channel.receive()
    if job is None:
        return
    try:
        with loading("the tokenizer of generator", job.located.name):
            tokenizer = tokenizers.load(job.located)
        chat = Chat(tokenizer, job.settings)  # before the engine, which takes much longer
        gpus = vllm_engine.visible_gpus()
        channel.send("workers", vllm_engine.useful(job.settings, len(gpus)))
        llm = vllm_engine.load(job, gpus)
    except UserError as error:
        channel.send("failed", str(error))
        return
    if chat.doubt and job.rank == 0:
        channel.send("said", chat.doubt)
    # As many again wait in the engine's own queue, so that it always has work while the run is busy.
    channel.send("ready", 2 * llm.llm_engine.vllm_config.scheduler_config.max_num_seqs)
    _serve(llm.llm_engine, chat, channel)
    llm.llm_engine.engine_core.shutdown()


def _serve(engine: Any, chat: Chat, channel: Channel) -> None:
    """Work on requests until the run has no more."""
    asked: dict[str, tuple[int, Request, list[int]]] = {}  # by vLLM's name for the row; with its number and prompt
    last_said = time.monotonic()
    while True:
        while not asked or channel.waiting():
            match channel.receive():
                case None:
                    return
                case ["drop"]:
                    engine.abort_request(list(asked))
                    asked.clear()
                    channel.send("dropped")
                case ["do", number, request]:
                    prompt = _add(engine, chat, number, request)
                    if isinstance(prompt, SetAside):
                        channel.send("done", number, prompt)
                    else:
                        asked[str(number)] = number, request, prompt
        for output in engine.step():
            number, request, prompt = asked[output.request_id]
            turn = output.outputs[0]
            if not output.finished:
                if chat.stop_place(request, prompt, turn.text) is None:
                    continue
                engine.abort_request([output.request_id])
            del asked[output.request_id]
            result = chat.complete(request, prompt, turn.text, len(turn.token_ids), turn.finish_reason or "stop")
            channel.send("done", number, result)
        if time.monotonic() > last_said + BUSY:  # long answers may take longer than an engine may be silent
            channel.send("busy")
            last_said = time.monotonic()


def _add(engine: Any, chat: Chat, number: int, request: Request) -> list[int] | SetAside:
    """Give a row to the engine. Returns its prompt."""
    from vllm.exceptions import VLLMValidationError

    prompt = chat.tokenize(request)
    if isinstance(prompt, SetAside):
        return prompt
    # With its type given, vLLM does not change the prompt.
    typed = {"type": "token", "prompt_token_ids": prompt}
    try:
        engine.add_request(str(number), typed, vllm_engine.sampling(chat, request))
    except (ValueError, VLLMValidationError) as error:
        return SetAside(f"vLLM refuses the request: {error}")
    return prompt


if __name__ == "__main__":
    main()
