"""Suites, runner, statistics and report."""
