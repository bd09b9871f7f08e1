"""Everybody comes by HTTPS, to a task that answers."""


def test_http_leads_to_https(stack):
    assert stack.one("Listener", "http").inputs["defaultActions"] == [
        {"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_301"}}
    ]


def test_https_takes_tls_12_and_newer_with_the_certificate_once_it_is_issued(stack):
    inputs = stack.one("Listener", "https").inputs

    assert (inputs["sslPolicy"], inputs["certificateArn"]) == (
        "ELBSecurityPolicy-TLS13-1-2-2021-06", "arn:aws:acm:us-east-1:1:certificate/1",
    )  # fmt: skip


def test_headers_that_are_not_http_are_dropped_and_the_name_stays(stack):
    inputs = stack.one("LoadBalancer").inputs

    assert (inputs["dropInvalidHeaderFields"], inputs["preserveHostHeader"], inputs["xffHeaderProcessingMode"]) == (
        True, True, "append",
    )  # fmt: skip


def test_it_is_not_deleted_by_mistake(stack):
    assert stack.one("LoadBalancer").inputs["enableDeletionProtection"] is True
    assert stack.one("LoadBalancer").options.protect


def test_it_gives_up_a_connection_before_the_proxy_does(stack):
    assert stack.one("LoadBalancer").inputs["idleTimeout"] == 60


def test_targets_that_are_replaced_have_another_name_than_those_in_use(stack):
    assert set(stack.one("TargetGroup").inputs) & {"name", "namePrefix"} == {"namePrefix"}


def test_a_task_is_asked_whether_it_lives_and_not_whether_the_database_does(stack):
    check = stack.one("TargetGroup").inputs["healthCheck"]

    assert (check["path"], check["interval"], check["timeout"], check["unhealthyThreshold"]) == ("/healthz", 5, 4, 2)


def test_a_task_that_leaves_has_half_a_minute(stack):
    assert stack.one("TargetGroup").inputs["deregistrationDelay"] == 30
