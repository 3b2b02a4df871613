"""西安瑞吉通信设备维修有限公司 and a small operator: managers, units, logistics firms."""

from typing import Final

from crm.core.models import Region
from crm.demo.cable import seed_subscribers
from crm.demo.sources import Record, Sources
from crm.demo.staff import Hire, Office
from crm.demo.ties import give_office_a_firm, know_key_persons, link_operators, seed_group
from crm.identity.choices import DepartmentKind, Duty, Profile, Sex
from crm.identity.models import User
from crm.identity.services.managers import ManagerCard, record_manager
from customers.choices import CustomerType, UnitLayer
from customers.services.register import register_customers
from customers.values import NewContact, NewCustomer, NewRepair
from logistics.formulas import FirmDetails, split_branch_name
from logistics.models import LogisticsFirm
from logistics.services import register_branch, register_head_office

REPAIR: Final = "西安瑞吉通信设备维修有限公司"
OPERATOR: Final = "广东广电示范运营"
STAFF: Final = (
    ("clerk", "秦岚", Duty.MC, DepartmentKind.MARKET),
    ("marketing-vp", "方明远", Duty.MVP, DepartmentKind.COMPANY),
    ("gm", "石怀仁", Duty.GM, DepartmentKind.COMPANY),
    ("finance", "柳如意", Duty.FIN, DepartmentKind.FINANCE),
    ("technical", "程克俭", Duty.TM, DepartmentKind.TECHNICAL),
    ("archive", "孟书瑶", Duty.ARC, DepartmentKind.ARCHIVE),
    ("clerk2", "葛思齐", Duty.MC, DepartmentKind.MARKET),
    ("archive2", "白云舒", Duty.ARC, DepartmentKind.ARCHIVE),
    ("office", "贺兰心", Duty.MC, DepartmentKind.OFFICE),
)
"""The second clerk and the second keeper release what the first import (D13)."""
ROOMS: Final = {
    DepartmentKind.MARKET: "市场部",
    DepartmentKind.FINANCE: "财务部",
    DepartmentKind.TECHNICAL: "技术部",
    DepartmentKind.ARCHIVE: "档案室",
    DepartmentKind.OFFICE: "延安办事处",
}
LAYERS: Final = {
    "集团公司": UnitLayer.GROUP,
    "省分公司": UnitLayer.PROVINCE,
    "地市分公司": UnitLayer.CITY,
}
TYPES: Final = {"网上客户": CustomerType.ONLINE, "传统客户": CustomerType.TRADITIONAL}
SEXES: Final = {"男": Sex.MALE, "女": Sex.FEMALE}
LOCAL_FORMAT: Final = "江苏"


def seed_repair(sources: Sources, *, units: int, firms: int) -> dict[str, int]:
    """The repair company with its managers' cards, about `units` units and its carriers."""
    office = Office(
        code="ruiji", name=REPAIR, profile=Profile.REPAIR, region="610113", prefix="repair-"
    )
    home = {kind: office.department(kind, name, kind) for kind, name in ROOMS.items()}
    home[DepartmentKind.COMPANY] = office.organisation
    people = {
        login: office.hire(Hire(f"repair-{login}", name, duty, home[kind]))
        for login, name, duty, kind in STAFF
    }
    managers: dict[str, User] = {}
    for number, record in enumerate(sources.managers(), start=1):
        person = office.hire(
            Hire(
                f"repair-manager{number}",
                record["姓名"],
                Duty.AM,
                home[DepartmentKind.MARKET],
                record["移动电话"],
                has_password=number <= 2,
            )
        )
        record_manager(user=person, card=_card(record), by=people["clerk"])
        managers[record["姓名"]] = person
    carriers = _seed_firms(sources, firms, people["clerk"])
    records, places = sources.operators(units), Places()
    wanted = [row for record in records if (row := _unit(record, places, managers)) is not None]
    keeper = people["archive"]
    done = register_customers(organisation=office.organisation, rows=wanted, by=keeper)
    links = link_operators(records, office.organisation, by=keeper)
    know_key_persons(office.organisation, by=keeper)
    give_office_a_firm(home[DepartmentKind.OFFICE], by=people["clerk"])
    return {"units": len(done.codes), "firms": carriers, "links": links}


