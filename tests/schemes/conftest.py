"""Fixtures of the scheme tests."""

import pytest
from small_link import TinyCodec, link_config

from linksim.schemes.base import SchemeContext


@pytest.fixture
def codec():
    return TinyCodec()


@pytest.fixture
def context():
    return SchemeContext(link_config())
