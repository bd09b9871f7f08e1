"""Each way that AWS can fail an operator is one sentence that says what to do."""

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    WaiterError,
)

from playbooks.steps import aws


def refused(code, message="no identity-based policy allows it"):
    return ClientError({"Error": {"Code": code, "Message": message}}, "UpdateService")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            refused("ExpiredTokenException"),
            "AWS: your sign-in has expired: sign in to AWS (such as by `aws sso login`), then run this again.",
        ),
        (
            refused("UnrecognizedClientException"),
            "AWS does not accept your key (UnrecognizedClientException): sign in to AWS (such as by `aws sso login`), "
            "then run this again.",
        ),
        (
            refused("AccessDeniedException"),
            "AWS: you have no right to UpdateService (no identity-based policy allows it): sign in as one who has it, "
            "then run this again.",
        ),
        (
            refused("ThrottlingException"),
            "AWS: UpdateService was asked for too often at once: wait a minute, then run this again.",
        ),
        (
            refused("ServiceNotFoundException", "Service not found."),
            "AWS: UpdateService failed with ServiceNotFoundException: Service not found.",
        ),
        (
            NoCredentialsError(),
            "AWS: there are no credentials that are valid (Unable to locate credentials): sign in to AWS (such as by "
            "`aws sso login`), then run this again.",
        ),
        (
            WaiterError("TasksStopped", "Max attempts exceeded", {}),
            "AWS: what was begun is not done yet (Waiter TasksStopped failed: Max attempts exceeded): `fab status` "
            "shows how far it is; run this again then.",
        ),
    ],
)
def test_what_aws_answers_is_said_in_one_sentence(error, sentence):
    assert aws.sentence(error) == sentence


@pytest.mark.parametrize(
    "error",
    [EndpointConnectionError(endpoint_url="https://ecs.example.com"), ReadTimeoutError(endpoint_url="https://ecs")],
)
def test_a_lost_answer_leaves_open_whether_it_was_done(error):
    assert "so it may have been done or not: look at `fab status`, and run this again" in aws.sentence(error)
