"""Clients of boto3 whose answers are given, by service, in the order in which they are asked."""

import boto3
from botocore.stub import Stubber


class StubbedAws:
    """An answer that is no dictionary is the code of an error."""

    def __init__(self, answers):
        self._answers, self._clients = answers, {}

    def __call__(self, service, region):
        if service not in self._clients:
            client = boto3.client(service, region, aws_access_key_id="a", aws_secret_access_key="b")
            stubber = Stubber(client)
            for operation, answer in self._answers[service]:
                if isinstance(answer, dict):
                    stubber.add_response(operation, answer)
                else:
                    stubber.add_client_error(operation, answer)
            stubber.activate()
            self._clients[service] = client
        return self._clients[service]
