"""The built-in environments: a table, so that none is imported before it is made."""

from __future__ import annotations

from assaygym.envs.registration import EnvSpec, register, register_installed

__all__ = ["BUILT_IN", "register_all"]

BUILT_IN = (
    EnvSpec(
        id="assay/ChainSum-v0",
        entry_point="assaygym.envs.families.chain_sum:chain_sum",
        kind="math",
        summary="Add and subtract a chain of whole numbers.",
    ),
    EnvSpec(
        id="assay/Countdown-v0",
        entry_point="assaygym.envs.families.countdown:countdown",
        kind="math",
        summary="Reach a target from given numbers with + - * /.",
    ),
    EnvSpec(
        id="assay/WordProblem-v0",
        entry_point="assaygym.envs.families.word_problem:word_problem",
        kind="math",
        summary="Grade-school word problems with distractors and unit changes.",
    ),
    EnvSpec(
        id="assay/Reverse-v0",
        entry_point="assaygym.envs.families.reverse:reverse",
        kind="text",
        summary="Reverse a string.",
    ),
    EnvSpec(
        id="assay/Calculator-v0",
        entry_point="assaygym.envs.families.calculator:Calculator",
        kind="tool",
        summary="Multiply two numbers, with a calculator that may be asked once.",
        max_turns=2,
    ),
    EnvSpec(
        id="assay/PythonCalc-v0",
        entry_point="assaygym.envs.families.python_calc:PythonCalc",
        kind="tool",
        summary="Compute a quantity with a sandboxed Python tool.",
        max_turns=6,
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/FunctionFromTests-v0",
        entry_point="assaygym.envs.families.function_from_tests:function_from_tests",
        kind="code",
        summary="Write a Python function from its description; hidden tests judge it.",
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/OutputPrediction-v0",
        entry_point="assaygym.envs.families.output_prediction:output_prediction",
        kind="code",
        summary="Say what a program returns or prints.",
    ),
    EnvSpec(
        id="assay/InputPrediction-v0",
        entry_point="assaygym.envs.families.input_prediction:input_prediction",
        kind="code",
        summary="Find an input for which a program gives a wanted output.",
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/Regex-v0",
        entry_point="assaygym.envs.families.regex:regex",
        kind="code",
        summary="Write a regular expression from examples; hidden strings judge it.",
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/TestWriting-v0",
        entry_point="assaygym.envs.families.test_writing:writing",
        kind="code",
        summary="Write tests that catch hidden faulty versions of a function.",
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/StdinStdout-v0",
        entry_point="assaygym.envs.families.stdin_stdout:stdin_stdout",
        kind="code",
        summary="Write a program from standard input to standard output; hidden tests judge it.",
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/JsonTransform-v0",
        entry_point="assaygym.envs.families.json_transform:json_transform",
        kind="code",
        summary="Write a function that reshapes JSON documents; hidden documents judge it.",
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/Complexity-v0",
        entry_point="assaygym.envs.families.complexity:complexity",
        kind="code",
        summary="Replace a quadratic function by a fast one; a long hidden input judges it.",
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/TicTacToe-v0",
        entry_point="assaygym.envs.families.tic_tac_toe:TicTacToe",
        kind="game",
        summary="Play noughts and crosses against a random to perfect opponent.",
        max_turns=6,
    ),
    EnvSpec(
        id="assay/Shop-v0",
        entry_point="assaygym.envs.families.shop:Shop",
        kind="tool",
        summary="Serve a customer with shop tools under a policy; the final state is checked.",
        max_turns=12,
    ),
    EnvSpec(
        id="assay/Sql-v0",
        entry_point="assaygym.envs.families.sql:sql_task",
        kind="code",
        summary="Answer a question about a database with one SELECT; hidden databases judge it.",
        requires=("sandbox", "sqlglot"),
    ),
    EnvSpec(
        id="assay/StackVM-v0",
        entry_point="assaygym.envs.families.stack_vm:stack_vm",
        kind="code",
        summary="Program a small stack machine; hidden inputs judge the program.",
    ),
    EnvSpec(
        id="assay/Manufactoria-v0",
        entry_point="assaygym.envs.families.manufactoria:manufactoria",
        kind="code",
        summary="Build a machine that accepts or rewrites tapes by a rule; hidden tapes judge it.",
    ),
    EnvSpec(
        id="assay/BugRepair-v0",
        entry_point="assaygym.envs.families.bug_repair:BugRepair",
        kind="code",
        summary="Mend a module with tools: read, edit, run tests; hidden tests judge its final state.",
        max_turns=16,
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/MiniRepo-v0",
        entry_point="assaygym.envs.families.mini_repo:MiniRepo",
        kind="code",
        summary="Mend a small repository from an issue with tools; hidden tests judge its final state.",
        max_turns=24,
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/Shell-v0",
        entry_point="assaygym.envs.families.shell:shell",
        kind="code",
        summary="Write a bash script that changes a tree of files; hidden trees judge it.",
        requires=("sandbox",),
    ),
    EnvSpec(
        id="assay/BouncingSim-v0",
        entry_point="assaygym.envs.families.bouncing_sim:bouncing_sim",
        kind="code",
        summary="Write a function that simulates bouncing balls; hidden times judge it.",
        requires=("sandbox",),
    ),
)


def register_all() -> None:
    """Register the built-in environments and those of installed distributions."""
    for built_in in BUILT_IN:
        register(built_in)
    register_installed()
