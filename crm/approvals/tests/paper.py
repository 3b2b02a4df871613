"""The engine's twin on paper: the same rules written a second time, without a database."""

from dataclasses import dataclass, field


@dataclass
class PaperStep:
    stage: int
    duty: str
    may_return: bool
    may_refuse: bool
    status: str = "ahead"
    by: str = ""


@dataclass
class Paper:
    """A case of `route` put forward by `filler`; `posts` says who holds which duties."""

    route: list
    posts: dict
    filler: str
    one_signature: bool
    status: str = "open"
    round: int = 0
    decisions: int = 0
    fillers: set = field(default_factory=set)
    steps: list = field(default_factory=list)

    def __post_init__(self):
        self.begin(self.filler)

    def begin(self, filler):
        self.fillers.add(filler)
        self.round += 1
        self.status = "open"
        self.steps = [PaperStep(*step) for step in self.route]
        self.wake()

    def wake(self):
        """True when there was a stage to wake."""
        stages = [step.stage for step in self.steps if step.status == "ahead"]
        for step in self.steps:
            if stages and step.stage == min(stages):
                step.status = "waiting"
        return bool(stages)

    def resubmit(self, who):
        if self.status == "open":
            return "case_still_open"
        if self.status != "returned":
            return "case_closed"
        self.begin(who)
        return "ok"

    def withdraw(self, who):
        if who not in self.fillers:
            return "not_your_case"
        if self.status == "withdrawn":
            return "REPEATED"
        if self.status not in ("open", "returned"):
            return "case_closed"
        self.void(("waiting", "ahead", "approved"))
        self.status = "withdrawn"
        return "WITHDRAWN"

    def void(self, statuses):
        for step in self.steps:
            if step.status in statuses:
                step.status = "void"

    def decide(self, at, who, verdict):
        step = self.steps[at]
        wanted = {"approve": "approved", "return": "returned", "refuse": "refused"}[verdict]
        if step.by == who and step.status == wanted:
            return "REPEATED"
        refusal = self.refusal(step, who, verdict)
        if refusal:
            return refusal
        step.status, step.by = wanted, who
        self.decisions += 1
        return getattr(self, f"after_{verdict}")()

    def refusal(self, step, who, verdict):
        beside = [s for s in self.steps if s.stage == step.stage and s.by == who]
        checks = [
            (who in self.fillers, "own_case"),
            (step.duty not in self.posts[who], "not_your_step"),
            (step.status == "ahead" and self.status == "open", "step_ahead"),
            (step.status != "waiting", "already_decided"),
            (self.one_signature and bool(beside), "signed_beside"),
            (verdict == "return" and not step.may_return, "verdict_barred"),
            (verdict == "refuse" and not step.may_refuse, "verdict_barred"),
        ]
        return next((code for wrong, code in checks if wrong), "")

    def after_approve(self):
        if any(step.status == "waiting" for step in self.steps) or self.wake():
            return "PENDING"
        self.status = "approved"
        return "APPROVED"

    def after_return(self):
        self.void(("waiting", "ahead", "approved"))
        self.status = "returned"
        return "RETURNED"

    def after_refuse(self):
        self.void(("waiting", "ahead"))
        self.status = "refused"
        return "REFUSED"
