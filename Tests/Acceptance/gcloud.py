"""gcloud's double: it knows the commands that scripts/deploy-gcp gives, with their flags, and the project they are for.

It is strict where Google is: a flag that a command does not have, a resource that is not there or is there already, and
an account that nobody made are errors. What it was told, and what came of it, is in its directory.
"""

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = "shop-partners"
NUMBER = "123456789012"
GATEWAY_HOST = "partner-functions-sandbox-1a2b3c.ew.gateway.dev"

# Command: the flags that it wants, and those that it takes beside them.
COMMANDS: dict[str, tuple[str, str]] = {
    "projects describe": ("", "format"),
    "projects add-iam-policy-binding": ("member role condition", ""),
    "services enable": ("project", ""),
    "beta services identity create": ("service project", ""),
    "iam service-accounts describe": ("project", ""),
    "iam service-accounts create": ("project", "display-name"),
    "iam service-accounts add-iam-policy-binding": ("project member role", ""),
    "firestore databases describe": ("database project", ""),
    "firestore databases create": ("database project location type", "delete-protection enable-pitr"),
    "firestore fields ttls update": ("collection-group database project enable-ttl", "async"),
    "firestore indexes fields update": ("collection-group database project disable-indexes", "async"),
    "pubsub topics describe": ("project", ""),
    "pubsub topics create": ("project", ""),
    "pubsub topics add-iam-policy-binding": ("project member role", ""),
    "pubsub subscriptions describe": ("project", ""),
    "pubsub subscriptions create": (
        "project topic",
        "message-retention-duration expiration-period push-endpoint push-auth-service-account push-auth-token-audience "
        "ack-deadline min-retry-delay max-retry-delay dead-letter-topic max-delivery-attempts",
    ),
    "pubsub subscriptions update": (
        "project",
        "message-retention-duration expiration-period push-endpoint push-auth-service-account push-auth-token-audience "
        "ack-deadline min-retry-delay max-retry-delay dead-letter-topic max-delivery-attempts",
    ),
    "pubsub subscriptions add-iam-policy-binding": ("project member role", ""),
    "scheduler jobs describe": ("project location", ""),
    "scheduler jobs create http": (
        "project location schedule uri",
        "http-method oidc-service-account-email oidc-token-audience attempt-deadline max-retry-attempts",
    ),
    "scheduler jobs update http": (
        "project location",
        "schedule uri http-method oidc-service-account-email oidc-token-audience attempt-deadline max-retry-attempts",
    ),
    "api-gateway apis describe": ("project", ""),
    "api-gateway apis create": ("project", ""),
    "api-gateway api-configs describe": ("api project", ""),
    "api-gateway api-configs create": ("api project openapi-spec backend-auth-service-account", ""),
    "api-gateway gateways describe": ("project location", "format"),
    "api-gateway gateways create": ("project location api api-config", ""),
    "api-gateway gateways update": ("project location api api-config", ""),
    "secrets versions describe": ("secret project", ""),
    "secrets add-iam-policy-binding": ("project member role", ""),
    "beta run deploy": (
        "project region source no-build base-image command service-account no-allow-unauthenticated set-env-vars "
        "clear-secrets",
        "quiet ingress cpu memory cpu-throttling no-cpu-throttling concurrency min-instances max-instances timeout",
    ),
    "logging buckets describe": ("project location", ""),
    "logging buckets create": ("project location retention-days", ""),
    "logging buckets update": ("project location retention-days", ""),
    "logging sinks describe": ("project", ""),
    "logging sinks create": ("project log-filter", ""),
    "logging metrics describe": ("project", ""),
    "logging metrics create": ("project config-from-file", ""),
    "logging metrics update": ("project config-from-file", ""),
    "beta monitoring channels list": ("project filter", "format"),
    "beta monitoring channels create": ("project type display-name channel-labels", "format"),
    "beta monitoring channels update": ("project update-channel-labels", ""),
    "monitoring policies list": ("project filter", "format"),
    "monitoring policies create": ("project policy-from-file", "format"),
    "monitoring policies update": ("project policy-from-file", ""),
    "monitoring dashboards describe": ("project", ""),
    "monitoring dashboards create": ("project config-from-file", ""),
    "monitoring dashboards update": ("project config-from-file", ""),
    "run services add-iam-policy-binding": ("project region member role", ""),
}
SWITCHES = set(
    "quiet no-build no-allow-unauthenticated cpu-throttling no-cpu-throttling delete-protection enable-pitr enable-ttl "
    "disable-indexes async clear-secrets".split()
)


