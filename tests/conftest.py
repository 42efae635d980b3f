"""For all tests of this process: passwords are hashed fast. Servers that tests start hash as they will in use."""

import pytest
from argon2 import PasswordHasher

from custinfo.actions import passwords

SHIPPED = passwords.HASHER


@pytest.fixture(scope="session", autouse=True)
def fast_passwords():
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    yield
    passwords.HASHER = SHIPPED
