import pytest

from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.generation import vllm_engine


@pytest.mark.parametrize(
    ("engines", "tensor_parallel", "gpus", "useful"),
    [(None, 1, 0, 1), (3, 1, 0, 3), (None, 1, 8, 8), (2, 1, 8, 2), (None, 4, 8, 2), (None, 2, 3, 1), (2, 4, 8, 2)],
)
def test_there_is_an_engine_for_each_group_of_gpus(engines, tensor_parallel, gpus, useful):
    settings = recipe.GeneratorConfig(model="any", engines=engines, tensor_parallel=tensor_parallel)
    assert vllm_engine.useful(settings, gpus) == useful


@pytest.mark.parametrize(
    ("engines", "tensor_parallel", "gpus", "says"),
    [
        (None, 4, 2, "asks for 4 GPUs, and 2 can be used"),
        (9, 1, 8, "asks for 9 GPUs, and 8 can be used"),
        (2, 2, 0, "asks for 4 GPUs, and 0 can be used"),
    ],
)
def test_more_gpus_than_there_are_is_refused(engines, tensor_parallel, gpus, says):
    settings = recipe.GeneratorConfig(model="any", engines=engines, tensor_parallel=tensor_parallel)
    with pytest.raises(UserError, match=says):
        vllm_engine.useful(settings, gpus)
