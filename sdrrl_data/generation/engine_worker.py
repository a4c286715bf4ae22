"""What runs in an engine's process: a vLLM engine, fed and emptied one row at a time.

Started with the number of a file descriptor, this side's end of the connection.
"""

import os
import sys
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any

from sdrrl_data.chat.rendering import Chat
from sdrrl_data.errors import UserError
from sdrrl_data.generation import vllm_engine
from sdrrl_data.generation.engine_process import PATIENCE, Answer, Ask, Failed, Job, Order, Ready, Useful
from sdrrl_data.processes import reaper
from sdrrl_data.protocols import SetAside

Inbox = SimpleQueue[Ask | Order]
Outbox = SimpleQueue[Answer]


def main() -> None:
    """Serve one engine until the connection ends."""
    reaper.watch()
    connection = Connection(int(sys.argv[1]))
    code = 0
    try:
        _run(connection)
    except (EOFError, BrokenPipeError):  # the run is gone, and nobody waits for more
        pass
    except Exception:
        traceback.print_exc()
        code = 1
    # Not by returning: after an error the libraries may hang on their way out.
    os._exit(code)


def _run(connection: Connection) -> None:
    job: Job = connection.recv()
    inbox: Inbox = SimpleQueue()
    outbox: Outbox = SimpleQueue()
    Thread(target=_read, args=(connection, inbox), daemon=True).start()
    try:
        gpus = vllm_engine.visible_gpus()
        connection.send(Useful(vllm_engine.useful(job.settings, len(gpus))))
        llm = vllm_engine.load(job, gpus)
        chat = Chat(llm.get_tokenizer(), job.settings)
    except UserError as error:
        connection.send(Failed(str(error)))
        return
    # As many again wait in the engine's own queue, so that it never starves while the run is busy.
    connection.send(Ready(2 * llm.llm_engine.vllm_config.scheduler_config.max_num_seqs))
    Thread(target=_write, args=(connection, outbox), daemon=True).start()
    _serve(llm.llm_engine, chat, inbox, outbox)
    llm.llm_engine.engine_core.shutdown()


def _read(connection: Connection, inbox: Inbox) -> None:
    """Move messages into the inbox, also while the engine computes; see to it that the process ends with the run."""
    try:
        while True:
            inbox.put(connection.recv())
    except (EOFError, OSError):
        inbox.put(Order.END)
        time.sleep(PATIENCE)
    except Exception:  # a message that cannot be read
        traceback.print_exc()
    os._exit(1)


def _write(connection: Connection, outbox: Outbox) -> None:
    """Send what is done, so that the engine need not wait while the run reads nothing."""
    with suppress(OSError):  # the run is gone, as `_read` sees too
        while True:
            connection.send(outbox.get())


def _serve(engine: Any, chat: Chat, inbox: Inbox, outbox: Outbox) -> None:
    """Do what is asked until the end is ordered."""
    asked: dict[str, tuple[Ask, list[int]]] = {}  # by vLLM's name of the row, with its prompt
    while True:
        while not asked or not inbox.empty():
            message = inbox.get()
            if message is Order.END:
                return
            if message is Order.DROP:
                engine.abort_request(list(asked))
                asked.clear()
                continue
            prompt = _add(engine, chat, message)
            if isinstance(prompt, SetAside):
                outbox.put(Answer(message.number, prompt))
            else:
                asked[str(message.number)] = message, prompt
        for output in engine.step():
            (number, request), prompt = asked.pop(output.request_id)
            turn = output.outputs[0]
            result = chat.complete(request, prompt, turn.text, len(turn.token_ids), turn.finish_reason)
            outbox.put(Answer(number, result))


def _add(engine: Any, chat: Chat, ask: Ask) -> list[int] | SetAside:
    """Have the engine begin with a row; its prompt."""
    from vllm.exceptions import VLLMValidationError

    prompt = chat.tokenize(ask.request)
    if isinstance(prompt, SetAside):
        return prompt
    # With its type given, vLLM takes the prompt as it is.
    typed = {"type": "token", "prompt_token_ids": prompt}
    try:
        engine.add_request(str(ask.number), typed, vllm_engine.sampling(chat, ask.request))
    except (ValueError, VLLMValidationError) as error:
        return SetAside(f"vLLM refuses the request: {error}")
    return prompt


if __name__ == "__main__":
    main()
