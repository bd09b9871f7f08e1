"""The memory that reading a workbook takes: `python -m tests.bench.reading_child WORKBOOK OUT` prints it as JSON.

A process of its own, as a child is charged with the size of whoever starts it.
"""

import json
import resource
import subprocess
import sys


def main(workbook: str, out: str) -> None:
    """Read the workbook in the child that imports use, and print its peak resident memory in megabytes."""
    command = [
        sys.executable,
        "-m",
        "app.workbook.reading.sheet_reader",
        workbook,
        out,
        str(10**9),
        str(10**9),
        str(10**7),
        str(10**9),
        "bench.xlsx",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    print(json.dumps({"megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6}))


if __name__ == "__main__":
    main(*sys.argv[1:])
