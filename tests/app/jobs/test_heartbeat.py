"""The worker's heartbeat, as the health check of its container hears it."""

import os
import subprocess
import sys
import time

import pytest

from app.jobs.heartbeat import Heartbeat


@pytest.fixture
def heartbeat(tmp_path):
    return Heartbeat(tmp_path, "one")


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
    elsewhere = Heartbeat(heartbeat.folder, "two")

    at = last_beat(heartbeat)
    assert [elsewhere.was_heard(at + 59), elsewhere.was_heard(at + 60)] == [True, False]


def test_the_heart_of_an_earlier_container_is_none(heartbeat):
    heartbeat.beat()

    assert not Heartbeat(heartbeat.folder, "two").is_alive(last_beat(heartbeat))


def test_of_two_workers_each_hears_its_own_heart(heartbeat):
    other = Heartbeat(heartbeat.folder, "two")

    heartbeat.beat()
    other.beat()

    assert [one.is_alive(last_beat(other)) for one in (heartbeat, other)] == [True, True]


def test_the_heart_of_a_container_that_is_long_gone_is_forgotten(heartbeat):
    gone = Heartbeat(heartbeat.folder, "gone")
    gone.beat()
    os.utime(gone.path, (0, 0))

    heartbeat.beat()

    assert list(heartbeat.folder.iterdir()) == [heartbeat.path]


def test_a_heart_goes_on_beating_without_writing_anything_into_its_file(heartbeat):
    heartbeat.beat()
    os.utime(heartbeat.path, (0, 0))

    heartbeat.beat()

    assert heartbeat.is_alive(time.time())
    assert heartbeat.path.stat().st_size == 0  # there is no block that a full disk could lack


def test_a_heart_that_cannot_beat_does_not_stop_the_worker(tmp_path):
    heartbeat = Heartbeat(tmp_path / "nowhere", "one")

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
