"""This room's refusals."""

from http import HTTPStatus

from django.utils.translation import gettext as _

from crm.core.errors import DomainError


class FileRefused(DomainError):
    """The upload is not one of the allowed kinds, or not what it says it is (SEC-14)."""

    code = "file_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, message: str, *, field: str | None = "upload") -> None:
        super().__init__(message, field=field)


class FileTooLarge(FileRefused):
    """More bytes, pixels or unpacked bytes than the documented limit."""

    code = "file_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class FileInfected(FileRefused):
    """The virus scanner named something."""

    code = "file_infected"


class FileInUse(DomainError):
    """The file belongs to an approved form and stays (B257 of the corpus)."""

    code = "file_in_use"

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(message or _("该文件已随审批通过的表单归档，不能作废"), field=field)


class FileLost(DomainError):
    """The row is there, its bytes on disk are not: a fault of ours, told as such (B260)."""

    code = "file_lost"
    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(
            message or _("文件内容暂时无法读取，系统已记录此故障，请凭编号联系管理员"), field=field
        )


class ScannerDown(DomainError):
    """The configured scanner gave no verdict."""

    code = "scanner_down"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after = 30


class StorageFull(DomainError):
    """The disk did not take the bytes; nothing was recorded (RF-65)."""

    code = "storage_full"
    status = HTTPStatus.INSUFFICIENT_STORAGE

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(
            message or _("文件未能保存：存储空间不足或不可用，请联系管理员"), field=field
        )
