"""A world worth looking at: long names, late steps, returned forms, messages, an empty desk."""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.utils import timezone

from crm.approvals.choices import Verdict
from crm.approvals.models import Step
from crm.approvals.services import save_phrase
from crm.identity.choices import Duty, SourceSystem
from crm.identity.tests.doors import give_totp
from crm.tests.personas import World
from customers.tests.factories import ContactFactory, CustomerFactory
from onboarding.choices import InboundKind
from onboarding.services import entry, registration

LONG = (
    "新疆维吾尔自治区伊犁哈萨克自治州察布查尔锡伯自治县孙扎齐牛录镇便民烟酒副食品批发零售综合商行"
)
UNITS = (
    "中国铁路西安局集团有限公司机车检修段",
    "陕西䶮昇轨道交通装备有限责任公司",
    "宝鸡中车时代工程机械有限公司",
)
NUMBERS = ("610602197902150288", "61060219790215030X", "610602197902150317")


class Gallery(World):
    """The personas' world with enough in it to show how each page looks when it is used."""

    def __init__(self):
        super().__init__()
        self.manager = self.people["repair_manager"]
        self._name_people()
        self._fill_the_list()
        self._fill_the_queue()
        self.secret = self._give_factor(self.people["sys"])

    def _name_people(self):
        for person, name in (
            (self.manager, "张晓梅"),
            (self.people["sys"], "系统管理员甲"),
            (self.people["repair_gm"], "买买提·吐尔逊"),
        ):
            person.name = name
            person.save(update_fields=["name"])

    def _fill_the_list(self):
        for name in (*UNITS, LONG):
            customer = CustomerFactory(
                department=self.market, manager=self.manager, name=name, created_by=self.manager
            )
            ContactFactory(customer=customer, name="欧阳娜娜")
        ContactFactory(customer=self.customer, name="买买提·吐尔逊", position="采购部副主任")

    def _fill_the_queue(self):
        town = self.town
        forms = [town.start(store_name=name, identity_no=number) for name, number in self._shops()]
        for form in forms:
            registration.submit_licence_block(form=form, by=town.officer)
        back = forms[-1]
        town.sign(back, Duty.SL, town.squad_leader, verdict=Verdict.RETURN, opinion="门牌号不清")
        self.late = forms[0]
        self.late.refresh_from_db()
        Step.objects.filter(case=self.late.licence_case).exclude(due_at=None).update(
            due_at=timezone.now() - timedelta(days=2)
        )
        save_phrase(text="资料齐全，同意。", by=town.squad_leader)

    @staticmethod
    def _shops():
        return zip(("宝塔区兰家坪㐂来烟酒店", LONG, "枣园便利店"), NUMBERS, strict=True)

    def _give_factor(self, person):
        Authenticator.objects.filter(user=person).delete()
        return give_totp(person)

    def step_of_squad(self):
        return Step.objects.get(case=self.late.licence_case, duty=Duty.SL)

    def carry_on(self):
        """Bring the form in review to the eve of its activation; returns it."""
        town, form = self.town, self.form
        for duty, person in (*town.three, (Duty.DSM, town.deputy)):
            town.sign(form, duty, person)
        entry.enter_data(form=form, by=town.network_2)
        form.refresh_from_db()
        for system in (SourceSystem.EM, SourceSystem.CRM):
            town.echo(form, system)
        entry.finish_entry(form=form, by=town.network_2)
        entry.send_transfer_form(form=form, by=town.network_2)
        town.report(SourceSystem.ORDER_CENTRE, InboundKind.RECEIPT, form, receipt_no="OC-1")
        form.refresh_from_db()
        return form
