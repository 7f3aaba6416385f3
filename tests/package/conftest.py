"""The package of this tree, made once for all tests of this folder."""

import shutil

import pytest

from packages import ROOT, build


@pytest.fixture(scope="session")
def copies(tmp_path_factory):
    """The package, made twice: of this tree, and of a copy with another name in another folder."""
    folder = tmp_path_factory.mktemp("packages")
    copy = folder / "a copy with another name"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("build", ".git", "node_modules", "__pycache__", "corpus"))
    return build(ROOT, folder / "one"), build(copy, folder / "another folder")


@pytest.fixture(scope="session")
def package(copies):
    return copies[0]
