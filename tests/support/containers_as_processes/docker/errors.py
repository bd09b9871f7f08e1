"""The errors of the package `docker` that ministack knows."""


class DockerException(Exception):
    pass


class NotFound(DockerException):
    pass


class ImageNotFound(NotFound):
    pass


class APIError(DockerException):
    pass
