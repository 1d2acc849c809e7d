# Sourced by deploy-gcp: what it has to be told. Each parameter becomes a variable of its name.

# name, default (-: required, -Partner: required where that partner is there, =: empty, =Name: that one's), pattern, what
# is expected
parameter_table() {
    # Neither a quotation mark nor a vertical bar is in any: they end up in YAML, and in a list with bars between.
    local word='[^[:space:]"\\|]+' text='[^"\\|]+' name='[A-Za-z0-9_-]{1,255}'
    local url="https://$word" target='https://[^][:space:]"\\|?#[]+' origin='https?://[^[:space:]"*,/\\|]+'
    local redirect="https://$word|[A-Za-z0-9+-]+[.][A-Za-z0-9+.-]+:$word" code='[A-Za-z0-9._-]+'
    local list='(bookings|guests|inquiries|quotes|reviews)'
    local method='(GET|POST|PATCH|PUT|DELETE)'
    local days='[1-9][0-9]{0,3}|[12][0-9]{4}|3[0-5][0-9]{3}|36[0-4][0-9]{2}|36500|forever'
    local email='[a-z][a-z0-9-]*@[a-z0-9.-]+[.]gserviceaccount[.]com'
    cat <<TABLE
Environment - sandbox|production sandbox or production: which of Ownli's environments is called
ProductionRewards no no|agreed agreed once the agreement with Ownli for rewards in production is signed
Project - [a-z][a-z0-9-]{4,28}[a-z0-9] the id of a project of yours, as gcloud projects list shows it: 6 to 30 small letters, digits and hyphens
Region - [a-z]+-[a-z]+[0-9]+ where the services and the records are, like europe-west1
GatewayRegion =Region [a-z]+-[a-z]+[0-9]+ where the API Gateway is, if there is none in that region
OwnliClientId = ($text)? the client id of your Ownli account; nothing of Ownli's is deployed if empty
OwnliPartnerId -Ownli $text the partner id of your Ownli account
OwnliSecretName -Ownli $name the name of the secret that holds that account's client secret
IdentifierKeySecretName -Ownli $name the name of the secret that holds the key of hashed identifiers: base64 of 32 bytes
OwnliTermsUrl -Ownli $url the https address of Ownli's Terms of Service, as people are shown them
OwnliTermsVersion -Ownli $text the version of the documents that people agree to
UserTokenCache off off|on on: one user token is shared until 5 minutes before it expires
RelayTo linked linked|anyone linked: people who have opted in get a user token; anyone: everyone who is signed in
ContactPolicy claims claims|verified verified: contact data come from verified identity claims only
ConsentController = ($text)? your company's name, as people know it, in signed receipts of their consents; none are made if empty
ReceiptKeySecretName = ($name)? the name of the secret that holds the key that signs these: base64 of 32 bytes
RetentionConsents 1827 [1-9][0-9]{0,4}|forever for how many days consents that were withdrawn are kept, with their withdrawal; or forever
RewardMaxAmount 100.00 [0-9]{1,3}([.][0-9]{1,2})? the largest reward that is granted, in dollars, like 25.00
RewardDailyLimit = ([0-9]{1,7}([.][0-9]{1,2})?)? what is granted in a day of UTC's altogether, in dollars; no limit if empty
RewardDailyLimitPerUser = ([0-9]{1,7}([.][0-9]{1,2})?)? what each user is granted in such a day, in dollars; no limit if empty
RewardAlarmDollars 1000 [1-9][0-9]{0,8} somebody is told when more dollars than these are granted in 24 hours
RewardActionCodes = ($code(,$code)*)? the only action codes to grant for, comma-separated; any if empty
RewardAllowedCallers = ($email(,$email)*)? service accounts that may grant and list rewards over HTTP, comma-separated
RetentionAudit 3653 $days the days for which the audit record of a reward is kept, or forever
RetentionEvents 90 $days the days for which an event of OwnerRez's that nobody takes stays in the store, or forever
RetentionGivenUp 90 $days the days for which an event of OwnerRez's that was given up stays in the store, or forever
OwnerRezClientId = (c_[A-Za-z0-9]+)? the client id of your OwnerRez app, like c_..; nothing of OwnerRez's is deployed if empty
OwnerRezSecretName -OwnerRez $name the name of the secret that holds that app's client secret
OwnerRezRedirectUri = ($redirect)? where OwnerRez sends people back to, if that is not the gateway
OwnerRezWebhookUser -OwnerRez [^":\\|]+ the user of your OwnerRez app's webhook, without a colon
OwnerRezWebhookSecretName -OwnerRez $name the name of the secret that holds that user's password
OwnerRezWebhookPreviousSecretName = ($name)? the name of the secret with the password before, while it is being replaced
OwnerRezAllowedCallers = ($email(,$email)*)? service accounts that may call OwnerRez's API over HTTP, comma-separated
OwnerRezAllowedMethods GET $method(,$method)* methods that they may call it with, comma-separated: GET, POST, PATCH, PUT, DELETE
OwnerRezSubscriptions = [A-Za-z0-9_:;,]* what every connection is subscribed to, like booking:entity_create,entity_update;guest:entity_create
OwnerRezReconcile bookings,guests,inquiries,quotes,reviews off|$list(,$list)* lists that are looked through for what no webhook told of, comma-separated; or off
OwnerRezBackfillSince none none|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z)? from when on new connections are told of, like 2026-01-01; from their beginning on if none
OwnerRezRateLimit 280 [0-9]|[1-9][0-9]|[12][0-9]{2}|300 requests in 5 minutes that are sent to OwnerRez, which takes 300; 0: not counted
OwnerRezEventTopic = (projects/[a-z][a-z0-9-]+/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254})? the Pub/Sub topic that OwnerRez's events go on to; they stay in the store if there is neither topic nor address
OwnerRezEventFormat envelope envelope|verbatim envelope: these events go on with whose they are; verbatim: as they came
OwnerRezEventUrl = ($target)? the https address of your server that OwnerRez's events are posted to
OwnerRezEventSecretName = ($name)? the name of the secret that signs these: whsec_ and base64 of 24 to 64 bytes
OwnerRezEventPreviousSecretName = ($name)? the name of the signing secret before, while it is being replaced
TokenKeysSecretName -OwnerRez $name the name of the secret that holds the keys that seal tokens: id:base64-of-32-bytes, ..
AppUrl -OwnerRez $url the https address of your app, where people go on once they have connected
Issuer - $url the https address of who issues your users' tokens, exactly as in their iss
JwksUrl - $url the https address of that issuer's keys
Audience - $word the audiences of these tokens, comma-separated
SubjectClaim sub $word the claim of these tokens that names a person for good; another one makes new people of all
AlarmEmail - [^@[:space:]"\\\\|,]+@[^@[:space:]"\\\\|,]+ who is told when something goes wrong
LogRetentionDays 30 [1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]|3650 for how many days logs are kept, 1 to 3650
Tracing off off|on on: partners and Google are told of the caller's trace (traceparent)
CorsAllowedOrigins = ($origin(,$origin)*)? the origins of your web apps, comma-separated, without a slash at the end
TABLE
}

