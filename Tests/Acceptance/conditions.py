"""CloudFormation's conditions and rules, decided as CloudFormation does: moto passes over rules."""

from typing import Any, Mapping

NOTHING = {"Ref": "AWS::NoValue"}


class Decided:
    """A template's conditions, for certain parameters."""

    def __init__(self, template: dict, parameters: Mapping[str, str]):
        given = {name: each["Default"] for name, each in template["Parameters"].items() if "Default" in each}
        self.parameters: dict[str, Any] = given | dict(parameters)
        self.template = template

    def holds(self, condition: dict) -> bool:
        ((function, argument),) = condition.items()
        if function == "Condition":
            return self.holds(self.template["Conditions"][argument])
        if function == "Fn::Equals":
            left, right = (self.parameters[each["Ref"]] if isinstance(each, dict) else each for each in argument)
            return left == right
        if function == "Fn::Not":
            return not self.holds(argument[0])
        return {"Fn::And": all, "Fn::Or": any}[function](self.holds(each) for each in argument)

    def refusals(self) -> list[str]:
        """What the rules have against these parameters."""
        rules = [each for each in self.template["Rules"].values() if self.holds(each.get("RuleCondition", ALWAYS))]
        assertions = [each for rule in rules for each in rule["Assertions"]]
        return [each["AssertDescription"] for each in assertions if not self.holds(each["Assert"])]

    def resolved(self, value: Any) -> Any:
        """Without Fn::If, and without what it takes away."""
        if isinstance(value, list):
            return [each for each in map(self.resolved, value) if each != NOTHING]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::If"}:
            name, then, otherwise = value["Fn::If"]
            return self.resolved(then if self.holds({"Condition": name}) else otherwise)
        members = {name: self.resolved(each) for name, each in value.items()}
        return {name: each for name, each in members.items() if each != NOTHING}

    def there(self, section: str) -> dict[str, dict]:
        """The Resources or Outputs that these parameters make."""
        made = {name: each for name, each in self.template[section].items() if self.is_made(each)}
        return self.resolved(made)

    def is_made(self, each: dict) -> bool:
        return "Condition" not in each or self.holds({"Condition": each["Condition"]})


ALWAYS = {"Fn::Equals": ["", ""]}
