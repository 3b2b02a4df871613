"""A step nobody but the applicant could sign goes to the next leader. Under the case's lock."""

from collections.abc import Iterator, Sequence
from typing import Final

from crm.approvals.access import signer_ids
from crm.approvals.formulas import desk_of
from crm.approvals.models import Case, Detour, Step
from crm.identity.choices import Duty

LEADERS: Final = (Duty.DSM, Duty.MVP, Duty.GM)
"""Who is asked, in this order, once the case's own later signers are no help: the bureau's deputy,
the company's, then the general manager."""
_PLACE: Final = ("duty", "department_id", "department_kind", "desk")


def detour(*, case: Case, woken: Sequence[Step], steps: Sequence[Step]) -> list[Detour]:
    """Move, in memory, every woken step whose post only the fillers hold.

    Returns what is to be written beside the moved steps. `steps` are those of the round: a later
    signer of the same case comes first, then `LEADERS`. A post nobody holds stays where it is:
    filling it is the administrator's task, not a reason to widen a leader's. Rules: B128, T-71.
    """
    asked = signer_ids(woken, case.filler_ids)
    alone = [step for step, people in zip(woken, asked, strict=True) if not people]
    return [made for step in alone if (made := _move(case, step, woken, steps))]


def place_before(step: Step) -> dict[str, object]:
    """Duty, department and desk as the route had them."""
    origin = getattr(step, "detour", step)
    return {name: getattr(origin, name) for name in _PLACE}


def _move(case: Case, step: Step, woken: Sequence[Step], steps: Sequence[Step]) -> Detour | None:
    if signer_ids([step], ()) == [[]]:
        return None
    taken = {(other.duty, other.desk) for other in woken}
    for leader in _leaders(step, steps):
        if (leader.duty, leader.desk) in taken:
            continue
        if signer_ids([leader], case.filler_ids) != [[]]:
            made = Detour(step=step, **{name: getattr(step, name) for name in _PLACE})
            for name in _PLACE:
                setattr(step, name, getattr(leader, name))
            return made
    return None


def _leaders(step: Step, steps: Sequence[Step]) -> Iterator[Step]:
    yield from (other for other in steps if other.stage > step.stage)
    for duty in LEADERS:
        yield Step(organisation_id=step.organisation_id, duty=duty, desk=desk_of(None, ""))