list_parameters() {
    local name default pattern expected
    while read -r name default pattern expected; do
        case $default in
            -) default=required ;;
            -*) default="with ${default#-}" ;;
            =) default=optional ;;
            *) default=${default/=/like } ;;
        esac
        printf '  %-34s %-14s %s\n' "$name" "$default" "$expected"
    done < <(parameter_table)
}

# All that is wrong, at once.
refuse() {
    printf 'error: %s\n' "$@" >&2
    exit 1
}

# Whether the company uses this partner: Ownli or OwnerRez.
has() {
    local client=$1ClientId
    [[ -n ${!client-} ]]
}

read_parameters() {
    local -A given=()
    local name default pattern expected argument problems=()
    for argument in "$@"; do given[${argument%%=*}]=${argument#*=}; done
    # What a partner needs is asked for where it is there, wherever in the table that stands.
    OwnliClientId=${given[OwnliClientId]-} OwnerRezClientId=${given[OwnerRezClientId]-}
    while read -r name default pattern expected; do
        if [[ -v given[$name] ]]; then
            declare -g "$name=${given[$name]}"
            [[ ${!name} =~ ^($pattern)$ && ! ${!name} =~ [[:cntrl:]] ]] || problems+=("$name is to be $expected")
            unset "given[$name]"
        elif [[ $default == -* ]]; then
            declare -g "$name="
            if [[ $default != - ]] && ! has "${default#-}"; then continue; fi
            problems+=("$name is missing: $expected")
        elif [[ $default == =?* ]]; then
            default=${default#=}
            declare -g "$name=${!default-}"
        else
            declare -g "$name=${default#=}"
        fi
    done < <(parameter_table)
    for name in "${!given[@]}"; do problems+=("there is no parameter $name; scripts/deploy-gcp --help lists them"); done
    if ! has Ownli && ! has OwnerRez; then
        problems+=("there is nothing to deploy: give OwnliClientId, OwnerRezClientId or both")
    fi
    if has Ownli && [[ ${Environment-} == production && ${ProductionRewards-} != agreed ]]; then
        problems+=("rewards in production cost money: say ProductionRewards=agreed once the agreement is signed")
    fi
    if [[ -n ${OwnerRezEventUrl-} && -n ${OwnerRezEventTopic-} ]]; then
        problems+=("OwnerRez's events go on to a topic or to an address: give one of OwnerRezEventTopic and OwnerRezEventUrl")
    fi
    if [[ -n ${ConsentController-} && -z ${ReceiptKeySecretName-} ]]; then
        problems+=("ReceiptKeySecretName is missing: receipts in the name of ConsentController are signed")
    fi
    if [[ -n ${OwnerRezEventUrl-} && -z ${OwnerRezEventSecretName-} ]]; then
        problems+=("OwnerRezEventSecretName is missing: what is posted to OwnerRezEventUrl is signed")
    fi
    ((${#problems[@]} == 0)) || refuse "${problems[@]}"
}
