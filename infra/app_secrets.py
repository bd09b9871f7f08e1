"""Optional storage for the app's secrets outside the server: a secret in Secrets Manager."""

from pulumi import ComponentResource, Output

from infra.empty_secret import empty_secret


class AppSecrets(ComponentResource):
    """An empty secret, which only the operator's own key to AWS reads and fills."""

    arn: Output[str]

    def __init__(self, name: str, server_name: str) -> None:
        super().__init__("invoices:infra:AppSecrets", name)
        secret = empty_secret("app", server_name, "What the invoice dashboard signs with, and its mail server.", self)
        self.arn = secret.arn
        self.register_outputs({"arn": self.arn})
