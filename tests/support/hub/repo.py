"""A repository of the tests' Hub: commits that each keep their tree, and names that stand for commits."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

LARGE = (".parquet", ".png", ".safetensors")  # kept as large files; all else is text


@dataclass(frozen=True)
class File:
    content: bytes
    lfs: bool = False  # kept as a large file: in git there is a pointer to it

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def pointer(self) -> bytes:
        size = len(self.content)
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {size}\n".encode()

    @cached_property
    def blob(self) -> str:
        """The name that git has for it."""
        content = self.pointer if self.lfs else self.content
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    @property
    def tag(self) -> str:
        """What a client compares its own file with."""
        return self.sha256 if self.lfs else self.blob


@dataclass(frozen=True)
class Commit:
    sha: str
    parent: str | None
    title: str
    tree: Mapping[str, File]


@dataclass
class Repo:
    kind: str  # "datasets" or "models"
    name: str  # "owner/name"
    private: bool = False
    gated: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)  # "refs/heads/main", "refs/tags/v1", "refs/pr/1" -> commit
    blobs: dict[str, bytes] = field(default_factory=dict)  # SHA-256 -> a large file that was sent, committed or not

    @property
    def owner(self) -> str:
        return self.name.partition("/")[0]

    @property
    def path(self) -> str:
        """Where its pages are; a model's stand at the top."""
        return self.name if self.kind == "models" else f"{self.kind}/{self.name}"

    def find(self, revision: str) -> str | None:
        """The commit that a branch, tag, pull request or commit names; None where there is none."""
        for ref in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
            if ref in self.refs:
                return self.refs[ref]
        return revision if revision in self.commits else None

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """What there is at a revision: path -> content."""
        return {path: file.content for path, file in self.commits[self.find(revision) or ""].tree.items()}

    def history(self, revision: str = "main") -> list[Commit]:
        """The commits that led to a revision, the newest first."""
        commits, sha = [], self.find(revision)
        while sha is not None:
            commits.append(self.commits[sha])
            sha = commits[-1].parent
        return commits

    def commit(self, ref: str, parent: str | None, title: str, tree: Mapping[str, File], sha: str = "") -> Commit:
        """Add a commit and have a name stand for it; its own name is drawn from what it holds unless it is given."""
        drawn = repr((self.name, parent, title, len(self.commits), sorted((p, f.blob) for p, f in tree.items())))
        commit = Commit(sha or hashlib.sha1(drawn.encode()).hexdigest(), parent, title, dict(sorted(tree.items())))
        self.commits[commit.sha] = commit
        self.refs[ref] = commit.sha
        return commit


def head(card: str) -> dict[str, Any] | None:
    """The YAML at the top of a card; None where there is none.

    Raises:
        yaml.YAMLError: it is not YAML, or not a mapping.
    """
    match = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", card, re.DOTALL)
    head = yaml.safe_load(match[1]) if match else None
    if head is not None and not isinstance(head, dict):
        raise yaml.YAMLError("metadata should be an object")
    return head
