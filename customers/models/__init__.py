from customers.models.alias import CustomerAlias
from customers.models.assignment import Conflict, ConflictQuerySet, ManagerAssignment
from customers.models.attribute import (
    AttributeDefinition,
    AttributeQuerySet,
    CustomerAttributes,
)
from customers.models.bank import BankBinding, BankBindingQuerySet
from customers.models.certificate import Certificate, CertificateCheck, CertificateQuerySet
from customers.models.contact import Contact, ContactQuerySet
from customers.models.customer import Customer, CustomerQuerySet
from customers.models.duplicate import DistinctPair, DuplicatePair, DuplicatePairQuerySet
from customers.models.external import ExternalAccount, ExternalAccountQuerySet
from customers.models.facet import CustomerFacet, ManagerScore
from customers.models.fields import FieldRule, FieldRuleQuerySet
from customers.models.grant import CustomerGrant, CustomerGroupGrant
from customers.models.group import GroupCount, Membership, MembershipQuerySet
from customers.models.listing import ListEntry, ListEntryQuerySet
from customers.models.party import Party, PartyLink, PartyLinkQuerySet
from customers.models.profiles import RepairProfile, RetailProfile
from customers.models.relation import ContactRelation, ContactRelationQuerySet
from customers.models.service import (
    BillingAccount,
    BillingAccountQuerySet,
    PayLink,
    PayLinkQuerySet,
    SubscriberProfile,
    Subscription,
    SubscriptionQuerySet,
)
from customers.models.state import CustomerLoan, OpenForm, SystemState, TimelineEntry
from customers.models.statistics import GramShare, ScopeSize
from customers.models.unit import UnitLink, UnitLinkQuerySet

__all__ = [
    "AttributeDefinition",
    "AttributeQuerySet",
    "BankBinding",
    "BankBindingQuerySet",
    "BillingAccount",
    "BillingAccountQuerySet",
    "Certificate",
    "CertificateCheck",
    "CertificateQuerySet",
    "Conflict",
    "ConflictQuerySet",
    "Contact",
    "ContactQuerySet",
    "ContactRelation",
    "ContactRelationQuerySet",
    "Customer",
    "CustomerAlias",
    "CustomerAttributes",
    "CustomerFacet",
    "CustomerGrant",
    "CustomerGroupGrant",
    "CustomerLoan",
    "CustomerQuerySet",
    "DistinctPair",
    "DuplicatePair",
    "DuplicatePairQuerySet",
    "ExternalAccount",
    "ExternalAccountQuerySet",
    "FieldRule",
    "FieldRuleQuerySet",
    "GramShare",
    "GroupCount",
    "ListEntry",
    "ListEntryQuerySet",
    "ManagerAssignment",
    "ManagerScore",
    "Membership",
    "MembershipQuerySet",
    "OpenForm",
    "Party",
    "PartyLink",
    "PartyLinkQuerySet",
    "PayLink",
    "PayLinkQuerySet",
    "RepairProfile",
    "RetailProfile",
    "ScopeSize",
    "SubscriberProfile",
    "Subscription",
    "SubscriptionQuerySet",
    "SystemState",
    "TimelineEntry",
    "UnitLink",
    "UnitLinkQuerySet",
]
