"""Makes a run's folder from a published dataset, so that other people can continue from it."""

import re
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import polars as pl
from pydantic import TypeAdapter, ValidationError

from sdrrl_data import languages
from sdrrl_data.cards import portable
from sdrrl_data.cards.description import CROISSANT
from sdrrl_data.errors import NotARun, RunMismatch, UserError
from sdrrl_data.models import hub
from sdrrl_data.models.hub import CARD, HubRequest, Repository
from sdrrl_data.pipeline.beginning import RECIPE
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.publishing import incoming, packing, published, retries
from sdrrl_data.publishing.packing import Packed
from sdrrl_data.recipe import Recipe, loading, overrides, paths, trust
from sdrrl_data.run import Manifest, Run
from sdrrl_data.run.dataset import OF_TARGET
from sdrrl_data.run.disk import digest_of, on_disk, written
from sdrrl_data.suggestions import instead

FETCHED = ".fetched"  # in the unfinished run: files as they came from the Hub
MARK = ".pull"  # in the unfinished run: what is being pulled
EXTRAS = (CARD, CROISSANT)
RESERVED = {*OF_TARGET, "set_aside"}  # folders of a run that are not tables
INDEX = TypeAdapter(dict[str, Packed])


class Pulled(NamedTuple):
    """A run that came from the Hub."""

    path: Path
    repo: str
    commit: str
    targets: list[str]
    local: list[str]  # files and directories of the people who made it; their names only, they were not pushed


def pull(
    repo: str,
    out: str | PathLike[str],
    *,
    revision: str | None = None,
    tgt: str | Sequence[str] = (),
    reporter: Reporter | None = None,
) -> Pulled:
    """Make a run's folder from a published dataset. If it is killed at any moment and called again, it continues.

    Args:
        repo: a dataset on the Hub that `push` made.
        out: the folder; it must not exist, or be empty, or hold this very run.
        revision: a branch, tag or commit; by default the main branch.
        tgt: the target or targets to take, by any name; by default all, if they belong to one run.
        reporter: is told when the Hub makes us wait.

    Returns:
        Where the run is, its targets, and what did not come along.

    Raises:
        UserError: there is no such dataset, this user may not read it, or this version cannot read it; or `out` holds
            something else.
        Stopped: the Hub could not be reached.
    """
    repo, out, say = retries.named(repo), Path(out), (reporter or Silent()).say
    tags_wanted = [languages.find(name).tag for name in ([tgt] if isinstance(tgt, str) else tgt)]
    request = HubRequest("dataset", repo, revision, "dataset", check="the name (owner/name)", instead="try again later")
    with retries.refusals(repo), hub.refusals(request):
        dataset = retries.patiently(partial(hub.look, "dataset", repo, revision, digests=True), say)
        manifests = retries.patiently(partial(published.manifests, dataset), say)
        manifest = _chosen(repo, manifests, tags_wanted)
        tags = list(manifest.counts.targets)
        result = Pulled(out, repo, dataset.commit, tags, portable.recipe(manifest.recipe, manifest.ingredients)[1])
        if _is_pulled(out, manifest):
            (out / MARK).unlink(missing_ok=True)  # where an earlier pull was killed at its very end
            return result
        unfinished = _unfinished(out, f"{repo}@{dataset.commit}: {', '.join(tags)}")
        with Run(unfinished).lock():
            tables = retries.patiently(partial(_fetch, dataset, manifest, unfinished / FETCHED), say)
            _make(dataset, manifest, tables, Run(unfinished), out)
            shutil.rmtree(unfinished / FETCHED, ignore_errors=True)
        if out.exists():
            out.rmdir()  # it is empty
        unfinished.rename(out)  # when it is not locked any more: a lock has its place in the folder
        (out / MARK).unlink()
    return result


def _chosen(repo: str, manifests: dict[str, Manifest], tags: Sequence[str]) -> Manifest:
    """The manifest of the run with these targets, restricted to them, without anything local; no tags: all targets."""
    if not manifests:
        raise NotARun(f"{repo} holds no run of sdrrl-data (there is no TARGET/{published.MANIFEST})")
    if missing := [tag for tag in tags if tag not in manifests]:
        raise UserError(f"{repo} has no target {', '.join(missing)}: {instead(missing[0], manifests)}")
    runs = published.runs({tag: manifest for tag, manifest in manifests.items() if tag in tags or not tags})
    if len(runs) > 1:
        choices = " or ".join(f"--tgt {','.join(run.counts.targets)}" for run in runs)
        raise UserError(f"{repo} has targets of {len(runs)} runs, and a folder can hold only one run: use {choices}")
    return portable.manifest(runs[0])


