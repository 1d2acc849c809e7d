"""What watches over the functions on Google Cloud: the same that does on AWS, made of what the functions log."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Iterator

import jsonschema
import people
import pytest
import requests
from door import Door
from gcloud import NUMBER
from google_double import GoogleDouble
from programs import ROOT, Printed
from records import Firestore, Records
from test_deploy_gcp import (  # noqa: F401 (fixtures)
    CLOSED,
    HOSTS,
    PARAMETERS,
    Place,
    arguments,
    cloud_place,
    deployed,
    deployed_once,
    place,
)
from test_template import template
from web import Service

# Alarms of template.yaml that Google has nothing for, and why.
NOT_THERE = {
    "RewardFailedInvocationsAlarm": "Cloud Run has no asynchronous invocations",
    "RewardUndeliveredEventsAlarm": "there is no EventBridge: what Pub/Sub cannot hand over is a dead letter",
}

TEXT = {"type": "string", "minLength": 1}


def closed(required: dict, optional: dict | None = None) -> dict:
    """An object with these members and no others."""
    properties = required | (optional or {})
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


# AlertPolicy, LogMetric and Dashboard, as far as they are used here: Cloud Monitoring API v3, Cloud Logging API v2, and the
# dashboards' API v1.
CONDITION = closed({"query": TEXT, "duration": {"pattern": "^[0-9]+s$"}, "evaluationInterval": {"const": "60s"}})
POLICY = closed(
    {
        "displayName": TEXT,
        "combiner": {"const": "OR"},
        "notificationChannels": {"items": {"pattern": "^projects/[^/]+/channels/[0-9]+$"}, "minItems": 1},
        "documentation": closed({"content": TEXT, "mimeType": {"const": "text/markdown"}}),
        "conditions": {
            "type": "array",
            "minItems": 1,
            "items": closed({"displayName": TEXT, "conditionPrometheusQueryLanguage": CONDITION}),
        },
    }
)
COUNTED = closed({"metricKind": {"const": "DELTA"}, "valueType": {"const": "INT64"}})
TAKEN_OUT = closed({"metricKind": {"const": "DELTA"}, "valueType": {"const": "DISTRIBUTION"}})
EXTRACTOR = {"pattern": r"^EXTRACT\(jsonPayload\.metrics\.[A-Za-z]+\)$"}
METRIC = {
    "oneOf": [
        closed({"name": TEXT, "filter": TEXT, "metricDescriptor": COUNTED}),
        closed({"name": TEXT, "filter": TEXT, "metricDescriptor": TAKEN_OUT, "valueExtractor": EXTRACTOR}),
    ]
}
QUERY = closed({"plotType": {"const": "LINE"}, "timeSeriesQuery": closed({"prometheusQuery": TEXT})})
CHART = closed({"title": TEXT, "xyChart": closed({"dataSets": {"type": "array", "minItems": 1, "items": QUERY}})})
NUMBER_OF = {"type": "integer", "minimum": 0, "maximum": 4000}
TILE = closed({"xPos": NUMBER_OF, "yPos": NUMBER_OF, "width": NUMBER_OF, "height": NUMBER_OF, "widget": CHART})
DASHBOARD = closed(
    {"name": TEXT, "displayName": TEXT, "mosaicLayout": closed({"columns": {"const": 48}, "tiles": {"items": TILE}})}
)


def rows() -> Iterator[list[str]]:
    for line in (ROOT / "scripts" / "gcp" / "alerts.txt").read_text().splitlines():
        if not line.startswith("#"):
            yield line.split("|")


@pytest.fixture
def records(google: GoogleDouble) -> Records:
    return Records(Firestore(google))


@cache
def alarms() -> dict[str, dict]:
    resources = template()["Resources"]
    return {name: it["Properties"] for name, it in resources.items() if it["Type"] == "AWS::CloudWatch::Alarm"}


def files(place: Place, kind: str) -> dict[str, dict]:
    directory = place.directory / "dist" / "monitoring"
    return {file.stem: json.loads(file.read_text()) for file in sorted(directory.glob(f"{kind}*.json"))}


def test_every_alarm_of_the_template_has_a_counterpart_or_a_reason() -> None:
    stood_for = [alarm for row in rows() for alarm in row[2].split()]
    assert len(set(stood_for)) == len(stood_for) and not set(stood_for) & set(NOT_THERE)
    assert set(stood_for) | set(NOT_THERE) == set(alarms())


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row[0])
def test_a_counterpart_asks_what_the_alarm_asks(row: list[str]) -> None:
    _, _, names, minutes, question, _ = row
    threshold = question.rpartition("> ")[2]
    for alarm in (alarms()[name] for name in names.split()):
        assert threshold == ("DOLLARS" if isinstance(alarm["Threshold"], dict) else str(alarm["Threshold"]))
        assert int(minutes) == (15 if alarm["EvaluationPeriods"] == 3 else 0)
        # What the functions count themselves.
        metric = alarm if "MetricName" in alarm else alarm["Metrics"][1]["MetricStat"]["Metric"]
        if not str(metric["Namespace"]).startswith("AWS/"):
            (service,) = [each["Value"] for each in metric["Dimensions"]]
            counted, function = re.findall(r"COUNT\((\w+), ([^,]+),", question)[0]
            assert counted == metric["MetricName"] and re.fullmatch(function, service)


@pytest.mark.parametrize("name", ["alerts", "charts"])
def test_what_is_asked_for_is_what_functions_count(name: str) -> None:
    sources = "\n".join(file.read_text() for file in (ROOT / "Sources").rglob("*.swift"))
    asked = set(re.findall(r"(?:COUNT|MOST)\((\w+),", (ROOT / "scripts" / "gcp" / f"{name}.txt").read_text()))
    assert asked and [each for each in asked if f'"{each}"' not in sources] == []


@pytest.mark.parametrize(("kind", "schema"), [("alert-", POLICY), ("metric-", METRIC), ("dashboard", DASHBOARD)])
def test_the_files_have_the_api_s_shape(kind: str, schema: dict, deployed_once: Place) -> None:  # noqa: F811
    jsonschema.Draft202012Validator.check_schema(schema)
    found = files(deployed_once, kind)
    assert found
    for each in found.values():
        jsonschema.validate(each, schema)


def questions(place: Place) -> list[str]:  # noqa: F811
    """All that is asked, by alerts and charts."""
    conditions = [condition for alert in files(place, "alert-").values() for condition in alert["conditions"]]
    alerts = [condition["conditionPrometheusQueryLanguage"]["query"] for condition in conditions]
    (dashboard,) = files(place, "dashboard").values()
    sets = [each for tile in dashboard["mosaicLayout"]["tiles"] for each in tile["widget"]["xyChart"]["dataSets"]]
    return alerts + [each["timeSeriesQuery"]["prometheusQuery"] for each in sets]


def test_questions_are_written_out_and_ask_for_metrics_that_are_there(deployed_once: Place) -> None:  # noqa: F811
    metrics = {it["name"] for it in files(deployed_once, "metric-").values()}
    asked = set()
    for question in questions(deployed_once):
        assert not re.search("ENV|COUNT|MOST|LATENCY|DOLLARS|\"", question), question
        assert question.count("(") == question.count(")") and question.count("'") % 2 == 0, question
        asked |= {f"{name}-sandbox" for name in re.findall(r"user_(\w+?)_sandbox", question)}
    assert asked == metrics
    assert {name for kind, name in deployed_once.project.resources if kind == "logging metrics"} == metrics


def test_an_alert_word_for_word(deployed_once: Place) -> None:  # noqa: F811
    alert = files(deployed_once, "alert-")["alert-rewards-granted"]
    (condition,) = alert["conditions"]
    assert condition["conditionPrometheusQueryLanguage"] == {
        "query": "sum(increase(logging_googleapis_com:user_GrantedCents_sandbox_sum"
        "{monitored_resource='cloud_run_revision',service_name=~'reward-grant-sandbox'}[1d])) / 100 > 1000",
        "duration": "0s",
        "evaluationInterval": "60s",
    }
    metric = files(deployed_once, "metric-")["metric-GrantedCents"]
    functions = "token-relay|user-opt-in|reward-grant|ownerrez-connect|ownerrez-webhook|ownerrez-api"
    assert metric["filter"] == (
        f'resource.type="cloud_run_revision" AND resource.labels.service_name=~"^({functions})-sandbox$"'
        " AND (jsonPayload.metrics.GrantedCents>=0)"
    )


def test_somebody_is_told_by_mail_and_at_another_address_once_that_is_given(
    deployed: Place, tmp_path: Path  # noqa: F811
) -> None:
    def told() -> list[str]:
        words = [word for command in deployed.project.commands for word in command]
        return [word.rpartition("=")[2] for word in words if "channel-labels=email_address=" in word]

    assert told() == [PARAMETERS["AlarmEmail"]]
    door = Door(CLOSED).open(tmp_path, *HOSTS)
    assert deployed.deploy(*arguments(AlarmEmail="night@partner.example"), **door).returncode == 0
    assert told() == [PARAMETERS["AlarmEmail"], "night@partner.example"]
    channels = [name for kind, name in deployed.project.resources if kind == "monitoring channels"]
    policies = [name for kind, name in deployed.project.resources if kind == "monitoring policies"]
    assert len(channels) == 1 and len(policies) == len(list(rows()))


def test_the_dashboard_is_found_by_its_name(deployed_once: Place) -> None:  # noqa: F811
    (dashboard,) = files(deployed_once, "dashboard").values()
    assert dashboard["name"] == f"projects/{NUMBER}/dashboards/partner-functions-sandbox"
    places = {(tile["xPos"], tile["yPos"]) for tile in dashboard["mosaicLayout"]["tiles"]}
    assert len(places) == len(dashboard["mosaicLayout"]["tiles"])
    titles = {re.sub(r"[ :,(].*", "", tile["widget"]["title"]) for tile in dashboard["mosaicLayout"]["tiles"]}
    assert titles == {"API", "Functions", "Upstream", "Rewards", "OwnerRez"}


def test_logs_are_kept_as_long_as_is_said(place: Place) -> None:  # noqa: F811
    (line,) = [line for line in place.plan(LogRetentionDays="400") if "logging buckets" in line]
    assert line.count("--retention-days=400") == 2


def test_what_the_template_schedules_is_scheduled(place: Place) -> None:  # noqa: F811
    resources = template()["Resources"].values()
    events = [each for it in resources for each in it.get("Properties", {}).get("Events", {}).values()]
    jobs = [line for line in place.plan() if "scheduler jobs create" in line]
    assert len(jobs) == len([each for each in events if each["Type"] == "Schedule"])


def test_a_line_of_the_log_has_what_was_counted(webhook_env: dict, printed: Printed, tmp_path: Path) -> None:
    env = webhook_env | {"K_SERVICE": "ownerrez-webhook-sandbox", "GOOGLE_CLOUD_PROJECT": "shop-partners"}
    with Service("ownerrez-webhook", env, printed, tmp_path) as service, requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{service.url}/webhooks/ownerrez", data="{}", auth=("nobody", people.HASH_KEY))
        assert answer.status_code == 401
        lines = service.lines_when(3)
    assert [line["metrics"] for line in lines if "metrics" in line] == [{"WebhookRefused": 1}]
