from crm.imports.services.checking import (
    check_batch,
    mend_cells,
    open_batch,
    prepare_batch,
    start_check,
)
from crm.imports.services.committing import cancel_batch, commit_batch, resume_batch
from crm.imports.services.releasing import release_batch, return_batch, submit_batch
from crm.imports.services.sweeping import sweep_uploads
from crm.imports.services.undoing import undo_batch

__all__ = [
    "cancel_batch",
    "check_batch",
    "commit_batch",
    "mend_cells",
    "open_batch",
    "prepare_batch",
    "release_batch",
    "resume_batch",
    "return_batch",
    "start_check",
    "submit_batch",
    "sweep_uploads",
    "undo_batch",
]
