"""For all tests: passwords are hashed fast, and long tests come first. Servers that tests start hash as they will in use."""

import pytest
from argon2 import PasswordHasher

from custinfo.actions import passwords

SHIPPED = passwords.HASHER


@pytest.fixture(scope="session", autouse=True)
def fast_passwords():
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    yield
    passwords.HASHER = SHIPPED


def pytest_collection_modifyitems(items):
    """Tests of servers and browsers first: they are the longest, and what is left at the end should be short."""
    items.sort(key=lambda item: item.path.parent.name not in ("server", "pages"))
