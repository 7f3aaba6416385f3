"""Clients that come from packages, installed or unpacked by tests/run.sh."""

import os
import pathlib
import shutil

from .absence import absent

UNPACKED = pathlib.Path(__file__).resolve().parents[2] / "build" / "packages"


def lacking(what):
    """A client that is not there."""
    absent(what, "not installed; tests/run.sh gets it")


def find_program(name):
    """The path of a program that is installed, or unpacked from its package."""
    return shutil.which(name, path=f"{os.environ['PATH']}:{UNPACKED}/{name}/usr/bin") or lacking(name)
