"""Map the layer folders at the repository root into the one import package, `assaygym`."""

from setuptools import find_packages, setup

LAYERS = ("sandbox", "verifiers", "envs", "agents", "benchmarks")

setup(
    packages=find_packages(".", include=["assaygym", "assaygym.cli"])
    + [f"assaygym.{name}" for layer in LAYERS for name in find_packages(".", include=[layer, f"{layer}.*"])],
    package_dir={"assaygym": "assaygym", **{f"assaygym.{layer}": layer for layer in LAYERS}},
)
