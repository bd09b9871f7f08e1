"""What a user would write by hand, and the bare limits: `python -m tests.bench.by_hand DATABASE_URL WORKBOOK`.

Runs in an environment of its own (.venv-bench): the app does not need pandas.
"""

import json
import sys
import time

import openpyxl
import pandas
import psycopg
import sqlalchemy


def main(url: str, workbook: str) -> None:
    """Print the seconds of each way as JSON."""
    figures = {}

    started = time.perf_counter()
    frames = pandas.read_excel(workbook, sheet_name=None, header=None)
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    for name, frame in frames.items():
        frame.astype(str).to_sql(name.lower(), engine, index=False, chunksize=10_000)
    figures["pandas"] = time.perf_counter() - started

    started = time.perf_counter()
    for data_only in (True, False):
        for sheet in openpyxl.load_workbook(workbook, data_only=data_only).worksheets:
            for _ in sheet.iter_rows(values_only=True):
                pass
    figures["openpyxl"] = time.perf_counter() - started

    started = time.perf_counter()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for name, frame in frames.items():
            columns = ", ".join(f"c{index} text" for index in range(frame.shape[1]))
            cursor.execute(f"CREATE TABLE copied_{name.lower()} ({columns})")
            with cursor.copy(f"COPY copied_{name.lower()} FROM STDIN") as copy:
                for row in frame.itertuples(index=False):
                    copy.write_row([None if value is None else str(value) for value in row])
    figures["copy"] = time.perf_counter() - started
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
