"""Croissant metadata of a published dataset, for tools that find and load datasets with it.

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
from sdrrl_data.cards.markdown import join_names
from sdrrl_data.cards.runs import is_native
from sdrrl_data.protocols import Ingredient
from sdrrl_data.run import Manifest
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.transfer_set import CANDIDATES

# As in the specification.
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
    "id": "id of the row",
    "seed_id": "id of the question or the sentence pair that the row was made from; several rows can share it",
    "task": "answer, translate, complete, pivot or contrast",
    "direction": "language of the prompt -> language of the completion",
    "prompt": "messages: the question, and what came before it",
    "completion": "messages: the answer",
    "chosen": "messages: the answer that is to be preferred",
    "rejected": "messages: the answer that is to be avoided",
    "rejected_kind": "what is wrong with the rejected answer: other_language, code_switched, direct or samples",
    "score_chosen": "score of the chosen answer, where the rejected one is another sample",
    "score_rejected": "score of the rejected answer, where it is a sample",
    "generator_rejected": "the model that gave the rejected answer, where it is a sample",
    "privileged_context": "messages: the question in the source language and its answer, for the teacher alone",
    "code_switched": "whether the row contains words or sentences of the other language",
    "switched": "these words or sentences, and where they are (in characters)",
    "weight": "how much the row should count, from 0 to 1",
    "scores": "scores of the question and the answer that the row was made from",
    "generator": "the model that answered",
    "translator": "the model that translated",
    "source": "where the question comes from",
    "signature": "a line that names everything that made the row",
    "split": "train or test",
}
# The columns that every transfer set has, for datasets whose files are not at hand.
TEXTS: Schema = dict.fromkeys(("generator", "translator", "source", "signature", "split"), pl.String)
COLUMNS = pl.Schema({name: kind for name, kind in CANDIDATES.items() if name != "kind"} | TEXTS)


def describe(
    head: Mapping[str, Any],
    description: str,
    manifests: Sequence[Manifest],
    columns: Mapping[str, pl.Schema],
) -> dict[str, Any]:
    """The content of `croissant.json`: JSON-LD of Croissant 1.0, which mlcroissant reads in the folder of the dataset.

    It lists each Parquet file with its SHA-256, and each config of the head as a set of files and a set of records, if
    the columns of the config are known. Each part of a list or a struct is a field (`pt/prompt/role`). The same run
    gives the same bytes, so there is no date. There is no address either: a dataset in a folder has none.

    Args:
        head: of the card, as it is published.
        description: what the dataset is, in plain text.
        manifests: of all runs that made its targets, each restricted to these targets.
        columns: config -> the columns of its files, if these are at hand. Of other transfer sets, only the columns that
            every transfer set has are known; of other files, no column is.
    """
    known = {merging.name_of(config): config for config in merging.configs_of(head) if _columns(config, columns)}
    metadata = {
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
    return {key: value for key, value in metadata.items() if value}


def _address(head: Mapping[str, Any]) -> str:
    """The address of the licence's text if it is known, else the licence's name."""
    licence = str(head.get("license", "unknown"))
    if match := CREATIVE_COMMONS.fullmatch(licence):
        return f"https://creativecommons.org/licenses/{match['kind']}/{match['version']}/"
    return ADDRESSES.get(licence) or str(head.get("license_name") or licence)


def _columns(config: Any, columns: Mapping[str, pl.Schema]) -> pl.Schema | None:
    """What is known of the columns of a config; None: nothing."""
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
    """How the rows were made and what they are good for, in Croissant's vocabulary for responsible AI."""
    parts = [part for manifest in manifests for part in manifest.ingredients]
    recipes = [manifest.recipe for manifest in manifests]
    filters = _distinct(
        name
        for manifest in manifests
        for tag in manifest.counts.targets
        for name in manifest.target_recipe(tag)["thresholds"]
    )
    scorer_kinds = {scorer["kind"] for recipe in recipes for scorer in recipe["scorers"]}
    seeds, generators = _named(parts, "seeds"), _named(parts, "generator")
    translators, corpora = _named(parts, "translator"), _named(parts, "parallel corpus")
    generator = join_names(generators)
    origin = f"were written by {generator}" if seeds == ["magpie"] else f"are from {join_names(seeds)}"
    all_native = all(map(is_native, manifests))
    collection = [
        f"The answers are texts of {join_names(seeds)}." if all_native else f"The questions {origin}.",
        f"{generator} wrote their questions." if all_native else f"{generator} answered them.",
        f"{join_names(translators)} translated the questions{'' if all_native else ' and the answers'}.",
        *([f"The sentence pairs are from {join_names(corpora)}."] if corpora else []),
    ]
    from_elsewhere = any(name != "magpie" for name in (*seeds, *corpora))
    return {
        "rai:dataCollection": " ".join(collection),
        "rai:dataCollectionType": [
            *(["Secondary Data Analysis"] if from_elsewhere else []),
            "Others: generated by models",
        ],
        "rai:dataCollectionMissingData": "Rows that a step could not use were set aside. The card says how many, and "
        "why.",
        "rai:dataPreprocessingProtocol": [
            f"Texts that fail a filter are dropped, or get a lower weight: {', '.join(filters)}."
            if filters
            else "No filters.",
            "Pairs of a question and an answer in either language, code-switched pairs and sentence pairs are mixed in "
            "the shares that the recipe states, if there are enough of them.",
            "Train and test are split by question.",
        ],
        "rai:dataAnnotationProtocol": "Every score was given by a machine, once for each text. Nobody has checked the "
        "scores.",
        "rai:machineAnnotationTools": _named(parts, "scorer"),
        "rai:annotationsPerItem": "1 of each score",
        "rai:dataLimitations": [
            f"The rows teach every mistake of {generator}.",
            "The translations were made by a machine, sentence by sentence, and read like translations.",
            "The filters see only what they measure: none looks for false or harmful content.",
        ],
        "rai:dataBiases": [
            f"The answers have the prejudices of {generator}.",
            "A translator that has to choose a gender or a form of address takes the one that it has seen most often.",
            "Translation changes the language of the questions, not the world that they are about.",
        ],
        "rai:dataUseCases": [
            "Fine-tuning language models to answer in the target languages as they do in the source language.",
            "Not for evaluation: the answers are not references.",
        ],
        "rai:personalSensitiveInformation": "The texts were searched for e-mail addresses and keys, and for no other "
        "personal data."
        if "personal" in scorer_kinds
        else "Nobody has looked for personal data.",
        "rai:dataReleaseMaintenancePlan": "Each target comes with its manifest and its recipe, so that it can be made "
        "again. No updates are promised.",
    }


def _named(parts: Sequence[Ingredient], role: str) -> list[str]:
    return _distinct(part.name for part in parts if part.role == role)


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
