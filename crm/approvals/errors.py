"""What the engine refuses, and in which words."""

from http import HTTPStatus

from crm.core.errors import DomainError


class CaseClosed(DomainError):
    """The case has ended, or waits for its filler: nothing can be decided on it (B133, B143)."""

    code = "case_closed"


class CaseStillOpen(DomainError):
    """Only a returned case is put forward again."""

    code = "case_still_open"


class AlreadyDecided(DomainError):
    """Somebody was faster; the message says who and when (RF-01)."""

    code = "already_decided"


class StepAhead(DomainError):
    """An earlier stage has not finished (B130)."""

    code = "step_ahead"


class ContentChanged(DomainError):
    """What the signer saw is not what would be signed."""

    code = "content_changed"


class OwnCase(DomainError):
    """Nobody signs what he filled in himself (T-71, PM-22)."""

    code = "own_case"
    status = HTTPStatus.FORBIDDEN


class NotYourStep(DomainError):
    """The person does not hold the post of the step at this moment (RF-03)."""

    code = "not_your_step"
    status = HTTPStatus.FORBIDDEN


class SignedBeside(DomainError):
    """The person signed a parallel step of the same stage (PM-23)."""

    code = "signed_beside"
    status = HTTPStatus.FORBIDDEN


class NotYourCase(DomainError):
    """Only the applicant withdraws, reminds and puts forward again."""

    code = "not_your_case"
    status = HTTPStatus.FORBIDDEN


class VerdictBarred(DomainError):
    """The route does not give this step that answer."""

    code = "verdict_barred"


class OpinionMissing(DomainError):
    """A return or refusal without a reason (T-69, UX-42)."""

    code = "opinion_missing"
    status = HTTPStatus.BAD_REQUEST


class UrgedLately(DomainError):
    """Reminded less than four hours ago (UX-45)."""

    code = "urged_lately"


class RouteMissing(DomainError):
    """The organisation has no live route for this kind, or a route that cannot run."""

    code = "route_missing"


class RouteFrozen(DomainError):
    """A published version is never edited; a change makes a new one."""

    code = "route_frozen"


class TooManyPhrases(DomainError):
    """A list of saved opinions stays short enough to read."""

    code = "too_many_phrases"
