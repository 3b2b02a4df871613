from http import HTTPStatus

from crm.core.errors import DomainError


class WrongStage(DomainError):
    """The form does not stand where this act belongs (T-31 to T-49)."""

    code = "wrong_stage"


class Incomplete(DomainError):
    """Something the next stage needs is missing."""

    code = "incomplete"


class TaskOpen(DomainError):
    """The sales block may be submitted only when its four tasks are ticked (T-42)."""

    code = "task_open"


class BindingMissing(DomainError):
    """Withholding is agreed but no account is bound (T-40, T-42)."""

    code = "binding_missing"


class EntryDiffers(DomainError):
    """What was entered is not what was approved (T-45)."""

    code = "entry_differs"


class FinalApprover(DomainError):
    """Who gave the final approval does not carry it out (PM-24)."""

    code = "final_approver"


class NotYours(DomainError):
    """Another duty does this part of the form."""

    code = "not_your_part"
    status = HTTPStatus.FORBIDDEN