def _is_pulled(out: Path, manifest: Manifest) -> bool:
    """Whether the folder holds this run already.

    Raises:
        UserError: it holds something else.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    existing = Run(out).manifest()
    if existing is None or existing.files != manifest.files:
        raise RunMismatch(f"{out} exists already and holds something else: choose another --out")
    return True


def _unfinished(out: Path, content: str) -> Path:
    """The folder in which the run is put together; if an earlier pull of other content left files, they are removed.

    Raises:
        UserError: the folder is not that of a pull.
    """
    folder = out.resolve()
    folder = folder.with_name(f".{folder.name}.pull")
    mark = folder / MARK
    if not mark.is_file() and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is where the run is put together, and holds something else: move it away")
    if not mark.is_file() or mark.read_text(encoding="utf-8") != content:
        shutil.rmtree(folder, ignore_errors=True)
        with on_disk(folder):
            folder.mkdir(parents=True)
            mark.write_text(content, encoding="utf-8")
    return folder


def _tables(dataset: Repository, tags: Sequence[str]) -> dict[str, tuple[str, Packed]]:
    """The tables of a run: name in the run -> its folder in the repository, and its parts and files.

    Raises:
        UserError: an index cannot be read.
    """
    tables: dict[str, tuple[str, Packed]] = {}
    for tag in tags:
        path = f"{tag}/{published.INDEX}"
        try:
            index = INDEX.validate_json(dataset.read(path)) if path in dataset.files else {}
        except ValidationError as error:
            raise UserError(f"{dataset.name}: {path} cannot be read, so no run can be made of it") from error
        for name, packed in index.items():
            for file_name in (name, *packed.files):
                if not re.fullmatch(r"[\w-]+(\.parquet)?", file_name) or name in RESERVED:
                    raise UserError(f"{dataset.name}: {path} names {file_name!r}, so nothing is taken from it")
            # Seeds and answers are the same in the folders of all targets.
            place = name if published.SHARED.fullmatch(name) else f"{tag}/{name}"
            tables.setdefault(place, (f"{tag}/{published.TABLES}/{name}", packed))
    return tables


def _fetch(dataset: Repository, manifest: Manifest, folder: Path) -> dict[str, tuple[str, Packed]]:
    """Fetch the files of a run, and no others; returns its tables, as `_tables` does."""
    tags = list(manifest.counts.targets)
    tables = _tables(dataset, tags)
    paths = [*manifest.files, *EXTRAS, *(f"{tag}/scores.png" for tag in tags)]
    paths += [f"{place}/{file}" for place, packed in tables.values() for file in packed.files]
    hub.download("dataset", dataset.name, dataset.commit, paths, folder)
    return tables


def _make(
    dataset: Repository, manifest: Manifest, tables: Mapping[str, tuple[str, Packed]], run: Run, out: Path
) -> None:
    """Put a run together from the fetched files; parts that it has already stay. It will be moved to `out`."""
    fetched = run.path / FETCHED
    digests = manifest.files | {
        f"{place}/{file}": digest for place, packed in tables.values() for file, digest in packed.files.items()
    }
    for path, digest in digests.items():
        _check(dataset, fetched / path, path, digest)
    extras = [*EXTRAS, *(f"{tag}/scores.png" for tag in manifest.counts.targets)]
    for path in (*manifest.files, *(path for path in extras if (fetched / path).is_file())):
        with written(run.path / path) as temporary:
            shutil.copyfile(fetched / path, temporary)
    for path in manifest.files:
        incoming.read(path.split("/")[1], fetched / path, f"{dataset.name}: {path}")
    for name, (place, packed) in tables.items():

        def read(file: str, name: str = name, place: str = place) -> pl.DataFrame:
            kind = "set_aside" if file == packing.SET_ASIDE_FILE else name
            return incoming.read(kind, fetched / place / file, f"{dataset.name}: {place}/{file}")

        packing.unpack(packed, read, run.table(name), f"{dataset.name}: {place}")
    incoming.refuse_content(run, tables, dataset.name)
    if paths.names_file(Recipe, manifest.recipe):
        raise UserError(f"{dataset.name}: its recipe reads files of this machine, so no run is made of it")
    local = portable.recipe(manifest.recipe, manifest.ingredients)[1]
    recipe = portable.within(out.resolve(), manifest.recipe, local)
    run.write_text(RECIPE, overrides.written(recipe))
    # To read a recipe imports the code of its maker's that it names: not for having fetched it.
    if not any(what.startswith(trust.CODE) for what in trust.asks(recipe, run.path)):
        recipe = loading.finished(recipe, where=f"{dataset.name}: its recipe").model_dump(mode="json", by_alias=True)
    run.write_manifest(manifest.model_copy(update={"recipe": recipe}))


def _check(dataset: Repository, file: Path, path: str, digest: str) -> None:
    """Check that a file is the one that its run made.

    Raises:
        UserError: it is another, or it is missing.
    """
    fetched_digest = digest_of(file) if file.is_file() else None
    if fetched_digest != digest:
        file.unlink(missing_ok=True)  # if it was damaged on the way, it is fetched again next time
        problem = "is not what its run made: it has another SHA-256" if fetched_digest else "is missing"
        raise UserError(f"{dataset.name}: {path} {problem} (revision {dataset.commit}), so no run can be made of it")
