"""What runs on the far side: in fresh interpreters that hold nothing of ours. Imports nothing from outside this folder.

The host imports what both sides have to agree on (`frames`, `protocol`, parts of `cells` and `container`), and what it
asks of the kernel itself (`cgroup`, `landlock`, `scratch`, `survey`). What runs in containers keeps to Python 3.9.
"""
