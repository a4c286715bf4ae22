"""The head of the card: what the Hub reads."""

from collections.abc import Iterable, Sequence
from typing import Any

from sdrrl_data.cards.configs import DatasetConfig
from sdrrl_data.cards.licences import Terms
from sdrrl_data.run import Manifest

# The Hub's sizes: for numbers of up to three digits, of four, of five, and so on.
SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B")


def head(title: str, manifests: Sequence[Manifest], configs: Sequence[DatasetConfig], terms: Terms) -> dict[str, Any]:
    """What is written between the two lines `---`, in this order. Empty values are left out.

    huggingface_hub's `DatasetCardData` would hold the same dictionary, check nothing, and order the keys by its own
    fields; the tests read the card with it.

    Source: https://github.com/huggingface/hub-docs/blob/main/datasetcard.md. The words for creators and multilinguality
    are those of the Hub's dataset tags.
    """
    targets = [target for manifest in manifests for target in manifest.counts.targets.values()]
    tags = _distinct(tag for manifest in manifests for tag in (manifest.recipe["src"], *manifest.counts.targets))
    seeds = [part.name for manifest in manifests for part in manifest.ingredients if part.role == "seeds"]
    kinds = {kind.kind for target in targets for kind in target.mix if kind.taken}
    rows = sum(sum(target.rows.values()) for target in targets)
    entries = {
        "pretty_name": title,
        # Here the Hub takes no script; it takes the whole tag below.
        "language": _distinct(tag.split("-")[0] for tag in tags),
        "language_bcp47": tags if any("-" in tag for tag in tags) else [],
        "multilinguality": ["multilingual", "translation"],
        "license": terms.licence,
        "license_name": terms.name,
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated", *(["found"] if set(seeds) != {"magpie"} else [])],
        "source_datasets": _distinct(name for name in seeds if "/" in name),
        "size_categories": [SIZES[max(len(str(rows)) - 3, 0)]],
        "task_categories": ["text-generation", *(["translation"] if "translate" in kinds else [])],
        "tags": ["sdrrl", "distillation", "synthetic", *(["code-switching"] if "code_switched" in kinds else [])],
        "configs": [config.in_head() for config in configs],
    }
    return {key: value for key, value in entries.items() if value}


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
