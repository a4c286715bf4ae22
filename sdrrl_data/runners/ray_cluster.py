"""Runs steps on the nodes of a Ray cluster: one process a node, which has all of its GPUs and cores.

Only steps, numbers of parts and figures pass through Ray; rows are read and written in the run's folder, which all
nodes share. Ray restarts nothing by itself: what becomes of the parts of a process that has died is said in `sharing`.
"""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from sdrrl_data.errors import EngineFailed, NotInstalled, RunMismatch, ServerUnavailable
from sdrrl_data.protocols import Reporter
from sdrrl_data.run import Run, provenance
from sdrrl_data.runners.node import Greeting, News, Node
from sdrrl_data.runners.runner import announce
from sdrrl_data.runners.sharing import Sharing
from sdrrl_data.runners.work import Written, nobody
from sdrrl_data.shown import with_addresses
from sdrrl_data.steps.model_pool import Models
from sdrrl_data.steps.step import Job

AHEAD = 2  # parts that a node has besides those that it works on, so that its engines never run dry
NEWS = 1.0  # seconds after which a node answers, also if nothing has happened
LOOK = 5.0  # seconds between two looks at which nodes there are
START = 120.0  # seconds that the first nodes have to start a process, before the work begins without the late ones
NOBODY = 1800.0  # seconds without a node until the run ends: a cluster may have to start machines first
STARTS = 3  # processes that may end as they start on a node, before it is left out
ASKED = "asked"  # the thread of a node's process that says what has happened; orders are taken in another, in order


@dataclass(frozen=True)
class RayConfig:
    """The cluster, and when a node counts as dead."""

    address: str | None = None  # of a cluster; None: the one that this process belongs to, or a new one on this machine
    silent_minutes: float = 30  # without a finished row; the loading of a model has to fit


@dataclass
class _Node:
    """A node as the runner knows it."""

    id: str
    name: str
    actor: Any
    greeting: Any  # where the answer will be; None when it has come
    news: Any = None  # where the answer will be; None while nothing is asked
    waiting: int = 0  # parts that it has and has not begun
    begun: int = 0  # steps
    works: bool = False  # on the last of them
    ends: bool = False  # it gets no more parts of this step
    heard: float = field(default_factory=time.monotonic)  # when it last got on

    @property
    def is_ready(self) -> bool:
        return self.greeting is None


