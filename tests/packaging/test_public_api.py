"""What users may rely on: the public names, and the fields of the data types."""

import ast
import dataclasses
import importlib
import pickle
from importlib.metadata import version
from pathlib import Path

import pytest

import assaygym
from assaygym import errors, types

PUBLIC = (
    "AssayError Completion Env EnvSpec Limits Message Policy Prompt Rubric SamplingParams Score StopReason Task "
    "TaskDefinition ToolCall ToolEnv ToolError ToolSpec Trajectory Turn Verdict Verifier agents benchmarks call "
    "check_env envs errors evaluate make make_vec open_sandbox rollout sandbox spec task tool types verifiers "
).split()

FIELDS = {
    "ToolCall": "id name arguments",
    "Message": "role content reasoning tool_calls tool_call_id",
    "ToolSpec": "name description parameters",
    "Task": "id prompt answer metadata",
    "Score": "value verdict extracted explanation metrics flags seconds",
    "Completion": "message finish_reason prompt_ids token_ids logprobs entropies top_k_entropies cached",
    "Turn": "observation completion reward info action sampling_seconds step_seconds",
    "Trajectory": "env_id task_id seed split turns score stop_reason id parent error notes",
}


def test_the_public_names_are_these() -> None:
    assert sorted(assaygym.__all__) == sorted(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(assaygym, name) is not None


@pytest.mark.parametrize(
    "module", ["types", "errors", "sandbox", "sandbox.base", "verifiers", "verifiers.base", "agents"]
)
def test_the_names_that_a_module_lists_are_there(module: str) -> None:
    loaded = importlib.import_module(f"assaygym.{module}")
    assert [name for name in loaded.__all__ if not hasattr(loaded, name)] == []


@pytest.mark.parametrize("package", ["assaygym", "assaygym.agents", "assaygym.benchmarks", "assaygym.verifiers"])
def test_type_checkers_and_programs_see_the_same_names(package: str) -> None:
    loaded = importlib.import_module(package)
    assert loaded.__file__ is not None
    guard = next(n for n in ast.parse(Path(loaded.__file__).read_text()).body if isinstance(n, ast.If))
    seen = [alias.asname for node in guard.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(map(str, seen)) == sorted(loaded.__all__) == dir(loaded)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        assaygym.nothing


def test_the_version_is_that_of_the_distribution() -> None:
    assert assaygym.__version__ == version("assaygym")


@pytest.mark.parametrize(("name", "fields"), FIELDS.items())
def test_the_fields_of_a_data_type_are_these(name: str, fields: str) -> None:
    assert [field.name for field in dataclasses.fields(getattr(types, name))] == fields.split()


@pytest.mark.parametrize("name", FIELDS)
def test_a_data_type_is_frozen_slotted_and_keyword_only(name: str) -> None:
    kind = getattr(types, name)
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)
    assert all(field.kw_only for field in dataclasses.fields(kind))


ERRORS = [getattr(errors, name) for name in errors.__all__ if isinstance(getattr(errors, name), type)]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_of_our_tree_and_pickles(error: type[Exception]) -> None:
    again = pickle.loads(pickle.dumps(error("what was given")))
    assert isinstance(again, errors.AssayError)
    assert type(again) is error
    assert str(again) == "what was given"


@pytest.mark.parametrize("error", [e for e in ERRORS if e is not errors.AssayError])
def test_an_error_is_also_the_standard_error_it_refines(error: type[Exception]) -> None:
    standard = {base for base in error.__mro__ if base.__module__ == "builtins"} - {Exception, BaseException, object}
    assert standard


def test_every_error_stands_in_the_tree_of_the_module_docstring() -> None:
    assert [e.__name__ for e in ERRORS if e.__name__ not in (errors.__doc__ or "")] == []
