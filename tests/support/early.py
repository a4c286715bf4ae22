"""What runs by small models and readers of the Hub import, now or late: for the process that others are forked from.

Nothing here may read the variables of the environment that a test sets for the process that is forked (forks.py): not
`huggingface_hub`, nor what imports it.
"""

import aiohttp
import httpx
import icu4py.breakers
import matplotlib.backends.backend_agg
import pandas
import pyarrow.parquet
import sacrebleu.metrics

from sdrrl_data.pipeline import generate, worker
from sdrrl_data.recipe import loading
from tests.support import small_models

__all__ = ["aiohttp", "generate", "httpx", "icu4py", "matplotlib", "pandas", "pyarrow", "sacrebleu", "worker"]
loading.load("quickstart", small_models.CHANGES)  # every component
