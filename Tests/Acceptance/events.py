"""Events in the shapes that AWS sends them (contracts: AWS's own documentation of each trigger)."""

import base64
import json
from typing import Any, Callable, Optional
from urllib.parse import parse_qsl

Event = dict[str, Any]
Body = Any  # a JSON value, or bytes or text as they are

JSON_HEADERS = {"content-type": "application/json"}


def _encoded(body: Body) -> tuple[Optional[str], bool]:
    """A body as a gateway puts it into an event: text, or base64 of what is no UTF-8."""
    if body is None or isinstance(body, str):
        return body, False
    if isinstance(body, bytes):
        return base64.b64encode(body).decode(), True
    return json.dumps(body), False


def http_api(
    method: str,
    path: str,
    body: Body = None,
    *,
    claims: Optional[dict] = None,
    service: Optional[str] = None,
    headers: Optional[dict] = None,
    query: str = "",
    stage: str = "$default",
    cookies: Optional[list[str]] = None,
) -> Event:
    """API Gateway's HTTP API, payload 2.0."""
    text, is_base64 = _encoded(body)
    raw_path = path if stage == "$default" else f"/{stage}{path}"
    authorizer: dict = {}
    if claims is not None:
        authorizer["jwt"] = {"claims": claims, "scopes": None}
    if service is not None:
        authorizer["iam"] = {"userArn": service, "accountId": "123456789012", "callerId": "AROAEXAMPLE:orders"}
    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": query,
        "headers": {"host": "api.example.com"} | (JSON_HEADERS if headers is None else headers),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "stage": stage,
            "requestId": "JKJaXmPLvHcESHA=",
            "http": {
                "method": method,
                "path": raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "App/1.0",
            },
        },
        "isBase64Encoded": is_base64,
    }
    if authorizer:
        event["requestContext"]["authorizer"] = authorizer
    if cookies:
        event["cookies"] = cookies
    if text is not None:
        event["body"] = text
    return event


def function_url(method: str, path: str, body: Body = None, **options: Any) -> Event:
    """A Function URL: payload 2.0, with the cookies in the headers as well."""
    event = http_api(method, path, body, **options)
    event["headers"]["host"] = "abcdefgh.lambda-url.us-east-1.on.aws"
    if "cookies" in event:
        event["headers"]["cookie"] = "; ".join(event["cookies"])
    return event


def rest_api(
    method: str,
    path: str,
    body: Body = None,
    *,
    claims: Optional[dict] = None,
    service: Optional[str] = None,
    headers: Optional[dict] = None,
    query: str = "",
    stage: str = "prod",
    cookies: Optional[list[str]] = None,
) -> Event:
    """API Gateway's REST API, payload 1.0. The stage is in requestContext.path only."""
    text, is_base64 = _encoded(body)
    fields = {"Host": "api.example.com"} | ({"Content-Type": "application/json"} if headers is None else dict(headers))
    if cookies:
        fields["Cookie"] = "; ".join(cookies)
    pairs = parse_qsl(query, keep_blank_values=True)
    context: dict = {
        "stage": stage,
        "path": f"/{stage}{path}",
        "httpMethod": method,
        "requestId": "41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9",
        "identity": {"sourceIp": "192.0.2.1", "userArn": service},
    }
    if claims is not None:
        context["authorizer"] = {"claims": claims}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": fields,
        "multiValueHeaders": {name: [value] for name, value in fields.items()},
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": {name: [v for n, v in pairs if n == name] for name, _ in pairs} or None,
        "pathParameters": None,
        "requestContext": context,
        "body": text,
        "isBase64Encoded": is_base64,
    }


def load_balancer(method: str, path: str, body: Body = None, *, multi_value: bool = False, **_: Any) -> Event:
    """An Application Load Balancer's. It verifies nobody."""
    text, is_base64 = _encoded(body)
    event: Event = {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/1"}},
        "httpMethod": method,
        "path": path,
        "body": text or "",
        "isBase64Encoded": is_base64,
    }
    fields = {"host": "alb.example.com"} | JSON_HEADERS
    if multi_value:
        event["multiValueHeaders"] = {name: [value] for name, value in fields.items()}
        event["multiValueQueryStringParameters"] = {}
    else:
        event["headers"] = fields
        event["queryStringParameters"] = {}
    return event


def sqs(*bodies: Any) -> Event:
    """A batch; message ids are message-0, message-1, ..."""
    return {
        "Records": [
            {
                "messageId": f"message-{index}",
                "receiptHandle": "AQEBexample",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:rewards",
                "awsRegion": "us-east-1",
            }
            for index, body in enumerate(bodies)
        ]
    }


def event_bridge(detail: Any) -> Event:
    return {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Order Paid",
        "source": "com.example.shop",
        "account": "123456789012",
        "time": "2026-04-25T10:15:30Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }


HTTP_SHAPES: dict[str, Callable[..., Event]] = {
    "http-api": http_api,
    "rest-api": rest_api,
    "function-url": function_url,
}
