"""Every kind of import of the house, in one table (rule 9)."""

from typing import Final

from crm.imports.kinds import Kind
from customers.importing.operators import OPERATORS
from customers.importing.retailers import RETAILERS
from logistics.importing import LOGISTICS

KINDS: Final[tuple[Kind, ...]] = (OPERATORS, RETAILERS, LOGISTICS)
