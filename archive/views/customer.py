"""The tab with a customer's files, and the way in for a new one."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from archive.access import classes_for, files_for, get_customer_for_files
from archive.choices import ArchivePerm, ItemClass, RetentionClass
from archive.forms import UploadForm
from archive.services.files import store_file
from crm.core.paging import capped_count, keyset
from crm.core.policy import Rule, Rules, both, reads
from crm.core.views import GatedPage, ServiceFormView, known_parameters
from crm.identity.access import may
from crm.identity.choices import Secrecy
from customers.selectors.page import Visit

if TYPE_CHECKING:
    from archive.models import StoredFile
    from customers.models import Customer


class CustomerFilesView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(ArchivePerm.VIEW))
    template_name = "archive/customer_files.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {"after"})
        user = self.request.user
        customer = get_customer_for_files(user, ArchivePerm.VIEW, self.kwargs["pk"])
        files = files_for(user, ArchivePerm.VIEW).of_customer(customer.pk).for_list()
        page = keyset(files, order=("-uploaded_at", "-pk"), token=self.request.GET.get("after", ""))
        return super().get_context_data(
            head=Visit(customer, user).head("archive:customer-files"),
            page=page,
            total=capped_count(files),
            next_url=f"?after={page.next}" if page.next else "",
            previous_url=f"?after={page.previous}" if page.previous else "",
            may_add=may(user, ArchivePerm.CREATE),
            **kwargs,
        )


class CustomerFileAddView(ServiceFormView):
    rules: ClassVar[Rules] = both(Rule(ArchivePerm.CREATE))
    form_class = UploadForm
    template_name = "archive/file_form.html"
    success_message = _("文件已保存")
    extra_context = {"heading": _("上传文件")}

    def get_subject(self) -> "Customer":
        return get_customer_for_files(self.request.user, ArchivePerm.CREATE, self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        user = self.request.user
        return {
            **super().get_form_kwargs(),
            "classes": classes_for(user, ArchivePerm.CREATE),
            "clearance": user.clearance,
        }

    def perform(self, subject: "Customer", form: UploadForm) -> "StoredFile":
        data = form.cleaned_data
        return store_file(
            upload=data["upload"],
            item_class=ItemClass(data["item_class"]),
            customer=subject,
            secrecy=Secrecy(data["secrecy"]),
            retention=RetentionClass(data["retention"]) if data["retention"] else None,
            by=self.request.user,
        )

    def get_success_url(self) -> str:
        return reverse("archive:customer-files", args=[self.subject.pk])
