"""A child process is heard through a pipe of its own, whatever a library prints."""

import subprocess
import sys

from app.workbook.reading.child_messages import received


def test_only_what_a_child_tells_comes_through_its_standard_output():
    program = """if True:
        import os
        from app.workbook.reading.child_messages import reserve_standard_output, send
        reserve_standard_output()
        print("0 is out of range")
        os.write(1, b"so is 1")
        send(rows=5)
    """

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == '{"rows": 5}\n'
    assert "0 is out of range" in ran.stderr
    assert "so is 1" in ran.stderr


def test_a_line_that_is_no_message_says_nothing():
    assert [received(line) for line in ("0 is out of range", "7", "", '{"rows": 5}')] == [{}, {}, {}, {"rows": 5}]
