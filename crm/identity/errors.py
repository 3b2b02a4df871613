"""This room's refusals."""

from http import HTTPStatus

from crm.core.errors import DomainError


class DutiesExclude(DomainError):
    """Administrator duties exclude each other and every business duty (PM-20)."""

    code = "duties_exclude"


class SamePerson(DomainError):
    """Two different people have to act (PM-21)."""

    code = "same_person"
    status = HTTPStatus.FORBIDDEN


class LastHolder(DomainError):
    """Somebody must remain who holds the duty (PM-32)."""

    code = "last_holder"


class AlreadyDone(DomainError):
    """The account or post is not in the state this act starts from."""

    code = "already_done"


class CodeRefused(DomainError):
    """An activation code that is wrong, used or too old: always the same words (B266)."""

    code = "code_refused"


class NotOurs(DomainError):
    """A department, person or client of another organisation."""

    code = "not_ours"
    status = HTTPStatus.FORBIDDEN
