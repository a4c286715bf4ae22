"""Answers through vLLM's offline engines, on GPUs or a CPU, each in a process of its own.

An engine that dies (no memory, a CUDA error, a kill) does not take the run with it. And several GPUs work without
vLLM's own data parallelism, which hangs or refuses offline: https://github.com/vllm-project/vllm/issues/16588.
"""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec

from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.generation.local_engine import LocalEngine
from sdrrl_data.generation.vllm_engine import EngineJob
from sdrrl_data.models.locating import Located
from sdrrl_data.processes.child_process import module
from sdrrl_data.processes.pool import Pool
from sdrrl_data.protocols import Completion, Request, SetAside
from sdrrl_data.recipe import GeneratorConfig

ADVICE = (
    "If it was out of memory, give less to do at a time (generator.max_model_len, a smaller model), "
    "then go on with the same command"
)


class VllmEngine(LocalEngine):
    """vLLM, on GPUs or a CPU."""

    kind = "vllm"
    order = 2
    extra = "vllm"

    def missing(self, settings: GeneratorConfig) -> UserError | None:
        """Its package."""
        if find_spec("vllm"):
            return None
        return NotInstalled("generator.engine vllm is not installed: pip install 'sdrrl-data[vllm]'", "vllm")

    def open(self, settings: GeneratorConfig) -> "VllmGenerator":
        """The generator, with its engines in processes of their own."""
        return VllmGenerator(settings, self.locate(settings))


class VllmGenerator:
    """One engine a GPU, or a group of `tensor_parallel` GPUs; one on a CPU, unless the recipe wants more.

    Building it takes as long as the first engine needs to start (15 s on a CPU). The first engine says how many are
    useful, and the others start at the same time: only torch knows which GPUs vLLM will find, and importing torch takes
    seconds, which the first engine has to spend anyway.
    """

    def __init__(self, settings: GeneratorConfig, located: Located) -> None:
        """Start the engines.

        Raises:
            UserError: the model could not be loaded.
            Stopped: engines died again and again while they started.
        """
        self._pool = Pool(
            f"generator {located.name}: its vLLM engine",
            module("sdrrl_data.generation.engine_worker"),
            lambda rank: EngineJob(settings, located, rank),
            ADVICE,
            silence=60 * settings.silent_minutes,
        )
        self._pool.load()

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion | SetAside]]:
        """Each result as soon as it is there; a new call drops what is left of an older one.

        Raises:
            Stopped: engines died again and again, or one could not be started again.
        """
        return self._pool.ask((request.key, request) for request in requests)

    def close(self) -> None:
        """Stop the engines and free their memory."""
        self._pool.close()
