"""The worker's heartbeat, as the health check of its container hears it."""

import os
import subprocess
import sys
import time

import pytest

from app.jobs.heartbeat import Heartbeat


@pytest.fixture
def heartbeat(tmp_path):
    return Heartbeat(tmp_path / "worker-alive", "one")


def last_beat(heartbeat):
    return heartbeat.path.stat().st_mtime


def test_a_worker_that_has_just_been_heard_of_is_alive(heartbeat):
    heartbeat.beat()

    assert heartbeat.is_alive(last_beat(heartbeat) + 59)


def test_a_worker_that_was_not_heard_of_for_a_minute_is_not(heartbeat):
    heartbeat.beat()

    assert not heartbeat.is_alive(last_beat(heartbeat) + 60)


def test_a_worker_that_was_never_heard_of_is_not(heartbeat):
    assert not heartbeat.is_alive(0)


def test_another_machine_hears_a_worker_that_has_beaten_within_a_minute(heartbeat):
    heartbeat.beat()
    elsewhere = Heartbeat(heartbeat.path, "two")

    at = last_beat(heartbeat)
    assert [elsewhere.was_heard(at + 59), elsewhere.was_heard(at + 60)] == [True, False]


def test_the_heart_of_an_earlier_container_is_none(heartbeat):
    heartbeat.beat()

    assert not Heartbeat(heartbeat.path, "two").is_alive(last_beat(heartbeat))


def test_a_heart_goes_on_beating_on_a_disk_that_has_no_room_for_another_file(heartbeat):
    heartbeat.beat()
    os.utime(heartbeat.path, (0, 0))
    heartbeat.path.with_suffix(".new").mkdir()  # in the way of a new file

    heartbeat.beat()

    assert heartbeat.is_alive(time.time())


def test_a_heart_that_cannot_beat_does_not_stop_the_worker(tmp_path):
    heartbeat = Heartbeat(tmp_path / "nowhere" / "worker-alive", "one")

    heartbeat.beat()

    assert not heartbeat.is_alive(0)


def test_the_program_says_what_is_wrong_in_a_sentence(tmp_path):
    asked = subprocess.run(
        [sys.executable, "-m", "app.jobs.heartbeat"],
        env={"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (asked.returncode, asked.stderr) == (1, "The worker has not been heard of for a minute.\n")
