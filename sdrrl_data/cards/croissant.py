"""Croissant metadata of a published set, for those who find and load datasets by it.

It is written without mlcroissant, with which it would be as long: that package brings pandas, scipy and rdflib, and
takes two seconds to import. The tests read the metadata with it.

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec.html and croissant-rai-spec.html, both version 1.0.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

import polars as pl

from sdrrl_data.cards import merging
from sdrrl_data.cards.markdown import listed
from sdrrl_data.protocols import Ingredient
from sdrrl_data.run import Manifest
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.transfer_set import CANDIDATES

# As the specification has it.
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        term: f"cr:{term}"
        for term in (
            *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet"),
            *("format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
            *("references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField"),
            "transform",
        )
    },
}
CONFORMS = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
PAPER = "https://doi.org/10.18653/v1/2024.acl-long.603"
PARQUET = "application/x-parquet"
ADDRESSES = {"apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0", "mit": "https://opensource.org/license/mit"}
CREATIVE_COMMONS = re.compile(r"cc-(?P<kind>by[a-z-]*)-(?P<version>\d\.\d)")
MEANINGS = {
    "id": "of the row",
    "seed_id": "of the question or the sentence pair that the row was made from; several rows share it",
    "task": "answer, translate or complete",
    "direction": "language of the prompt -> language of the completion",
    "prompt": "messages: the question, with what came before it",
    "completion": "messages: the answer",
    "code_switched": "whether words or sentences of the other language stand in it",
    "switched": "those words or sentences, and where they stand (characters)",
    "weight": "how much the row should count, from 0 to 1",
    "scores": "of the question and the answer that it was made from",
    "generator": "the model that answered",
    "translator": "the model that translated",
    "source": "where the question stood",
    "signature": "a line that stands for all that made the row",
    "split": "train or test",
}
# The columns that every transfer set has, for those whose files are not at hand.
TEXTS: Schema = dict.fromkeys(("generator", "translator", "source", "signature", "split"), pl.String)
COLUMNS = pl.Schema({name: kind for name, kind in CANDIDATES.items() if name != "kind"} | TEXTS)


def describe(
    head: Mapping[str, Any],
    description: str,
    manifests: Sequence[Manifest],
    columns: Mapping[str, pl.Schema],
) -> dict[str, Any]:
    """What `croissant.json` holds: JSON-LD of Croissant 1.0, which mlcroissant reads in the folder of the set.

    Each Parquet file stands there with its SHA-256, and each config of the head as a set of files and a set of records,
    if its columns are known. What stands within a list or a struct is a field of its own (`pt/prompt/role`). The same
    run gives the same bytes, so there is no date; nor is there an address, which a set in a folder does not have.

    Args:
        head: of the card, as it is published.
        description: plain text: what the set is.
        manifests: of all runs that it holds targets of, each restricted to these targets.
        columns: config -> the columns of its files, where these are at hand. Of other transfer sets those are known
            that all have; of files that are none, nothing is.
    """
    known = {merging.name_of(config): config for config in merging.configs_of(head) if _columns(config, columns)}
    found = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": head["pretty_name"],
        "description": description,
        "license": _address(head),
        "inLanguage": head.get("language_bcp47") or head.get("language"),
        "keywords": head.get("tags"),
        "citeAs": PAPER,
        **_responsible(manifests),
        "distribution": [*_files(manifests), *map(_file_set, known.values())],
        "recordSet": [_record_set(name, _columns(config, columns)) for name, config in known.items()],
    }
    return {key: value for key, value in found.items() if value}


def _address(head: Mapping[str, Any]) -> str:
    """Where the text of the licence is, as far as that is known; else its name."""
    licence = str(head.get("license", "unknown"))
    if found := CREATIVE_COMMONS.fullmatch(licence):
        return f"https://creativecommons.org/licenses/{found['kind']}/{found['version']}/"
    return ADDRESSES.get(licence) or str(head.get("license_name") or licence)


def _columns(config: Any, columns: Mapping[str, pl.Schema]) -> pl.Schema | None:
    """What is known of the columns that a config gives; None: nothing."""
    paths = list(merging.paths_of(config))
    transfer_sets = paths and all(fnmatch(path, "*/transfer_set/*") for path in paths)
    schema = columns.get(merging.name_of(config), COLUMNS if transfer_sets else None)
    if schema is None:
        return None
    return pl.Schema({column: schema[column] for column in config.get("columns") or schema if column in schema})


def _files(manifests: Sequence[Manifest]) -> Iterator[dict[str, Any]]:
    for path, digest in (file for manifest in manifests for file in manifest.files.items()):
        node = {"@type": "cr:FileObject", "@id": path, "name": path}
        yield {**node, "contentUrl": path, "encodingFormat": PARQUET, "sha256": digest}


def _file_set(config: Mapping[str, Any]) -> dict[str, Any]:
    name = f"{merging.name_of(config)}-files"
    node = {"@type": "cr:FileSet", "@id": name, "name": name}
    return {**node, "encodingFormat": PARQUET, "includes": list(merging.paths_of(config))}


def _record_set(name: str, columns: Mapping[str, pl.DataType] | None) -> dict[str, Any]:
    fields = [_field(name, column, kind) for column, kind in (columns or {}).items()]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields}


def _field(config: str, column: str, kind: pl.DataType) -> dict[str, Any]:
    node: dict[str, Any] = {"@type": "cr:Field", "@id": f"{config}/{column}", "name": column}
    if column in MEANINGS:
        node["description"] = MEANINGS[column]
    source = {"fileSet": {"@id": f"{config}-files"}, "extract": {"column": column}}
    match kind:
        case pl.List(inner=pl.Struct() as inner):
            return {**node, "repeated": True, "subField": list(_parts(node, inner, source))}
        case pl.Struct():
            return {**node, "subField": list(_parts(node, kind, source))}
    return {**node, "dataType": _type(kind), "source": source}


def _parts(parent: Mapping[str, Any], kind: pl.Struct, source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in kind.fields:
        node = {"@type": "cr:Field", "@id": f"{parent['@id']}/{part.name}", "name": part.name}
        yield {**node, "dataType": _type(part.dtype), "source": {**source, "transform": {"jsonPath": part.name}}}


def _type(kind: Any) -> str:
    if kind.is_integer():
        return "sc:Integer"
    if kind.is_float():
        return "sc:Float"
    return "sc:Boolean" if kind == pl.Boolean else "sc:Text"


def _responsible(manifests: Sequence[Manifest]) -> dict[str, Any]:
    """How the rows came about and what they are good for, in the words of Croissant's vocabulary for responsible AI."""
    parts = [part for manifest in manifests for part in manifest.ingredients]
    recipes = [manifest.recipe for manifest in manifests]
    filters = _once(name for recipe in recipes for name in recipe["thresholds"])
    kinds = {own["kind"] for recipe in recipes for own in recipe["scorers"]}
    asked, wrote = _named(parts, "seeds"), _named(parts, "generator")
    translated, pairs = _named(parts, "translator"), _named(parts, "parallel corpus")
    sources = [name for name in (*asked, *pairs) if name != "magpie"]
    origin = "are the model's own" if asked == ["magpie"] else f"are from {listed(asked)}"
    return {
        "rai:dataCollection": f"The questions {origin}; {listed(wrote)} answered, {listed(translated)} translated both."
        + (f" Sentence pairs are from {listed(pairs)}." if pairs else ""),
        "rai:dataCollectionType": [*(["Secondary Data Analysis"] if sources else []), "Others: generated by models"],
        "rai:dataCollectionMissingData": "What a step could not use was set aside; the card says how much, and why.",
        "rai:dataPreprocessingProtocol": [
            f"Texts that fail a filter are dropped, or weigh less: {', '.join(filters)}." if filters else "No filters.",
            "Pairs of question and answer in either language, code-switched ones and sentence pairs are mixed in the "
            "shares that the recipe states, as far as there are any.",
            "Train and test are split by question.",
        ],
        "rai:dataAnnotationProtocol": "Every score is a machine's, given once to each text. Nobody has checked them.",
        "rai:machineAnnotationTools": _named(parts, "scorer"),
        "rai:annotationsPerItem": "1 of each score",
        "rai:dataLimitations": [
            f"What {listed(wrote)} gets wrong, these rows teach.",
            "The translations are a machine's, made sentence by sentence, and read like translations.",
            "The filters see what they measure and no more: none looks for what is false or harmful.",
        ],
        "rai:dataBiases": [
            f"The prejudices of {listed(wrote)} are in its answers.",
            "A translator that has to choose a gender or a form of address chooses the one that it has seen most.",
            "Translation changes the language of the questions, not the world that they are about.",
        ],
        "rai:dataUseCases": [
            "Fine-tuning language models to answer in the target languages as they do in the source language.",
            "Not meant for evaluation: the answers are no references.",
        ],
        "rai:personalSensitiveInformation": "E-mail addresses and keys were looked for, no other personal data."
        if "personal" in kinds
        else "Nobody has looked for personal data.",
        "rai:dataReleaseMaintenancePlan": "Each target has the manifest and the recipe that it can be made again from. "
        "No updates are promised.",
    }


def _named(parts: Sequence[Ingredient], role: str) -> list[str]:
    return _once(part.name for part in parts if part.role == role)


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
