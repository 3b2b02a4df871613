from logistics.services.firms import edit_firm, give_firm, register_branch, register_head_office
from logistics.services.routes import edit_route, register_route

__all__ = [
    "edit_firm",
    "edit_route",
    "give_firm",
    "register_branch",
    "register_head_office",
    "register_route",
]
