"""Answers that are no formulas: choices, dates, times, words."""
