"""Measurements, each beside what it is to be measured by: `python -m bench REPOSITORY`."""

import os

# What is installed has its bytecode; whoever keeps Python from writing it here would measure the compiler.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