class Refused(Exception):
    """What gcloud says of a command."""


@dataclass
class Command:
    """A command as it was given: `gcloud <name> <subjects> --flag=value`."""

    name: str
    subjects: list[str]
    flags: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, words: list[str]) -> "Command":
        plain = [word for word in words if not word.startswith("--")]
        names = [name for name in COMMANDS if plain[: len(name.split())] == name.split()]
        if not names:
            raise Refused(f"Invalid choice: {' '.join(plain)}")
        name = max(names, key=len)
        command = cls(name, plain[len(name.split()) :])
        required, optional = (set(flags.split()) for flags in COMMANDS[name])
        for word in words:
            if not word.startswith("--"):
                continue
            flag, equals, value = word[2:].partition("=")
            if flag not in required | optional or bool(equals) == (flag in SWITCHES) or flag in command.flags:
                raise Refused(f"unrecognized arguments: {word}")
            command.flags[flag] = value
        if missing := required - set(command.flags):
            raise Refused(f"argument --{sorted(missing)[0]}: Must be specified.")
        return command

    @property
    def subject(self) -> str:
        """The one thing that it is about."""
        flag = {"firestore databases": "database"}.get(self.kind)
        named = [self.flags[flag]] if flag else self.subjects
        if self.name == "logging sinks create":
            named = named[:1]  # behind it stands where to
        if self.name == "monitoring dashboards create":
            named = [json.loads(Path(self.flags["config-from-file"]).read_text())["name"].rpartition("/")[2]]
        if len(named) != 1 or (flag and self.subjects):
            raise Refused(f"one resource has to be named: {self.subjects}")
        return named[0]

    @property
    def kind(self) -> str:
        return self._words.rpartition(" ")[0].removeprefix("beta ")

    @property
    def verb(self) -> str:
        return self._words.rpartition(" ")[2]

    @property
    def _words(self) -> str:
        """Of a job the name ends in how it does its work."""
        return self.name.removesuffix(" http")


