"""What CloudFormation would refuse of a first deployment of template.yaml, which comes on standard input, one a line: by
the template's own parameters and rules. Arguments are parameters, Name=value.
"""

import re
import sys
from collections.abc import Iterator

from samtranslator.yaml_helper import yaml_parse


def of_a_value(value: str, about: dict) -> bool:
    """Whether it may not be the parameter's."""
    if not re.fullmatch(about.get("AllowedPattern", ".*"), value, re.DOTALL):
        return True
    if len(value) < about.get("MinLength", 0):
        return True
    if "AllowedValues" in about and value not in map(str, about["AllowedValues"]):
        return True
    if about["Type"] == "Number":
        return not value.isdecimal() or int(value) < about.get("MinValue", 0)
    return False


def expected(about: dict) -> str:
    if "AllowedValues" in about:
        return " or ".join(map(str, about["AllowedValues"]))
    if about["Type"] == "Number":
        return f"a whole number, {about.get('MinValue', 0)} or more"
    return about.get("ConstraintDescription", about.get("Description", "").rstrip("."))


def holds(term: object, values: dict[str, str]) -> object:
    """The value of a rule's term."""
    if not isinstance(term, dict):
        return term
    [(name, inner)] = term.items()
    if name == "Ref":
        return values[inner]
    parts = [holds(part, values) for part in inner]
    match name:
        case "Fn::Equals":
            return parts[0] == parts[1]
        case "Fn::Not":
            return not parts[0]
        case "Fn::And":
            return all(parts)
        case "Fn::Or":
            return any(parts)
    raise ValueError(f"a rule of the template has {name}")


def refusals(template: dict, given: dict[str, str]) -> Iterator[str]:
    values = {}
    for name, about in template["Parameters"].items():
        values[name] = given.get(name, str(about.get("Default", "")))
        if name not in given and "Default" not in about:
            yield f"{name} is missing: {about['Description']}"
        elif of_a_value(values[name], about):
            yield f"{name} is to be {expected(about)}"
    for rule in template["Rules"].values():
        if holds(rule.get("RuleCondition", True), values):
            for assertion in rule["Assertions"]:
                if not holds(assertion["Assert"], values):
                    yield assertion["AssertDescription"]


if __name__ == "__main__":
    for refusal in refusals(yaml_parse(sys.stdin.read()), dict(argument.split("=", 1) for argument in sys.argv[1:])):
        print(refusal)
