"""The import wizard: upload, map, check and mend, release, progress, result (UX-49 to UX-54).

Which kinds there are is told by whoever wires the routes: `kinds` is set by `as_view`.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm.core.errors import NotFound
from crm.core.paging import capped_count, keyset
from crm.core.policy import Rule, Rules, both, reads, writes
from crm.core.views import GatedPage, Guarded, ServiceButtonView, ServiceFormView, known_parameters
from crm.identity.access import ensure_may
from crm.imports import pages, selectors
from crm.imports.access import (
    barred_for,
    batches_for,
    ensure_may_import,
    get_batch,
    kinds_for,
    may_release,
)
from crm.imports.choices import BUSY, ImportPerm
from crm.imports.forms import MapForm, MendForm, ReturnForm, StepForm, UploadForm
from crm.imports.kinds import Kind
from crm.imports.reading import people_offered, sheets_of
from crm.imports.services import (
    cancel_batch,
    mend_cells,
    open_batch,
    prepare_batch,
    release_batch,
    resume_batch,
    return_batch,
    start_check,
    submit_batch,
    undo_batch,
)
from crm.imports.services.workbooks import error_workbook

if TYPE_CHECKING:
    from crm.imports.models import ImportBatch

RIGHT = Rule(ImportPerm.CREATE)


class WithKinds(Guarded):
    """A view that knows the kinds of the house."""

    kinds: Sequence[Kind] = ()

    def kind_of(self, code: str) -> Kind:
        """Raises NotFound."""
        for kind in self.kinds:
            if kind.code == code:
                return kind
        raise NotFound

    @cached_property
    def batch(self) -> "ImportBatch":
        return get_batch(self.request.user, self.kinds, self.kwargs["pk"])

    @cached_property
    def kind(self) -> Kind:
        return self.kind_of(self.batch.kind).fitted(self.batch.organisation)

    def batch_url(self) -> str:
        return reverse("imports:batch", args=[self.kwargs["pk"]])


class HistoryView(WithKinds, GatedPage):
    rules: ClassVar[Rules] = reads(RIGHT)
    template_name = "imports/history.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {"after"})
        user = self.request.user
        ensure_may(user, ImportPerm.CREATE)
        rows = batches_for(user, self.kinds).for_list()
        page = keyset(rows, order=("-created_at", "-pk"), token=self.request.GET.get("after", ""))
        return super().get_context_data(
            kinds=kinds_for(user, self.kinds),
            rows=[(row, self.kind_of(row.kind), pages.tone_of(row)) for row in page.rows],
            total=capped_count(rows),
            next_url=f"?after={page.next}" if page.next else "",
            previous_url=f"?after={page.previous}" if page.previous else "",
            **kwargs,
        )


class UploadView(WithKinds, ServiceFormView):
    rules: ClassVar[Rules] = both(RIGHT)
    form_class = UploadForm
    template_name = "imports/upload.html"

    def get_subject(self) -> Kind:
        kind = self.kind_of(self.kwargs["kind"])
        ensure_may_import(self.request.user, kind)
        return kind

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            kind=self.subject, steps=pages.steps_for("upload"), **kwargs
        )

    def perform(self, subject: Kind, form: UploadForm) -> "ImportBatch":
        upload = form.cleaned_data["file"]
        return open_batch(
            kind=subject, file_name=upload.name, content=upload.read(), by=self.request.user
        )

    def get_success_url(self) -> str:
        return reverse("imports:map", args=[self.result.pk])


class MapView(WithKinds, ServiceFormView):
    rules: ClassVar[Rules] = both(RIGHT)
    form_class = MapForm
    template_name = "imports/map.html"

    def get_subject(self) -> "ImportBatch":
        return self.batch

    @cached_property
    def sheets(self) -> list[str]:
        return sheets_of(self.batch, self.kind)

    @cached_property
    def people(self) -> list[str]:
        """Who imports his own rows brings no colleagues along."""
        is_whole = may_release(self.batch.created_by, self.kind)
        return people_offered(self.batch, self.kind) if is_whole else []

    @cached_property
    def barred(self) -> frozenset[str]:
        return barred_for(self.batch, self.kind, self.request.user)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "kind": self.kind,
            "sheets": self.sheets,
            "header": self.batch.header,
            "people": self.people,
            "barred": self.barred,
            "is_text": not self.batch.file_name.lower().endswith(".xlsx"),
        }

    def get_initial(self) -> dict[str, Any]:
        batch = self.batch
        places = {
            f"column_{c.field}": -1 if c.field in self.barred else batch.mapping.get(c.field, -1)
            for c in self.kind.columns
        }
        chosen = batch.new_people if batch.rows_total else self.people
        initial = {"sheet": batch.sheet, "encoding": batch.encoding, "people": chosen}
        return super().get_initial() | initial | places

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        used = set(self.batch.mapping.values())
        unused = [t for at, t in enumerate(self.batch.header) if t and at not in used]
        return super().get_context_data(
            batch=self.batch,
            kind=self.kind,
            unused=unused,
            barred=[
                column.label
                for column in self.kind.columns
                if column.field in self.barred and column.field in self.batch.mapping
            ],
            before=selectors.same_file_before(
                self.batch, batches_for(self.request.user, self.kinds)
            ),
            steps=pages.steps_for("map", self.batch),
            **kwargs,
        )

    def perform(self, subject: "ImportBatch", form: MapForm) -> "ImportBatch":
        data, user = form.cleaned_data, self.request.user
        moved = data["sheet"] != subject.sheet or data.get("encoding", "") != subject.encoding
        batch = prepare_batch(
            batch=subject,
            kind=self.kind,
            sheet=data["sheet"],
            encoding=data.get("encoding", ""),
            mapping=form.mapping(),
            by=user,
        )
        if moved:
            return batch
        people = data.get("people", [])
        return start_check(batch=batch, kind=self.kind, by=user, new_people=people)

    def get_success_url(self) -> str:
        step = pages.step_of(self.result)
        return reverse("imports:map" if step == "map" else "imports:batch", args=[self.batch.pk])


class BatchView(WithKinds, GatedPage):
    rules: ClassVar[Rules] = reads(RIGHT)
    template_name = "imports/batch.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if pages.step_of(self.batch) == "map":
            return redirect("imports:map", pk=self.batch.pk)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {"after", "all"})
        batch, shows_all = self.batch, self.request.GET.get("all") == "1"
        rows = selectors.rows_of(batch, only_errors=not shows_all)
        page = keyset(rows, order=("number",), token=self.request.GET.get("after", ""))
        counts = selectors.tally(batch)
        step = pages.step_of(batch)
        keep = "&all=1" if shows_all else ""
        return super().get_context_data(
            batch=batch,
            kind=self.kind,
            tone=pages.tone_of(batch),
            step=step,
            steps=pages.steps_for(step, batch),
            tiles=pages.result_tiles(counts) if step == "result" else pages.check_tiles(batch),
            acts=pages.acts_for(
                batch,
                self.request.user,
                may_release=may_release(self.request.user, self.kind),
                written=counts["made"] + counts["changed"] > 0,
                left=counts["ready"] > 0,
            ),
            progress=selectors.progress_of(batch),
            is_busy=batch.status in BUSY,
            shown=pages.shown_rows(self.kind, page.rows, only_errors=not shows_all),
            shows_all=shows_all,
            total=capped_count(rows),
            next_url=f"?after={page.next}{keep}" if page.next else "",
            previous_url=f"?after={page.previous}{keep}" if page.previous else "",
            **kwargs,
        )


class ProgressView(WithKinds, GatedPage):
    """A piece of the page, asked for every second and a half while an import runs (UX-51)."""

    rules: ClassVar[Rules] = reads(RIGHT)
    template_name = "imports/_progress.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        progress = selectors.progress_of(self.batch)
        return super().get_context_data(batch=self.batch, progress=progress, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = super().get(request, *args, **kwargs)
        if selectors.progress_of(self.batch).is_over:
            answer["HX-Refresh"] = "true"
        answer["Cache-Control"] = "no-store"
        return answer


class MendView(WithKinds, ServiceFormView):
    """Wrong cells typed anew; the page it comes from shows what is left."""

    rules: ClassVar[Rules] = writes(RIGHT)
    form_class = MendForm
    template_name = "imports/refused.html"
    success_message = _("已按修改重新检查")

    def get_subject(self) -> "ImportBatch":
        return self.batch

    def perform(self, subject: "ImportBatch", form: MendForm) -> "ImportBatch":
        return mend_cells(
            batch=subject,
            kind=self.kind,
            cells=form.cells(),
            expected=form.cleaned_data["version"],
            by=self.request.user,
        )

    def get_success_url(self) -> str:
        return self.batch_url()


class StepView(WithKinds, ServiceFormView):
    """A button that carries the version it was seen with."""

    rules: ClassVar[Rules] = writes(RIGHT)
    form_class = StepForm
    template_name = "imports/refused.html"

    def get_subject(self) -> "ImportBatch":
        return self.batch

    def get_success_url(self) -> str:
        return self.batch_url()


class SubmitView(StepView):
    success_message = _("已提交，等待另一位同事放行")

    def perform(self, subject: "ImportBatch", form: StepForm) -> "ImportBatch":
        expected = form.cleaned_data["version"]
        return submit_batch(batch=subject, kind=self.kind, expected=expected, by=self.request.user)


class ReleaseView(StepView):
    success_message = _("已放行，正在后台导入")

    def perform(self, subject: "ImportBatch", form: StepForm) -> "ImportBatch":
        expected = form.cleaned_data["version"]
        return release_batch(batch=subject, kind=self.kind, expected=expected, by=self.request.user)


class ReturnView(StepView):
    form_class = ReturnForm
    success_message = _("已退回上传人")

    def perform(self, subject: "ImportBatch", form: ReturnForm) -> "ImportBatch":
        data = form.cleaned_data
        return return_batch(
            batch=subject,
            kind=self.kind,
            expected=data["version"],
            note=data["note"],
            by=self.request.user,
        )


class ButtonView(WithKinds, ServiceButtonView):
    rules: ClassVar[Rules] = writes(RIGHT)

    def get_subject(self) -> "ImportBatch":
        return self.batch

    def get_success_url(self) -> str:
        return self.batch_url()


class CancelView(ButtonView):
    success_message = _("已取消；写入的行保留，可以撤销或继续")

    def perform(self, subject: "ImportBatch") -> "ImportBatch":
        return cancel_batch(batch=subject, kind=self.kind, by=self.request.user)


class ResumeView(ButtonView):
    success_message = _("已继续")

    def perform(self, subject: "ImportBatch") -> "ImportBatch":
        return resume_batch(batch=subject, kind=self.kind, by=self.request.user)


class UndoView(ButtonView):
    success_message = _("正在撤销；导入后被改动过的行会保留")

    def perform(self, subject: "ImportBatch") -> "ImportBatch":
        return undo_batch(batch=subject, kind=self.kind, by=self.request.user)


class ErrorsView(WithKinds):
    """The error workbook (UX-52)."""

    rules: ClassVar[Rules] = reads(RIGHT)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> FileResponse:
        content = error_workbook(batch=self.batch, kind=self.kind, by=self.request.user)
        stem = self.batch.file_name.rpartition(".")[0] or self.batch.number
        name = f"{stem}-{_('错误')}.xlsx"
        answer = FileResponse(io.BytesIO(content), as_attachment=True, filename=name)
        answer["Cache-Control"] = "no-store, private"
        return answer