def seed_operator(sources: Sources, *, subscribers: int) -> dict[str, int]:
    """The operator, with one manager, one representative, one keeper, users in its hall, and one
    group customer with its members.
    """
    office = Office(
        code="gd-demo", name=OPERATOR, profile=Profile.BOSS, region="440106", prefix="boss-"
    )
    market = office.department("market", "市场部", DepartmentKind.MARKET)
    hall = office.department("hall", "天河营业厅", DepartmentKind.OFFICE, region="440106")
    archive = office.department("archive", "档案室", DepartmentKind.ARCHIVE)
    people = {
        login: office.hire(Hire(login, name, duty, department))
        for login, name, duty, department in (
            ("boss-manager", "梁俊杰", Duty.AM, market),
            ("boss-rep", "黎婉仪", Duty.REP, hall),
            ("boss-archive", "麦永康", Duty.ARC, archive),
        )
    }
    done = seed_subscribers(
        sources.subscribers(subscribers),
        hall=hall,
        keeper=people["boss-archive"],
        manager=people["boss-manager"],
        sys=office.sys,
    )
    seed_group(office.organisation, by=people["boss-manager"])
    return done


class Places:
    """Codes of provinces and prefectures by their names."""

    def __init__(self) -> None:
        self._provinces = dict(Region.objects.provinces().values_list("name", "code"))
        self._cities = {
            (parent, name): code
            for parent, name, code in Region.objects.cities().values_list(
                "parent_id", "name", "code"
            )
        }

    def find(self, province: str, city: str) -> tuple[str, str] | None:
        """Both codes; None where the names are no divisions in force."""
        above = self._provinces.get(province, "")
        code = self._cities.get((above, city))
        return (above, code) if code else None


def _card(record: Record) -> ManagerCard:
    return ManagerCard(
        position=record["职务"],
        mobile=record["移动电话"],
        sex=SEXES.get(record["性别"], Sex.UNKNOWN),
        home_address=record["家庭住址"],
        postcode=record["邮政编码"],
    )


def _unit(record: Record, places: Places, managers: dict[str, User]) -> NewCustomer | None:
    """One unit as registered; None for rows only an import with its mends can take."""
    place = places.find(record["省份"], record["地市"])
    manager = managers.get(record["客户经理"])
    kind, layer = TYPES.get(record["客户类型"]), LAYERS.get(record["单位层级"])
    if place is None or manager is None or kind is None or layer is None:
        return None
    return NewCustomer(
        name=record["客户名称"],
        province=place[0],
        city=place[1],
        customer_type=kind,
        address=record["客户地址"],
        postcode=record["邮政编码"],
        credit_code=record["统一社会信用代码"],
        document_format="jiangsu_unicom" if LOCAL_FORMAT in record["单据格式"] else "standard",
        remark=record["备注"],
        manager=manager.pk,
        contacts=(_contact(record),),
        repair=NewRepair(unit_layer=layer, logistics_name=record["物流公司"]),
    )


def _contact(record: Record) -> NewContact:
    age = record["年龄"]
    return NewContact(
        name=record["客户联系人"],
        is_primary=True,
        position=record["职务"],
        sex=SEXES.get(record["性别"], Sex.UNKNOWN),
        age=int(age) if age.isdecimal() else None,
        office_phone=record["办公电话"],
        mobile=record["移动电话"],
        fax=record["传真"],
        email=record["电子邮箱"],
    )


def _seed_firms(sources: Sources, most: int, clerk: User) -> int:
    heads: dict[str, LogisticsFirm] = {}
    made, records = 0, sources.firms(most)
    called = {
        record["所属总部"]: split_branch_name(record["名称"]).short_name
        for record in reversed(records)
        if record["所属总部"]
    }
    for record in records:
        details = FirmDetails(
            address=record["地址"],
            postcode=record["邮政编码"],
            contact=record["主要联系人"],
            contact_position=record["职务"],
            phone=record["电话"],
        )
        if record["总部/分支"] == "总部":
            name = record["名称"]
            heads[name] = register_head_office(
                name=name,
                short_name=called.get(name) or name[:3],
                city=record["地市"],
                details=details,
                by=clerk,
            )
            made += 1
        elif (head := heads.get(record["所属总部"])) and _fits(record, head):
            register_branch(parent=head, city=record["地市"], details=details, by=clerk)
            made += 1
    return made


def _fits(record: Record, head: LogisticsFirm) -> bool:
    name = split_branch_name(record["名称"])
    return name.short_name == head.short_name and name.city == record["地市"]
