"""A copy that is killed, drained or asked to stop costs at most what it was answering."""

import time

from support.haproxy import SECONDS_UNTIL_NOTICED


def test_kill_9_of_a_copy_fails_only_what_was_sent_to_it_until_the_balancer_noticed(site, load, drill):
    killed = time.monotonic()
    site.kill(site.copies[0])
    assert load.goes_on(40)

    seen = drill.end(goal=f"failures for at most {SECONDS_UNTIL_NOTICED} s")
    assert [one for one in seen.failed if one.ended > killed + SECONDS_UNTIL_NOTICED] == []


def test_a_copy_that_is_drained_before_it_is_asked_to_stop_fails_nothing(site, load, drill):
    leaving = site.copies[0]
    site.balancer.drain(leaving.port)
    site.leave(leaving)
    assert load.goes_on(30)

    assert drill.end(goal="none failed").failures == {}
    assert leaving.popen.returncode == 0


def test_a_copy_that_is_asked_to_stop_while_requests_are_sent_to_it_fails_nothing(site, load, drill):
    leaving = site.copies[0]
    site.leave(leaving)
    assert load.goes_on(30)

    assert drill.end(goal="none failed").failures == {}
    assert leaving.popen.returncode == 0
