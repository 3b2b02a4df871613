"""The one door for a worker: which act a job of this room asks for."""

from crm.core.models import JobRun
from crm.imports.kinds import Kind
from crm.imports.services.background import check_later
from crm.imports.services.committing import commit_batch
from crm.imports.services.undoing import take_back


def run_import(*, job: int, kind: Kind) -> bool:
    """Check, carry out or take back an import, as its job says. Rules: D13, RF-47, UX-54."""
    act = JobRun.objects.values_list("arguments__act", flat=True).get(pk=job)
    if act == "check":
        return check_later(job=job, kind=kind)
    return take_back(job=job, kind=kind) if act == "undo" else commit_batch(job=job, kind=kind)
