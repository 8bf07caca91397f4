"""Values of the sandbox refuse what they cannot mean."""

from __future__ import annotations

import pytest

from provenir.core.errors import UsageError
from provenir.environments.sandbox import Isolation, Limits, Plan, RemoteRunner


@pytest.mark.parametrize("name", Limits.__dataclass_fields__)
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 2**63])
def test_a_limit_is_a_positive_number(name, value):
    with pytest.raises(UsageError, match=name):
        Limits(**{name: value})


def test_a_state_is_one_of_three():
    assert Isolation().as_dict() == dict.fromkeys(
        ("net", "fs", "env", "nproc", "mem"), "unverified"
    )
    with pytest.raises(UsageError, match="perhaps"):
        Isolation(net="perhaps")


def test_a_layer_is_one_of_three():
    with pytest.raises(UsageError, match="S3"):
        Plan(layer="S3")


def test_a_remote_runner_is_told_by_its_shape():
    class Cluster:
        isolation = Isolation()

        def run(self, source, *, stdin, limits, timeout_s):
            raise NotImplementedError

    assert isinstance(Cluster(), RemoteRunner)
    assert not isinstance(object(), RemoteRunner)
