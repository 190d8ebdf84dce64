"""Plans with proof: seconds and quality on drawn instances.

    python benchmarks/optimization.py TASK [options of the task]

Each task is a page of benchmarks/planning with a function ``run(words)``; ``--help`` after it tells its
options.
"""

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[0] = str(HERE.parent)  # not this folder, where this page would pass for the package it measures
TASKS = sorted(
    page.stem for page in (HERE / "planning").glob("*.py") if "\ndef run(" in page.read_text(encoding="utf-8")
)

if __name__ == "__main__":
    task, *words = sys.argv[1:] or [""]
    if task not in TASKS:
        sys.exit(f"{__doc__}\nTasks: {', '.join(TASKS)}")
    importlib.import_module(f"benchmarks.planning.{task}").run(words)