@dataclass
class Project:
    """What there is, as files of a directory."""

    directory: Path

    def load(self, name: str) -> Any:
        file = self.directory / f"{name}.json"
        return json.loads(file.read_text()) if file.exists() else []

    def save(self, name: str, value: Any) -> None:
        (self.directory / f"{name}.json").write_text(json.dumps(value))

    def note(self, name: str, value: Any) -> None:
        self.save(name, [*self.load(name), value])

    @property
    def resources(self) -> set[tuple[str, str]]:
        return {(kind, name) for kind, name in self.load("resources")}

    @property
    def commands(self) -> list[list[str]]:
        return self.load("commands")

    @property
    def bindings(self) -> list[dict[str, str]]:
        return self.load("bindings")

    def fail(self, command: str) -> None:
        """Has a command, or all that begin like that, refused from now on."""
        self.save("failing", command.split())

    def add(self, kind: str, name: str) -> None:
        self.note("resources", [kind, name])

    def need(self, kind: str, name: str) -> None:
        if (kind, name) not in self.resources:
            raise Refused(f"NOT_FOUND: {kind} {name}")

    def run(self, words: list[str]) -> str:
        self.note("commands", words)
        failing = self.load("failing")
        if failing and words[: len(failing)] == failing:
            raise Refused("PERMISSION_DENIED: The caller does not have permission")
        command = Command.read(words)
        if command.flags.get("project", PROJECT) != PROJECT:
            raise Refused("The project does not exist")
        return self._does(command)

    def _does(self, command: Command) -> str:
        if command.name == "services enable":
            for service in command.subjects:
                self.add("services", service)
            return ""
        if command.kind == "projects":
            if command.subject != PROJECT:
                raise Refused("The project does not exist")
            if command.verb == "describe":
                return NUMBER
        if command.name == "beta services identity create":
            self.add("iam service-accounts", f"service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com")
            return ""
        self._check_references(command)
        if command.name == "secrets versions describe":
            self.need("secrets", command.flags["secret"])
            return ""
        if command.verb == "add-iam-policy-binding":
            return self._bind(command)
        if command.name == "beta run deploy":
            return self._deploy(command)
        if command.name in ("firestore fields ttls update", "firestore indexes fields update"):
            self.need("firestore databases", command.flags["database"])
            return ""
        if command.kind in ("monitoring channels", "monitoring policies"):
            return self._watch(command)
        name = command.subject
        if command.verb == "create":
            if command.kind == "iam service-accounts":
                if not re.fullmatch("[a-z][a-z0-9-]{4,28}[a-z0-9]", name):
                    raise Refused(f"no name for an account: {name}")
                name = f"{name}@{PROJECT}.iam.gserviceaccount.com"
            if (command.kind, name) in self.resources:
                raise Refused(f"ALREADY_EXISTS: {command.kind} {name}")
            self.add(command.kind, name)
        else:
            self.need(command.kind, name)
        return GATEWAY_HOST if command.flags.get("format") == "value(defaultHostname)" else ""

    def _watch(self, command: Command) -> str:
        """Of what Google names itself, and lets many have the same title."""
        watching = self.load("watching") or {}
        if command.verb == "list":
            (title,) = re.findall("^displayName='(.+)'$", command.flags["filter"])
            found = [name for name, each in watching.items() if (each["kind"], each["title"]) == (command.kind, title)]
            return "\n".join(found)
        file = command.flags.get("policy-from-file")
        content = json.loads(Path(file).read_text()) if file else {}
        for channel in content.get("notificationChannels", []):
            self.need("monitoring channels", channel)
        if command.verb == "create":
            name = f"projects/{PROJECT}/{command.kind.rpartition(' ')[2]}/{len(watching) + 1}"
            self.add(command.kind, name)
        else:
            name = command.subject
            self.need(command.kind, name)
        title = content.get("displayName") or command.flags.get("display-name") or watching[name]["title"]
        self.save("watching", watching | {name: {"kind": command.kind, "title": title}})
        return name

    def _check_references(self, command: Command) -> None:
        """What a command's flags name has to be there."""
        kinds = {
            "service-account": "iam service-accounts",
            "backend-auth-service-account": "iam service-accounts",
            "push-auth-service-account": "iam service-accounts",
            "oidc-service-account-email": "iam service-accounts",
            "topic": "pubsub topics",
            "dead-letter-topic": "pubsub topics",
            "api": "api-gateway apis",
            "api-config": "api-gateway api-configs",
        }
        for flag, kind in kinds.items():
            if flag in command.flags:
                self.need(kind, command.flags[flag])
        if file := command.flags.get("config-from-file"):
            json.loads(Path(file).read_text())
        if "openapi-spec" in command.flags and not Path(command.flags["openapi-spec"]).is_file():
            raise Refused("no such file")

    def _bind(self, command: Command) -> str:
        if command.kind != "projects":
            self.need(command.kind, command.subject)
        kind, _, account = command.flags["member"].partition(":")
        if kind != "serviceAccount":
            raise Refused(f"{kind} is no kind of member here")
        self.need("iam service-accounts", account)
        if not command.flags["role"].startswith("roles/"):
            raise Refused("no such role")
        binding = {"on": f"{command.kind} {command.subject}", "member": account, "role": command.flags["role"]}
        if "condition" in command.flags:
            binding["condition"] = command.flags["condition"]
        if binding not in self.bindings:
            self.note("bindings", binding)
        return ""

    def _deploy(self, command: Command) -> str:
        flags = command.flags
        source = Path(flags["source"])
        program = source / flags["command"]
        if not program.is_file() or not program.stat().st_mode & 0o100:
            raise Refused(f"{program} is no program")
        delimiter = re.match(r"\^(.)\^", flags["set-env-vars"])
        if not delimiter:
            raise Refused("commas would part the settings")
        settings = dict(pair.split("=", 1) for pair in flags["set-env-vars"][3:].split(delimiter[1]))
        # The service would not start.
        for setting, reference in settings.items():
            if setting.endswith("_SECRET") and (found := re.fullmatch(f"projects/{PROJECT}/secrets/(.+)", reference)):
                self.need("secrets", found[1])
                self._may_read(flags["service-account"], found[1])
        name = command.subject
        if ("run services", name) not in self.resources:
            self.add("run services", name)
        services = self.load("services") or {}
        self.save("services", services | {name: {"settings": settings, "flags": flags}})
        return ""

    def _may_read(self, account: str, secret: str) -> None:
        wanted = {"on": f"secrets {secret}", "member": account, "role": "roles/secretmanager.secretAccessor"}
        if wanted not in self.bindings:
            raise Refused(f"Permission denied on secret {secret} for {account}")


def main(directory: str, *words: str) -> int:
    try:
        print(Project(Path(directory)).run(list(words)))
        return 0
    except Refused as refusal:
        print(f"ERROR: (gcloud) {refusal}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
