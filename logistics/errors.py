"""This room's refusals."""

from crm.core.errors import DomainError


class NotHeadOffice(DomainError):
    """A branch hangs on a live head office of its own organisation (R-49)."""

    code = "not_head_office"


class HasBranches(DomainError):
    """A head office with live branches stays (R-49)."""

    code = "has_branches"
