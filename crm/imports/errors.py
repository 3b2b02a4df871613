"""This room's refusals."""

from http import HTTPStatus

from crm.core.errors import DomainError


class FileRefused(DomainError):
    """The whole file cannot be taken; the message says why and what to do."""

    code = "import_file_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class WrongStage(DomainError):
    """The step does not follow from where the import stands."""

    code = "import_wrong_stage"


class SecondPersonReleases(DomainError):
    """Whoever brought the file does not release it (D13)."""

    code = "import_second_person"
    status = HTTPStatus.FORBIDDEN


class ColumnsBarred(DomainError):
    """The file means to write columns that the person may not; they are named (B235)."""

    code = "import_columns_barred"
    status = HTTPStatus.FORBIDDEN


class NothingToImport(DomainError):
    """No row of the file is right."""

    code = "import_nothing"


class FileGone(DomainError):
    """The uploaded copy is no longer kept."""

    code = "import_file_gone"
    status = HTTPStatus.GONE
