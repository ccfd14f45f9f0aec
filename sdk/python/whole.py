"""The build backend: setuptools, on a copy of this folder that is whole.

A package has the contract, the contract's own types and the licence within; a checkout keeps them elsewhere. They are put
beside the sources in a copy, so that nothing is left here.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from setuptools import build_meta as _setuptools

HERE = Path(__file__).resolve().parent
CONTRACT = "since-v0.2"
APART = shutil.ignore_patterns("__pycache__", "tests", "*.egg-info", "build", "dist", ".venv")


@contextmanager
def _whole() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="gantry-package-") as scratch:
        copy = Path(scratch) / "package"
        shutil.copytree(HERE, copy, ignore=APART)
        # What came out of a package of sources is whole already.
        if (HERE.parent / "wit").is_dir():
            shutil.copytree(HERE.parent / "wit" / CONTRACT, copy / "src/gantry_plugin/wit" / CONTRACT)
            shutil.copytree(HERE / "stubs", copy / "src", ignore=APART, dirs_exist_ok=True)
            shutil.copy(HERE.parent.parent / "LICENSE", copy / "LICENSE")
        before = os.getcwd()
        os.chdir(copy)
        try:
            yield
        finally:
            os.chdir(before)


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    out = os.path.abspath(wheel_directory)
    with _whole():
        return _setuptools.build_wheel(out, config_settings)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    out = os.path.abspath(sdist_directory)
    with _whole():
        return _setuptools.build_sdist(out, config_settings)
