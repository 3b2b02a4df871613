"""Who imports what: the whole rule of sight of this room (trust 4.3, row "Import job")."""

from collections.abc import Iterable

from django.db.models import Q

from crm.core.errors import Forbidden, NotFound
from crm.identity.access import rights_of
from crm.identity.choices import Scope
from crm.identity.models import User
from crm.imports.choices import ImportPerm
from crm.imports.kinds import Kind
from crm.imports.models import BatchQuerySet, ImportBatch


def reach_of(user: User, kind: Kind) -> Scope | None:
    """How far the person's import of that kind goes: all of the organisation when a cell names its
    field set, his own rows where the kind knows what that is (`O: c`), None for not at all.
    """
    if user.organisation is None or user.organisation.profile != kind.profile:
        return None
    cells = rights_of(user, ImportPerm.CREATE)
    if any(cell.scope is Scope.ALL and cell.fieldset == kind.fieldset for cell in cells):
        return Scope.ALL
    own = kind.takes_own and any(
        cell.scope is Scope.OWN and cell.fieldset in ("", kind.fieldset) for cell in cells
    )
    return Scope.OWN if own else None


def may_import(user: User, kind: Kind) -> bool:
    """Whether the person may bring a file of that kind."""
    return reach_of(user, kind) is not None


def may_release(user: User, kind: Kind) -> bool:
    """Whether he may release somebody else's: who imports his own rows may not see those."""
    return reach_of(user, kind) is Scope.ALL


def ensure_may_import(user: User, kind: Kind) -> None:
    """Raises Forbidden."""
    if not may_import(user, kind):
        raise Forbidden


def ensure_may_release(user: User, kind: Kind) -> None:
    """Raises Forbidden."""
    if not may_release(user, kind):
        raise Forbidden


def barred_for(batch: ImportBatch, kind: Kind, *people: User) -> frozenset[str]:
    """Columns that may not be written: not by whoever brought the file, in whose name its rows are
    written, and not by whoever works on it (B235).
    """
    asked = {user.pk: user for user in (batch.created_by, *people)}
    return frozenset().union(*(kind.barred(user) for user in asked.values()))


def kinds_for(user: User, kinds: Iterable[Kind]) -> list[Kind]:
    """What the person may import."""
    return [kind for kind in kinds if may_import(user, kind)]


def batches_for(user: User, kinds: Iterable[Kind]) -> BatchQuerySet:
    """The gate: imports of the person's own organisation and of kinds he may import; who imports
    his own rows sees his own files.
    """
    reach = {kind.code: reach_of(user, kind) for kind in kinds}
    whole = [code for code, scope in reach.items() if scope is Scope.ALL]
    own = [code for code, scope in reach.items() if scope is Scope.OWN]
    if not (whole or own) or user.organisation_id is None:
        return ImportBatch.objects.none()
    return ImportBatch.objects.of_organisation(user.organisation_id).filter(
        Q(kind__in=whole) | Q(kind__in=own, created_by=user)
    )


def get_batch(user: User, kinds: Iterable[Kind], pk: int) -> ImportBatch:
    """One import through the gate. Raises NotFound."""
    row = (
        batches_for(user, kinds)
        .select_related("organisation", "created_by", "released_by", "job")
        .filter(pk=pk)
        .first()
    )
    if row is None:
        raise NotFound
    return row
