"""The sandbox's OwnerRez from outside, as tests and demonstrations use it."""

from sandbox import ACCOUNT, Sandbox, create, delete, update


def test_what_happens_at_ownerrez_is_in_its_lists(sandbox: Sandbox) -> None:
    token = sandbox.let_in()["access_token"]
    made, other = sandbox.change(create(status="pending", count=2))
    changed, _ = sandbox.change(update(made["id"], status="active"), delete(other["id"]))
    page = sandbox.get("bookings?since_utc=2026-01-01", token).json()
    assert page == {"items": [changed["row"]], "limit": 20, "offset": 0, "next_page_url": None}
    assert sandbox.records()["bookings"] == [changed["row"]] and changed["row"]["status"] == "active"
    actions = [change["action"].removeprefix("entity_") for change in sandbox.changes()]
    assert actions == ["create", "create", "update", "delete"]
    assert sandbox.request_counts() == {"GET /v2/bookings": 1}
    sandbox.forget_requests()
    assert sandbox.request_counts() == {}


def test_next_pages_are_on_the_host_that_was_asked(sandbox: Sandbox) -> None:
    token = sandbox.let_in(8)["access_token"]
    sandbox.change(create("inquiry", count=250), user_id=8, lost=True)
    path, seen = "inquiries?since_utc=2026-01-01&limit=100", []
    while path:
        page = sandbox.get(path, token).json()
        seen += [row["id"] for row in page["items"]]
        following = page["next_page_url"]
        assert following is None or following.startswith(sandbox.url + "/v2/")
        path = following and following.removeprefix(sandbox.url + "/v2/")
    assert seen == [row["id"] for row in sandbox.records(8)["inquiries"]] and len(seen) == 250


def test_too_many_calls_are_refused(sandbox: Sandbox) -> None:
    token = sandbox.let_in()["access_token"]
    statuses = [sandbox.get("users/me", token).status_code for _ in range(302)]
    assert statuses == [200] * 300 + [429] * 2
    assert sandbox.refused_requests() == 2
    sandbox.set_app(clock_offset_seconds=301)
    assert sandbox.get("users/me", token).status_code == 200


def test_a_subscription_is_the_account_s_own(sandbox: Sandbox) -> None:
    token = sandbox.let_in()["access_token"]
    wanted = {"webhook_url": "https://partner.example/hook", "type": "booking", "action": "entity_update"}
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "Tests/1.0"}
    made = sandbox.http.post(f"{sandbox.url}/v2/webhooksubscriptions", json=wanted, headers=headers, timeout=10)
    assert made.status_code == 201
    sandbox.silence()
    assert sandbox.subscriptions() == [made.json() | {"user_id": ACCOUNT, "silent": True}]
