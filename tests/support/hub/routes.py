"""How the tests' Hub finds the function that answers a request, and who may ask."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from tests.support.hub.repo import Commit, Repo

if TYPE_CHECKING:
    from tests.support.hub import Hub

API = r"/api/(?P<kind>datasets|models)/(?P<name>[^/]+/[^/]+)"
PAGES = r"/(?:(?P<kind>datasets)/)?(?P<name>[^/]+/[^/]+?)"  # a model's stand at the top
REVISION = r"(?P<revision>[^/]+)"


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # as it was sent, without what follows a question mark
    query: Mapping[str, str]
    user: str | None  # None: without a token
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Reply(NamedTuple):
    """An answer; `content` is sent as it is where it is bytes, and as JSON else."""

    status: int
    content: Any
    headers: Mapping[str, str] = {}


class Refused(Exception):
    def __init__(self, status: int, message: str, code: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reply = Reply(
            status,
            {"error": message},
            {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {}) | dict(headers or {}),
        )


Work = Callable[..., Any]


class Routes(list[tuple[str, re.Pattern[str], Work, bool]]):
    """Which function answers what: method, path, function, and whether only the repository's owner may ask."""

    def __call__(self, method: str, pattern: str, write: bool = False) -> Callable[[Work], Work]:
        """Have a function answer what fits; it is given the groups, and the repository where they name one."""

        def add(work: Work) -> Work:
            self.append((method, re.compile(pattern), work, write))
            return work

        return add


def reply(routes: Routes, hub: "Hub", request: Request) -> Reply:
    """What the Hub answers."""
    try:
        for method, pattern, work, write in routes:
            if method == request.method and (match := pattern.fullmatch(request.path)):
                given: dict[str, Any] = {key: unquote(value or "") for key, value in match.groupdict().items()}
                if "name" in given:
                    given["repo"] = _readable(hub, request, given.pop("kind") or "models", given.pop("name"))
                    if write:
                        check_owner(given["repo"], request)
                answer = work(hub, request, **given)
                return answer if isinstance(answer, Reply) else Reply(200, answer)
        raise Refused(404, "there is no such page")
    except Refused as refused:
        return refused.reply


def _readable(hub: "Hub", request: Request, kind: str, name: str) -> Repo:
    repo = hub.repos.get(f"{kind}/{name}")
    if repo is None or (repo.private and repo.owner != request.user):
        raise Refused(404 if request.user else 401, "Repository not found", "RepoNotFound")
    return repo


def check_owner(repo: Repo, request: Request) -> None:
    """Refuse who may not write."""
    if request.user is None:
        raise Refused(401, "Unauthorized")
    if request.user != repo.owner:
        raise Refused(403, f"You don't have the required permissions to write to {repo.name}")


def check_terms(repo: Repo, request: Request) -> None:
    """Refuse who may look but not read: nobody ever accepts the terms of a gated repository."""
    if repo.gated and request.user != repo.owner:
        raise Refused(403 if request.user else 401, f"Access to {repo.name} is restricted", "GatedRepo")


def find(repo: Repo, revision: str) -> Commit:
    """The commit that a revision names."""
    sha = repo.find(revision)
    if sha is None:
        raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return repo.commits[sha]
