"""A run's folder from a published set, so that somebody else can go on from it."""

import re
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from pydantic import TypeAdapter, ValidationError

from sdrrl_data import languages
from sdrrl_data.cards import portable
from sdrrl_data.errors import NotARun, RunMismatch, UserError
from sdrrl_data.models.locating import asking_hub
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.publishing import hub, packing, published
from sdrrl_data.publishing.hub import There
from sdrrl_data.publishing.packing import Packed
from sdrrl_data.recipe import loading, overrides
from sdrrl_data.run import Manifest, Run
from sdrrl_data.run.disk import digest_of, on_disk, written

RECIPE = "recipe.yaml"  # in the run: what `generate --recipe` is to be given
FETCHED = ".fetched"  # in the unfinished run: files as they came from the Hub
MARK = ".pull"  # in the unfinished run: what it is to be
EXTRAS = ("README.md", "croissant.json")
RESERVED = {"transfer_set", "set_aside"}  # folders of a run that are no tables
INDEX = TypeAdapter(dict[str, Packed])


class Pulled(NamedTuple):
    """A run that came from the Hub."""

    path: Path
    repo: str
    commit: str
    targets: list[str]
    local: list[str]  # names of files and directories of whoever made it, which did not come along


def pull(
    repo: str,
    out: str | PathLike[str],
    *,
    revision: str | None = None,
    tgt: str | Sequence[str] = (),
    reporter: Reporter | None = None,
) -> Pulled:
    """Make a run's folder from a published set. Killed at any moment and called again, it goes on.

    Args:
        repo: a dataset of the Hub that `push` has made.
        out: the folder, which must not be there, or be empty, or hold this very run.
        revision: a branch, tag or commit; the main branch by default.
        tgt: the target or targets to take, by any name; all by default, where they are of one run.
        reporter: is told what the Hub is waited for.

    Returns:
        Where the run is, its targets, and what did not come along.

    Raises:
        UserError: there is no such set, not for this user, or none that this version can read; or `out` holds
            something else.
        Stopped: the Hub stayed away.
    """
    repo, out, say = hub.named(repo), Path(out), (reporter or Silent()).say
    wanted = [languages.find(name).tag for name in ([tgt] if isinstance(tgt, str) else tgt)]
    check = "the name (owner/name)"
    with hub.refusals(repo), asking_hub(f"dataset {repo}", f"datasets/{repo}", revision, check):
        there = hub.patiently(partial(hub.look, repo, revision), say)
        found = hub.patiently(partial(published.manifests, there), say)
        manifest = _chosen(repo, found, wanted)
        tags = list(manifest.counts.targets)
        result = Pulled(out, repo, there.sha, tags, portable.recipe(manifest.recipe, manifest.ingredients)[1])
        if _is_there(out, manifest):
            return result
        unfinished = _unfinished(out, f"{repo}@{there.sha}: {', '.join(tags)}")
        with Run(unfinished).lock():
            tables = hub.patiently(partial(_fetch, there, manifest, unfinished / FETCHED), say)
            _make(there, manifest, tables, Run(unfinished), out)
            shutil.rmtree(unfinished / FETCHED)
            (unfinished / MARK).unlink()
            if out.exists():
                out.rmdir()  # it is empty
            unfinished.rename(out)
    return result


def _chosen(repo: str, found: dict[str, Manifest], wanted: Sequence[str]) -> Manifest:
    """The manifest of the one run that is meant, restricted to the targets that are, without anything local."""
    if not found:
        raise NotARun(f"{repo} holds no run of sdrrl-data (there is no TARGET/{published.MANIFEST})")
    if missing := [tag for tag in wanted if tag not in found]:
        raise UserError(f"{repo} has no target {', '.join(missing)}: it has {', '.join(found)}")
    runs = published.runs({tag: found[tag] for tag in found if tag in wanted or not wanted})
    if len(runs) > 1:
        choices = " or ".join(f"--tgt {','.join(run.counts.targets)}" for run in runs)
        raise UserError(f"{repo} holds targets of {len(runs)} runs, and a folder holds one: take {choices}")
    return portable.manifest(runs[0])