class RayRunner:
    """A `Runner` that makes parts on the nodes of a Ray cluster.

    Args:
        models: loads the models on each node; it is sent to them.
        reporter: is told about the progress of all nodes.
        config: of the cluster.

    Raises:
        NotInstalled: Ray is not installed.
        ServerUnavailable: the cluster cannot be reached.
    """

    def __init__(self, models: Models, reporter: Reporter, config: RayConfig) -> None:
        self._ray = _ray()
        self._models = models
        self._reporter = reporter
        self._config = config
        self._is_ours = not self._ray.is_initialized()
        if self._is_ours:
            _connect(self._ray, config.address)
        self._nodes: dict[str, _Node] = {}
        self._failed_starts: dict[str, int] = {}  # of each node
        self._looked = self._had_nodes = 0.0
        self._run: Run | None = None

    def run(
        self,
        run: Run,
        job: Job,
        missing: Sequence[int],
        parts: Iterable[int] | None = None,
        written: Written = nobody,
    ) -> None:
        """Make missing parts of a step (see `Runner`).

        Raises:
            EngineFailed: a part was being made when processes ended, too often; or no node can work.
            RunMismatch: a node has other versions of packages, or does not see the run.
        """
        waiting = iter(missing if parts is None else parts)
        first = next(waiting, None)
        if first is None:
            return
        if self._run is None:
            self._run = run
            self._start()
        announce(self._reporter, run, job, missing)
        sharing = Sharing(job.step.table, chain([first], waiting), job.step.ordered)
        job = replace(
            job, earlier=tuple(earlier._replace(folder=Path(_seen(earlier.folder))) for earlier in job.earlier)
        )
        where = self._ray.put(job)
        while not sharing.is_over() or any(node.works for node in self._nodes.values()):
            self._look()
            for node in self._ready():
                self._supply(node, where, sharing)
            self._listen(sharing, written)

    def close(self) -> None:
        """End the processes on all nodes, and the cluster if it is this process's."""
        if closing := [node.actor.close.remote() for node in self._ready() if not node.works]:
            self._ray.wait(closing, num_returns=len(closing), timeout=30)
        for node in self._nodes.values():
            self._ray.kill(node.actor)
        self._nodes = {}
        if self._is_ours:
            self._ray.shutdown()

    def _ready(self) -> list[_Node]:
        return [node for node in self._nodes.values() if node.is_ready]

    def _start(self) -> None:
        """Wait until the nodes that there are have said what they are.

        Raises:
            RunMismatch: one of them has other versions, or does not see the run.
        """
        began = self._had_nodes = time.monotonic()
        while not self._ready() or (
            time.monotonic() < began + START and not all(node.is_ready for node in self._nodes.values())
        ):
            self._look()
            self._greet(late=False)

    def _look(self) -> None:
        """Start a process on each node that has none; forget nodes that are gone."""
        if time.monotonic() < self._looked + LOOK:
            return
        self._looked = time.monotonic()
        for node in self._ray.nodes():
            id, resources = node["NodeID"], node["Resources"]
            if not node["Alive"] or id in self._nodes or not resources.get("CPU"):
                continue
            if self._failed_starts.get(id, 0) < STARTS:
                self._nodes[id] = self._started(id, f"{node['NodeManagerHostname']} ({id[:8]})", resources)
        if self._ready():
            self._had_nodes = time.monotonic()
        left_out = [id for id, starts in self._failed_starts.items() if starts >= STARTS]
        if not self._nodes and (left_out or time.monotonic() > self._had_nodes + NOBODY):
            raise EngineFailed(
                f"no node of the Ray cluster works on the run: {len(left_out)} could not start a process, and no other "
                "has all of its cores and GPUs free (see `ray status`). What is finished is kept"
            )

    def _started(self, id: str, name: str, resources: dict[str, float]) -> _Node:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        assert self._run is not None
        actor = (
            self._ray.remote(concurrency_groups={ASKED: 1})(Node)
            .options(
                num_cpus=resources["CPU"],
                num_gpus=resources.get("GPU", 0),
                max_restarts=0,
                max_task_retries=0,
                scheduling_strategy=NodeAffinitySchedulingStrategy(id, soft=False),
            )
            .remote(_seen(self._run.path), self._models, os.getcwd())
        )
        return _Node(id, name, actor, actor.greet.remote())

    def _supply(self, node: _Node, job: Any, sharing: Sharing) -> None:
        """Give a node as many parts as it needs not to wait, and tell it when there are no more."""
        others = [other.name for other in self._ready() if other is not node]
        while not node.ends and node.waiting < AHEAD:
            part = sharing.next_for(node.name, others)
            if part is None:
                break
            if not node.works:
                node.actor.begin.remote(job)
                node.begun += 1
                node.works, node.heard = True, time.monotonic()
            node.actor.give.remote(part)
            node.waiting += 1
            if sharing.is_alone(node.name):
                break
        if node.works and not node.ends and (node.waiting < AHEAD or sharing.is_alone(node.name)):
            node.actor.end.remote()
            node.ends = True

    def _listen(self, sharing: Sharing, written: Written) -> None:
        """Take in what nodes say, and notice those that have died or say nothing."""
        self._greet(late=True)
        for node in self._ready():
            if node.works and node.news is None:
                node.news = node.actor.news.options(concurrency_group=ASKED).remote(NEWS)
        asked = {node.news: node for node in self._nodes.values() if node.news is not None}
        if not asked:
            time.sleep(NEWS / 10)
            return
        answered, _ = self._ray.wait(list(asked), num_returns=1, timeout=2 * NEWS)
        for answer in answered:
            node, asked[answer].news = asked[answer], None
            try:
                self._take_in(node, self._ray.get(answer), sharing, written)
            except self._ray.exceptions.ActorUnavailableError:
                continue  # it may come back, or else counts as dead when it has said nothing for long
            except self._ray.exceptions.RayActorError as error:
                self._bury(node, sharing, f"ended ({_first_line(error)})")
        for node in self._ready():
            if node.works and time.monotonic() > node.heard + self._config.silent_minutes * 60:
                self._ray.kill(node.actor)
                self._bury(node, sharing, f"said nothing for {self._config.silent_minutes:g} minutes")

    def _take_in(self, node: _Node, news: News, sharing: Sharing, written: Written) -> None:
        if news.error:
            raise news.error
        if news.rows or news.written or news.waiting < node.waiting:
            node.heard = time.monotonic()
        self._reporter.advance(news.rows)
        for part, fingerprint in news.written:
            sharing.written(node.name, part)
            written(part, fingerprint)
        node.waiting = news.waiting
        if news.ended == node.begun:
            node.works = node.ends = False

    def _bury(self, node: _Node, sharing: Sharing, what: str) -> None:
        """Leave the parts of a process that has died to others."""
        del self._nodes[node.id]
        self._looked = 0.0
        lost = len(sharing.has(node.name))
        self._reporter.say(f"the process on {node.name} {what}; {lost} parts are made again elsewhere")
        sharing.died(node.name)

    def _greet(self, late: bool) -> None:
        """Take in what nodes say when their processes have started.

        Args:
            late: whether a node that does not fit is left out; otherwise the run ends.
        """
        starting = {node.greeting: node for node in self._nodes.values() if not node.is_ready}
        if not starting:
            return
        greeted, _ = self._ray.wait(list(starting), num_returns=1, timeout=0 if late else NEWS)
        for answer in greeted:
            node = starting[answer]
            try:
                self._check(node, self._ray.get(answer))
            except self._ray.exceptions.RayError as error:
                self._failed_starts[node.id] = self._failed_starts.get(node.id, 0) + 1
                self._reporter.say(f"no process could start on {node.name} ({_first_line(error)})")
                del self._nodes[node.id]
            except RunMismatch as error:
                if not late:
                    raise
                self._failed_starts[node.id] = STARTS
                self._reporter.say(f"{error}; the run goes on without it")
                self._ray.kill(node.actor)
                del self._nodes[node.id]
            else:
                node.greeting, node.heard = None, time.monotonic()

    def _check(self, node: _Node, greeting: Greeting) -> None:
        """Refuse a node that would make other rows.

        Raises:
            RunMismatch: it has other versions, or does not see the run.
        """
        assert self._run is not None
        if greeting.manifest != self._run.manifest_bytes():
            raise RunMismatch(
                f"the node {node.name} does not see {self._run.path}: put the run on a file system that all nodes share"
            )
        provenance.refuse_other_versions(provenance.versions(), greeting.versions, f"the node {node.name}")


def _seen(folder: Path) -> str:
    """The place of a run as all nodes see it: its folder, or its address in an object store."""
    return with_addresses(str(folder.absolute()))


def _ray() -> Any:
    """The package.

    Raises:
        NotInstalled: it is not installed.
    """
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")  # `uv run` would be resolved again on every node
    try:
        import ray
    except ImportError:
        raise NotInstalled(
            "--runner ray needs Ray: pip install 'sdrrl-data[ray]', on every node of the cluster", "ray"
        ) from None
    return ray


def _connect(ray: Any, address: str | None) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level="warning")
    except Exception as error:  # Ray raises that, too
        raise ServerUnavailable(
            f"the Ray cluster at {address or os.environ.get('RAY_ADDRESS', 'this machine')} cannot be reached "
            f"({_first_line(error)}): start it, or name another one with --ray-address"
        ) from error


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__
