"""`faulty(faults, **more)` starts a server that fails on purpose."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from benchmarks.faulty_server import FaultyServer


@pytest.fixture
def faulty() -> Iterator:
    with ExitStack() as stack:
        yield lambda faults=None, **more: stack.enter_context(FaultyServer(faults, **more))