def _is_there(out: Path, manifest: Manifest) -> bool:
    """Whether the folder holds this run already.

    Raises:
        UserError: it holds something else.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    before = Run(out).manifest()
    if before is None or before.files != manifest.files:
        raise RunMismatch(f"{out} is there already and holds something else: choose another --out")
    return True


def _unfinished(out: Path, what: str) -> Path:
    """The folder in which the run is put together; what an earlier try left of something else is removed."""
    folder = out.resolve()
    folder = folder.with_name(f".{folder.name}.pull")
    mark = folder / MARK
    if not mark.is_file() or mark.read_text(encoding="utf-8") != what:
        shutil.rmtree(folder, ignore_errors=True)
        with on_disk(folder):
            folder.mkdir(parents=True)
            mark.write_text(what, encoding="utf-8")
    return folder


def _tables(there: There, tags: Sequence[str]) -> dict[str, tuple[str, Packed]]:
    """The tables of a run: name in the run -> its folder in the repository, and what it holds.

    Raises:
        UserError: an index cannot be read.
    """
    tables: dict[str, tuple[str, Packed]] = {}
    for tag in tags:
        path = f"{tag}/{published.INDEX}"
        try:
            index = INDEX.validate_json(there.read(path)) if path in there.files else {}
        except ValidationError as error:
            raise UserError(f"{there.repo}: {path} cannot be read, so no run can be made of it") from error
        for name, packed in index.items():
            for own in (name, *packed.files):
                if not re.fullmatch(r"[\w-]+(\.parquet)?", own) or name in RESERVED:
                    raise UserError(f"{there.repo}: {path} names {own!r}, so nothing is taken from it")
            # Seeds and answers are the same in the folders of all targets.
            place = name if name in published.SHARED else f"{tag}/{name}"
            tables.setdefault(place, (f"{tag}/{published.TABLES}/{name}", packed))
    return tables


def _fetch(there: There, manifest: Manifest, folder: Path) -> dict[str, tuple[str, Packed]]:
    """Fetch the files of a run, and no others; returns what its tables are, as `_tables` does."""
    from huggingface_hub import snapshot_download

    tags = list(manifest.counts.targets)
    tables = _tables(there, tags)
    wanted = [*manifest.files, *EXTRAS, *(f"{tag}/scores.png" for tag in tags)]
    wanted += [f"{place}/{file}" for place, packed in tables.values() for file in packed.files]
    snapshot_download(
        there.repo, repo_type="dataset", revision=there.sha, local_dir=folder, allow_patterns=wanted, max_workers=4
    )
    return tables


def _make(there: There, manifest: Manifest, tables: Mapping[str, tuple[str, Packed]], run: Run, out: Path) -> None:
    """Put the run together, which is to be in `out`, from what was fetched; parts that are there stay."""
    fetched = run.path / FETCHED
    digests = manifest.files | {
        f"{place}/{file}": digest for place, packed in tables.values() for file, digest in packed.files.items()
    }
    for path, digest in digests.items():
        _check(there, fetched / path, path, digest)
    extras = [*EXTRAS, *(f"{tag}/scores.png" for tag in manifest.counts.targets)]
    for path in (*manifest.files, *(path for path in extras if (fetched / path).is_file())):
        with written(run.path / path) as temporary:
            shutil.copyfile(fetched / path, temporary)
    for name, (place, packed) in tables.items():
        try:
            packing.unpack(packed, fetched / place, run.table(name))
        except (OSError, LookupError, pl.exceptions.PolarsError) as error:
            raise UserError(f"{there.repo}: {place} cannot be read as a table, so no run can be made of it") from error
    if _takes_in_files(manifest.recipe):
        raise UserError(f"{there.repo}: its recipe names files to be read on this machine, so no run is made of it")
    local = portable.recipe(manifest.recipe, manifest.ingredients)[1]
    run.write_text(RECIPE, overrides.written(portable.within(out.resolve(), manifest.recipe, local)))
    recipe = loading.load(str(run.path / RECIPE)).model_dump(mode="json", by_alias=True)
    run.write_manifest(manifest.model_copy(update={"recipe": recipe}))


def _takes_in_files(part: Any) -> bool:
    """Whether a part of a recipe would have files read into it; `push` writes what stands in them."""
    if isinstance(part, dict):
        endings = {key: ending for key, (ending, _) in loading.TAKEN_IN.items()}
        texts = ((key, value) for key, value in part.items() if isinstance(value, str) and key in endings)
        return any(value.endswith(endings[key]) for key, value in texts) or _takes_in_files(list(part.values()))
    return isinstance(part, list) and any(map(_takes_in_files, part))


def _check(there: There, file: Path, path: str, digest: str) -> None:
    """See that a file is the one that its run made.

    Raises:
        UserError: it is not, or there is none.
    """
    found = digest_of(file) if file.is_file() else None
    if found != digest:
        file.unlink(missing_ok=True)  # what was damaged on the way is fetched anew next time
        problem = "is not what its run made: its SHA-256 is another" if found else "is missing"
        raise UserError(f"{there.repo}: {path} {problem} (revision {there.sha}), so no run can be made of it")
