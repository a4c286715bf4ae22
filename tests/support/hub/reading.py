"""What the tests' Hub answers to who reads."""

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from tests.support.hub.repo import Commit, File, Repo, head
from tests.support.hub.routes import API, PAGES, REVISION, Refused, Reply, Request, Routes, check_terms, find

if TYPE_CHECKING:
    from tests.support.hub import Hub

DATE = "2026-01-01T00:00:00.000Z"  # of all that is there
route = Routes()


@route("GET", f"{API}/auth-check")
def auth_check(hub: "Hub", request: Request, repo: Repo) -> Any:
    check_terms(repo, request)
    return {}


@route("GET", f"{API}(?:/revision/{REVISION})?")
def info(hub: "Hub", request: Request, repo: Repo, revision: str) -> Any:
    commit = find(repo, revision or "main")
    siblings = [
        {"rfilename": path} | (_sizes(file) if request.query.get("blobs") else {}) for path, file in commit.tree.items()
    ]
    return {
        "id": repo.name,
        "author": repo.owner,
        "sha": commit.sha,
        "private": repo.private,
        "gated": "manual" if repo.gated else False,
        "disabled": False,
        "createdAt": DATE,
        "lastModified": DATE,
        "tags": [],
        "cardData": head(commit.tree["README.md"].content.decode()) if "README.md" in commit.tree else None,
        "siblings": siblings,
    }


def _sizes(file: File) -> dict[str, Any]:
    size = len(file.content)
    lfs = {"sha256": file.sha256, "size": size, "pointerSize": len(file.pointer)}
    return {"size": size, "blobId": file.blob} | ({"lfs": lfs} if file.lfs else {})


@route("GET", f"{API}/tree/{REVISION}(?:/(?P<folder>.*))?")
def tree(hub: "Hub", request: Request, repo: Repo, revision: str, folder: str) -> Any:
    commit = find(repo, revision)
    start = f"{folder.strip('/')}/" if folder.strip("/") else ""
    entries = {path: entry for path, entry in _entries(commit).items() if path.startswith(start)}
    if start and not entries:
        raise Refused(404, f"{folder} does not exist on {revision}", "EntryNotFound")
    deep = request.query.get("recursive") in ("true", "True", "1")
    return [entry for path, entry in entries.items() if deep or "/" not in path.removeprefix(start)]


@route("POST", f"{API}/paths-info/{REVISION}")
def paths_info(hub: "Hub", request: Request, repo: Repo, revision: str) -> Any:
    entries = _entries(find(repo, revision))
    wanted = parse_qs(request.body.decode())["paths"]  # a form, not JSON
    return [entries[path] for path in (path.strip("/") for path in wanted) if path in entries]


def _entries(commit: Commit) -> dict[str, Any]:
    """All files and folders of a commit as the Hub lists them, by their paths."""
    entries: dict[str, Any] = {}
    last = {"id": commit.sha, "title": commit.title, "date": DATE}
    for path, file in commit.tree.items():
        steps = path.split("/")
        for folder in ("/".join(steps[:length]) for length in range(1, len(steps))):
            oid = hashlib.sha1(folder.encode()).hexdigest()
            entries[folder] = {"type": "directory", "path": folder, "oid": oid, "size": 0, "lastCommit": last}
        size = len(file.content)
        entries[path] = {"type": "file", "path": path, "oid": file.blob, "size": size, "lastCommit": last}
        if file.lfs:
            entries[path]["lfs"] = {"oid": file.sha256, "size": size, "pointerSize": len(file.pointer)}
    return entries


@route("GET", f"{PAGES}/resolve/{REVISION}/(?P<path>.+)")
def resolve(hub: "Hub", request: Request, repo: Repo, revision: str, path: str) -> Any:
    check_terms(repo, request)
    commit = find(repo, revision)
    headers = {"X-Repo-Commit": commit.sha}
    if path not in commit.tree:
        raise Refused(404, "Entry not found", "EntryNotFound", headers)
    file = commit.tree[path]
    if file.lfs:
        headers |= {"X-Linked-Etag": f'"{file.tag}"', "X-Linked-Size": str(len(file.content))}
    return Reply(200, file.content, headers | {"ETag": f'"{file.tag}"'})


@route("GET", f"{API}/refs")
def refs(hub: "Hub", request: Request, repo: Repo) -> Any:
    def named(start: str) -> list[dict[str, str]]:
        refs = {ref: sha for ref, sha in repo.refs.items() if ref.startswith(start)}
        return [{"name": ref.removeprefix(start), "ref": ref, "targetCommit": sha} for ref, sha in refs.items()]

    asked = {"pullRequests": named("refs/pr/")} if request.query.get("include_prs") else {}
    return {"branches": named("refs/heads/"), "tags": named("refs/tags/"), "converts": [], **asked}
