"""Who the tests speak of. The words are odd enough to be found wherever they leak to."""

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"
PARTNER_ID = "sandbox-partner"

SUBJECT = "person-7c1f"
FIRST_NAME = "Zebediah"
LAST_NAME = "Quackenbush"
PHONE = "+12025550143"
EMAIL = "zebediah.quackenbush@example.com"
STREET = "17 Umbrella Crescent"
CITY = "Xanaduville"

OTHER_SUBJECT = "person-9e20"
OTHER_PHONE = "+12025550177"
OTHER_EMAIL = "ottoline.vanderbeek@example.com"

ENCRYPTION_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
ENCRYPTION_KEYS = f"k1:{ENCRYPTION_KEY}"
HASH_KEY = "yM3Zm0c5aWv8dRrWc1bq9u5o2T7sGq1fJ3kXhPzL0nE="

SERVICE = "arn:aws:sts::123456789012:assumed-role/shop/orders"
# The same on Google Cloud, and what Google's token says of it.
SERVER = "orders@shop.iam.gserviceaccount.com"
SERVER_CLAIMS = {
    "subject": "108277",
    "iss": "https://accounts.google.com",
    "email": SERVER,
    "email_verified": True,
}

WEBHOOK_USER = "webhook-user"
WEBHOOK_PASSWORD = "pass:word-55c1:with:colons!"
WEBHOOK_PASSWORD_PREVIOUS = "password-a9d0-before"

# What no function may ever print, except a user token in the relay's answer.
SECRETS = [CLIENT_SECRET, ENCRYPTION_KEY, HASH_KEY, WEBHOOK_PASSWORD, WEBHOOK_PASSWORD_PREVIOUS]
PRIVATE = [*SECRETS, FIRST_NAME, LAST_NAME, PHONE, EMAIL, STREET, CITY, OTHER_PHONE, OTHER_EMAIL]


def opt_in(**changes: object) -> dict:
    """The body of an opt-in. A change to None takes a member out."""
    body: dict = {
        "firstName": FIRST_NAME,
        "lastName": LAST_NAME,
        "phone": PHONE,
        "address": {"state": "CA"},
        "consent": {"termsOfService": True, "privacyPolicy": True},
    }
    return {name: value for name, value in (body | changes).items() if value is not None}
