"""Answers through vLLM's offline engines, on GPUs or a CPU, each in a process of its own.

An engine that dies (no memory, a CUDA error, a kill) does not take the run with it. And several GPUs work without
vLLM's own data parallelism, which hangs or refuses offline: https://github.com/vllm-project/vllm/issues/16588.
"""

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import count
from multiprocessing.connection import wait

from sdrrl_data.errors import EngineFailed, NotInstalled, Stopped, UserError
from sdrrl_data.generation.engine_process import Answer, EngineProcess, Failed, Job, Ready, Useful
from sdrrl_data.generation.local_engine import LocalEngine
from sdrrl_data.models.locating import Located
from sdrrl_data.protocols import Completion, Request, SetAside
from sdrrl_data.recipe import GeneratorConfig

RESTARTS = 3  # of dead engines; what kills a fourth one is not chance


class VllmEngine(LocalEngine):
    """vLLM, on GPUs or a CPU."""

    kind = "vllm"
    order = 2
    extra = "vllm"

    def missing(self, settings: GeneratorConfig) -> UserError | None:
        """The package."""
        if find_spec("vllm"):
            return None
        return NotInstalled("generator.engine vllm is not installed: pip install 'sdrrl-data[vllm]'", "vllm")

    def open(self, settings: GeneratorConfig) -> "VllmGenerator":
        """The generator, with its engines in processes of their own."""
        return VllmGenerator(settings, self.locate(settings))


class VllmGenerator:
    """One engine a GPU, or a group of `tensor_parallel` GPUs; one on a CPU, unless the recipe wants more.

    Building it takes as long as the first engine takes to start (15 s on a CPU); the others start at the same time.
    """

    def __init__(self, settings: GeneratorConfig, located: Located) -> None:
        """Start the engines.

        Raises:
            UserError: the model could not be loaded.
            Stopped: engines died again and again while they started.
        """
        self._settings = settings
        self._located = located
        self._restarts = RESTARTS
        self._numbers = count()
        self._again: deque[Request] = deque()  # what dead engines had not answered
        self._call: object = None
        # How many are useful the first one tells: only torch knows what vLLM will find on this machine, and to import
        # it takes seconds, which the first engine has to spend anyway.
        self._engines = [self._start(0)]
        try:
            while not any(engine.window for engine in self._engines):
                self._receive()
        except BaseException:
            self.close()
            raise

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        """Each result as soon as it is there; a new call drops what is left of an older one.

        Raises:
            Stopped: engines died again and again, or one could not be started again.
        """
        self._drop()
        self._call = call = object()
        source = iter(requests)
        try:
            while self._hand_out(source):
                for result in self._receive():
                    yield result
                    if self._call is not call:
                        raise RuntimeError("another call of generate() has taken the engines over")
        finally:
            if self._call is call:
                self._drop()

    def close(self) -> None:
        """Stop the engines and give their memory back."""
        for engine in self._engines:
            engine.connection.close()
        for engine in self._engines:
            engine.end()

    def _start(self, rank: int) -> EngineProcess:
        return EngineProcess(Job(self._settings, self._located, rank))

    def _hand_out(self, source: Iterator[Request]) -> bool:
        """Give each engine as much as it has room for; False where nothing is left to wait for."""
        while engine := self._freest():
            request = self._again.popleft() if self._again else next(source, None)
            if request is None:
                return any(engine.under_way for engine in self._engines)
            engine.ask(next(self._numbers), request)
        return True

    def _freest(self) -> EngineProcess | None:
        """The engine with the fewest rows, if any has room."""
        free = (engine for engine in self._engines if len(engine.under_way) < engine.window)
        return min(free, key=lambda engine: len(engine.under_way), default=None)

    def _receive(self) -> list[tuple[str, Completion | SetAside]]:
        """Wait for the engines, and take one message of each that has any; the results among them."""
        ready = wait([engine.connection for engine in self._engines])
        results = []
        for engine in [engine for engine in self._engines if engine.connection in ready]:
            match engine.receive():
                case None:
                    self._replace(engine)
                case Useful(engines=useful):
                    self._engines += [self._start(rank) for rank in range(len(self._engines), useful)]
                case Ready(window=window):
                    engine.window = window
                case Failed(reason=reason):
                    raise Stopped(reason) if self._call else UserError(reason)
                case Answer(number=number, result=result):
                    request = engine.under_way.pop(number, None)
                    if request is not None:  # not of a call that was given up
                        results.append((request.key, result))
        return results

    def _replace(self, dead: EngineProcess) -> None:
        how = dead.end()
        if not self._restarts:
            raise EngineFailed(
                f"generator {self._located.name}: its vLLM engine died {RESTARTS + 1} times, at last with {how}; "
                "finished rows are kept. Look above for what it said; if it was out of memory, give less to do at a "
                "time (generator.max_model_len, a smaller model), then go on with the same command"
            )
        self._restarts -= 1
        logging.getLogger(__name__).warning(
            "a vLLM engine died (%s) and is started again; what it had not answered is asked again", how
        )
        self._again.extend(dead.under_way.values())
        self._engines[self._engines.index(dead)] = self._start(dead.rank)

    def _drop(self) -> None:
        self._again.clear()
        for engine in self._engines:
            engine.drop()
