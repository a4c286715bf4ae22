"""What the tests' Hub answers to who writes."""

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.hub.repo import LARGE, File, Repo, head
from tests.support.hub.routes import API, PAGES, REVISION, Refused, Reply, Request, Routes, check_owner, find

if TYPE_CHECKING:
    from tests.support.hub import Hub

route = Routes()


@route("GET", "/api/whoami-v2")
def whoami(hub: "Hub", request: Request) -> Any:
    if request.user is None:
        raise Refused(401, "Unauthorized")
    return {"type": "user", "name": request.user, "orgs": [], "auth": {"type": "access_token"}}


@route("POST", "/api/repos/create")
def create_repo(hub: "Hub", request: Request) -> Any:
    wanted = request.json()
    if request.user is None:
        raise Refused(401, "Unauthorized")
    owner = wanted.get("organization") or request.user
    if owner != request.user:
        raise Refused(403, f"You don't have the rights to create a {wanted.get('type')} under the namespace {owner}")
    kind, name = f"{wanted.get('type', 'model')}s", f"{owner}/{wanted['name']}"
    repo = Repo(kind, name, private=wanted.get("visibility") == "private")
    answer = {"url": f"{hub.endpoint}/{repo.path}", "name": name, "private": repo.private}
    if f"{kind}/{name}" in hub.repos:
        return Reply(409, answer | {"error": f"You already created this {wanted.get('type', 'model')} repo"})
    hub.repos[f"{kind}/{name}"] = repo
    rules = "".join(f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LARGE)
    repo.commit("refs/heads/main", None, "initial commit", {".gitattributes": File(rules.encode())})
    return answer


@route("PUT", f"{API}/settings", write=True)
def settings(hub: "Hub", request: Request, repo: Repo) -> Any:
    wanted = request.json()
    if "visibility" in wanted:
        repo.private = wanted["visibility"] == "private"
    if "gated" in wanted:
        repo.gated = bool(wanted["gated"])
    return {"private": repo.private}


@route("POST", "/api/validate-yaml")
def validate_yaml(hub: "Hub", request: Request) -> Any:
    try:
        metadata = head(request.json()["content"])
    except yaml.YAMLError as error:
        return Reply(400, {"errors": [{"message": str(error)}], "warnings": []})
    return {"errors": [], "warnings": [] if metadata else [{"message": "empty or missing yaml metadata in repo card"}]}


@route("POST", f"{API}/branch/(?P<branch>[^/]+)", write=True)
def create_branch(hub: "Hub", request: Request, repo: Repo, branch: str) -> Any:
    return _name(repo, f"refs/heads/{branch}", request.json().get("startingPoint") or "main")


@route("POST", f"{API}/tag/{REVISION}", write=True)
def create_tag(hub: "Hub", request: Request, repo: Repo, revision: str) -> Any:
    return _name(repo, f"refs/tags/{request.json()['tag']}", revision)


def _name(repo: Repo, ref: str, revision: str) -> Any:
    if ref in repo.refs:
        raise Refused(409, f"Reference {ref} already exists")
    repo.refs[ref] = find(repo, revision).sha
    return {}


@route("POST", f"{API}/preupload/{REVISION}")
def preupload(hub: "Hub", request: Request, repo: Repo, revision: str) -> Any:
    if not request.query.get("create_pr"):
        check_owner(repo, request)
    tree = find(repo, revision).tree
    return {
        "files": [
            {
                "path": path,
                "uploadMode": "lfs" if path.endswith(LARGE) else "regular",
                "shouldIgnore": False,
                "oid": tree[path].tag if path in tree else None,
            }
            for path in (file["path"] for file in request.json()["files"])
        ]
    }


@route("POST", rf"{PAGES}\.git/info/lfs/objects/batch")
def lfs_batch(hub: "Hub", request: Request, repo: Repo) -> Any:
    """Says which large files are wanted, and where to; those that are here need no upload."""
    wanted = request.json()
    if "ref" in wanted:  # who proposes a pull request names no branch, and need not be the owner
        check_owner(repo, request)
    objects = []
    for asked in wanted["objects"]:
        upload = {"href": f"{hub.endpoint}/lfs/{repo.kind}/{repo.name}/{asked['oid']}"}
        verify = {"href": f"{hub.endpoint}/{repo.path}.git/info/lfs/objects/verify"}
        missing = asked["oid"] not in repo.blobs
        objects.append(asked | ({"actions": {"upload": upload, "verify": verify}} if missing else {}))
    return {"transfer": "basic", "objects": objects}


@route("PUT", r"/lfs/(?P<key>.+)/(?P<oid>[0-9a-f]{64})")
def upload(hub: "Hub", request: Request, key: str, oid: str) -> Any:
    """Takes a large file; the address itself is the permission, as with a signed one."""
    if hashlib.sha256(request.body).hexdigest() != oid:
        raise Refused(400, "the content is not what its name says")
    hub.repos[key].blobs[oid] = request.body
    return b""


@route("POST", rf"{PAGES}\.git/info/lfs/objects/verify")
def verify(hub: "Hub", request: Request, repo: Repo) -> Any:
    asked = request.json()
    if len(repo.blobs.get(asked["oid"], b"")) != asked["size"]:
        raise Refused(404, "the large file did not arrive whole")
    return {}


@route("POST", f"{API}/commit/{REVISION}")
def commit(hub: "Hub", request: Request, repo: Repo, revision: str) -> Any:
    proposed = bool(request.query.get("create_pr"))
    if not proposed:
        check_owner(repo, request)
    header, *operations = (json.loads(line) for line in request.body.splitlines())
    told = header["value"]
    base = find(repo, revision)
    if "parentCommit" in told and not proposed and not base.sha.startswith(told["parentCommit"]):
        raise Refused(412, "A commit has happened since. Please refresh and try again.")
    files = dict(base.tree)
    for operation in operations:
        _apply(repo, files, operation["key"], operation["value"])
    try:
        head(files["README.md"].content.decode() if "README.md" in files else "")
    except yaml.YAMLError as error:
        raise Refused(400, f"Invalid metadata in README.md: {error}") from error
    number = 1 + sum(ref.startswith("refs/pr/") for ref in repo.refs)
    branch = revision if revision.startswith("refs/") else f"refs/heads/{revision}"
    ref = f"refs/pr/{number}" if proposed else branch
    if not proposed and ref not in repo.refs:
        raise Refused(404, f"{revision} is not a branch", "RevisionNotFound")
    new = repo.commit(ref, base.sha, told["summary"], files)
    page = f"{hub.endpoint}/{repo.path}"
    answer = {"success": True, "commitOid": new.sha, "commitUrl": f"{page}/commit/{new.sha}", "hookOutput": ""}
    return answer | ({"pullRequestUrl": f"{page}/discussions/{number}"} if proposed else {})


def _apply(repo: Repo, files: dict[str, File], key: str, value: dict[str, Any]) -> None:
    path = value["path"].rstrip("/")
    if key == "file":
        files[path] = File(base64.b64decode(value["content"]))
    elif key == "lfsFile":
        if value["oid"] not in repo.blobs:
            raise Refused(400, f"the large file {path} was not sent")
        files[path] = File(repo.blobs[value["oid"]], lfs=True)
    elif key in ("deletedFile", "deletedFolder"):
        inside = f"{path}/"
        deleted = [file for file in files if file == path or (key == "deletedFolder" and file.startswith(inside))]
        if not deleted:
            raise Refused(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")
        for file in deleted:
            del files[file]
    else:
        raise Refused(400, f"unknown operation {key}")
