"""Wrong: what puts one message aside, as it is told."""

from __future__ import annotations


class Wrong(Exception):
    """A message that cannot be read: the field, what stands there, the rule, the cure, the code."""

    def __init__(self, field: str, value: str | None, rule: str, cure: str, code: str) -> None:
        super().__init__(rule)
        self.field, self.value, self.rule, self.cure, self.code = field, value, rule, cure, code
