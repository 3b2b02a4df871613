"""Pages of one file, and its bytes (SEC-15)."""

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from archive.access import cases_of, certificates_shown, customers_of, get_file
from archive.choices import MEDIA_TYPES, ArchivePerm
from archive.downloads import file_answer
from archive.forms import ReplaceForm, VoidForm
from archive.services.files import replace_file, void_file
from archive.services.reading import open_file
from crm.core.policy import Rule, Rules, both, reads
from crm.core.selectors import timeline_of
from crm.core.views import GatedPage, Guarded, ServiceFormView
from crm.identity.access import may

if TYPE_CHECKING:
    from archive.models import StoredFile


class FileView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(ArchivePerm.VIEW))
    template_name = "archive/file_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        file = get_file(user, ArchivePerm.VIEW, self.kwargs["public_id"])
        return super().get_context_data(
            file=file,
            newer=getattr(file, "replaced_by", None),
            customers=customers_of(user, file),
            cases=cases_of(user, file),
            certificates=certificates_shown(user, file),
            history=timeline_of(file),
            may_replace=may(user, ArchivePerm.CREATE),
            may_void=may(user, ArchivePerm.DELETE),
            **kwargs,
        )


class DownloadView(Guarded):
    rules: ClassVar[Rules] = reads(Rule(ArchivePerm.DOWNLOAD))

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        file = get_file(self.request.user, ArchivePerm.DOWNLOAD, public_id)
        return file_answer(
            open_file(file=file, by=self.request.user),
            name=file.name,
            media_type=MEDIA_TYPES[file.format],
            range_header=request.headers.get("Range", ""),
        )


class ReplaceView(ServiceFormView):
    rules: ClassVar[Rules] = both(Rule(ArchivePerm.CREATE))
    form_class = ReplaceForm
    template_name = "archive/file_form.html"
    success_message = _("新版本已保存，旧版本保留")
    extra_context = {"heading": _("上传新版本")}

    def get_subject(self) -> "StoredFile":
        return get_file(self.request.user, ArchivePerm.CREATE, self.kwargs["public_id"])

    def perform(self, subject: "StoredFile", form: ReplaceForm) -> "StoredFile":
        return replace_file(file=subject, upload=form.cleaned_data["upload"], by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("archive:file", args=[self.result.public_id])


class VoidView(ServiceFormView):
    rules: ClassVar[Rules] = both(Rule(ArchivePerm.DELETE))
    form_class = VoidForm
    template_name = "archive/file_form.html"
    success_message = _("文件已作废")
    extra_context = {"heading": _("作废文件")}

    def get_subject(self) -> "StoredFile":
        return get_file(self.request.user, ArchivePerm.DELETE, self.kwargs["public_id"])

    def perform(self, subject: "StoredFile", form: VoidForm) -> "StoredFile":
        return void_file(file=subject, reason=form.cleaned_data["reason"], by=self.request.user)

    def get_success_url(self) -> str:
        customer = customers_of(self.request.user, self.result).first()
        if customer is None:
            return reverse("home")
        return reverse("archive:customer-files", args=[customer.pk])
