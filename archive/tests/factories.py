"""Stored files for all rooms' tests: minimal valid rows; the bytes are put on disk."""

import factory

from archive import storage
from archive.choices import RETENTION_OF, FileFormat, ItemClass
from archive.models import FileLink, StoredFile
from archive.tests import samples
from crm.identity.tests.factories import UserFactory


class StoredFileFactory(factory.django.DjangoModelFactory):
    """A certificate of `customer` (and `case_number`); `content` is a small PDF unless given."""

    class Meta:
        model = StoredFile
        skip_postgeneration_save = True

    class Params:
        content = samples.PDF

    uploaded_by = factory.SubFactory(UserFactory)
    organisation = factory.SelfAttribute("uploaded_by.organisation")
    name = "许可证.pdf"
    format = FileFormat.PDF
    item_class = ItemClass.CERTIFICATE
    retention = factory.LazyAttribute(lambda o: RETENTION_OF[o.item_class])
    sha256 = factory.LazyAttribute(lambda o: storage.put(o.content))
    size = factory.LazyAttribute(lambda o: len(o.content))

    @factory.post_generation
    def customer(self, create, extracted, **kwargs):
        if create and extracted is not None:
            FileLink.objects.create(file=self, customer=extracted, linked_by=self.uploaded_by)

    @factory.post_generation
    def case_number(self, create, extracted, **kwargs):
        if create and extracted:
            FileLink.objects.create(file=self, case_number=extracted, linked_by=self.uploaded_by)
