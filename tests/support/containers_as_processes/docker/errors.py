"""The errors of the package `docker` that ministack knows, by its names."""


class DockerError(Exception):
    pass


class NotFound(DockerError):  # noqa: N818  # its name there
    pass


class ImageNotFound(NotFound):
    pass


class APIError(DockerError):
    pass
