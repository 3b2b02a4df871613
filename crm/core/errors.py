"""Errors a person can act on. Everything else is a bug and stays a 500."""

from http import HTTPStatus
from typing import ClassVar

from django.utils.translation import gettext as _


class DomainError(Exception):
    """A rule said no. `code` is for machines, `message` for people, `field` for the form."""

    code: ClassVar[str] = "rule_broken"
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT
    retry_after: int | None = None

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def after_rollback(self) -> None:
        """What must be kept although the refused act is undone; nothing for most refusals.

        Whoever owns the outermost transaction calls it once that has rolled back.
        """


class NotFound(DomainError):
    """No such row, or none this person may know of: the two are told alike."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(message or _("没有找到该记录"), field=field)


class Forbidden(DomainError):
    """The row is seen, the act is not allowed."""

    code = "forbidden"
    status = HTTPStatus.FORBIDDEN

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(message or _("您没有办理此项业务的权限"), field=field)


class BadRequest(DomainError):
    """The request itself is not well formed."""

    code = "bad_request"
    status = HTTPStatus.BAD_REQUEST


class StaleVersion(DomainError):
    """The record moved on between reading and writing (RF-06, RF-07)."""

    code = "stale_version"

    def __init__(self, message: str = "", *, current: int | None = None) -> None:
        super().__init__(message or _("该记录已被他人修改，请核对后再保存"))
        self.current = current


class PreconditionFailed(DomainError):
    """`If-Match` names a version that is no longer current."""

    code = "precondition_failed"
    status = HTTPStatus.PRECONDITION_FAILED


class PreconditionRequired(DomainError):
    """A change by API must say which version it starts from."""

    code = "precondition_required"
    status = HTTPStatus.PRECONDITION_REQUIRED


class KeyReused(DomainError):
    """An idempotency key came back with another body."""

    code = "idempotency_key_reused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class StillRunning(DomainError):
    """The twin of this request has not finished yet: ask again."""

    code = "still_running"
    retry_after = 5


class TooLarge(DomainError):
    """More than the documented limit was sent or asked for."""

    code = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class ApprovalNeeded(DomainError):
    """More rows than may leave without a second person's word (B295, PM-26)."""

    code = "approval_needed"
    status = HTTPStatus.FORBIDDEN


class TooManyExports(DomainError):
    """More files in a day than one person needs (SEC-09)."""

    code = "too_many_exports"
    status = HTTPStatus.TOO_MANY_REQUESTS
    retry_after = 3600


class LeaseLost(DomainError):
    """Another worker has taken the job over; what this one still writes is refused (RF-64)."""

    code = "lease_lost"
