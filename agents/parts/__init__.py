"""The parts of training methods, slot by slot; `registry` knows all by name. None of it loads torch."""
