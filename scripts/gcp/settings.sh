# Sourced by deploy-gcp: what each function is called, is told and may read.

service() { printf '%s-%s' "$1" "$Environment"; }
account() { printf '%s-%s@%s.iam.gserviceaccount.com' "$1" "$Environment" "$Project"; }
database() { printf 'partner-functions-%s' "$Environment"; }

# Cloud Run's predictable address, which is known before the service is there.
address() { printf 'https://%s-%s.%s.run.app' "$(service "$1")" "$project_number" "$Region"; }

# Whose function it is.
partner_of() {
    case $1 in
        ownerrez-*) printf OwnerRez ;;
        *) printf Ownli ;;
    esac
}

# What it may do with the records. Firestore has no rights for parts of a database, and of its own roles none writes and
# does not delete.
records_role() {
    case $1 in
        token-relay) printf 'roles/datastore.viewer' ;;
        *) printf 'roles/datastore.user' ;;
    esac
}

# How many requests an instance works on at once: what OwnerRez's API answers may be large.
concurrency() {
    case $1 in
        ownerrez-api) printf 10 ;;
        *) printf 80 ;;
    esac
}

# Whether it works on after its answer, which wants a processor that is not taken away by then.
works_on() { [[ $1 == ownerrez-webhook ]]; }

# NAME=value, one a line. This stands in the plan and in Google's console: no secret is among it.
settings_of() {
    local name secret
    # Callers are whom the gateway has verified, as nobody else may invoke the service. The project is for the log.
    printf '%s\n' AUTH_GATEWAY_HEADER=x-apigateway-api-userinfo "GOOGLE_CLOUD_PROJECT=$Project"
    [[ $Tracing == off ]] || printf '%s\n' TRACING=on
    [[ -z $CorsAllowedOrigins ]] || printf '%s\n' "CORS_ALLOWED_ORIGINS=$CorsAllowedOrigins"
    # Rewards are for services to grant.
    [[ $SubjectClaim == sub || $1 == reward-grant || $1 == ownerrez-webhook || $1 == ownerrez-api ]] ||
        printf '%s\n' "AUTH_SUBJECT_CLAIM=$SubjectClaim"
    printf '%s\n' "STORE_URL=firestore:$Project/$(database)"
    case $1 in
        token-relay | user-opt-in | reward-grant)
            case $Environment in
                sandbox) printf '%s\n' OWNLI_BASE_URL=https://api.sandbox.ownli.app ;;
                production) printf '%s\n' OWNLI_BASE_URL=https://api.ownli.app ;;
            esac
            printf '%s\n' "OWNLI_CLIENT_ID=$OwnliClientId" "OWNLI_PARTNER_ID=$OwnliPartnerId"
            ;;
        ownerrez-connect | ownerrez-webhook | ownerrez-api) printf '%s\n' "OWNERREZ_CLIENT_ID=$OwnerRezClientId" ;;
    esac
    case $1 in
        token-relay) printf '%s\n' "OWNLI_USER_TOKEN_CACHE=$UserTokenCache" "RELAY_TO=$RelayTo" ;;
        user-opt-in)
            printf '%s\n' "OWNLI_TERMS_URL=$OwnliTermsUrl" "OWNLI_TERMS_VERSION=$OwnliTermsVersion" \
                "CONTACT_POLICY=$ContactPolicy" "RETENTION_CONSENTS=$RetentionConsents"
            [[ -z $ConsentController ]] || printf '%s\n' "CONSENT_CONTROLLER=$ConsentController"
            ;;
        reward-grant)
            printf '%s\n' "REWARD_MAX_AMOUNT=$RewardMaxAmount" "OWNLI_PRODUCTION_REWARDS=$ProductionRewards" \
                "RETENTION_AUDIT=$RetentionAudit" \
                "REWARD_ALLOWED_CALLERS=${RewardAllowedCallers:+$RewardAllowedCallers,}$(account reward-push)"
            [[ -z $RewardDailyLimit ]] || printf '%s\n' "REWARD_DAILY_LIMIT=$RewardDailyLimit"
            [[ -z $RewardDailyLimitPerUser ]] || printf '%s\n' "REWARD_DAILY_LIMIT_PER_USER=$RewardDailyLimitPerUser"
            [[ -z $RewardActionCodes ]] || printf '%s\n' "REWARD_ACTION_CODES=$RewardActionCodes"
            ;;
        ownerrez-connect)
            printf '%s\n' "APP_URL=$AppUrl" \
                "OWNERREZ_REDIRECT_URI=${OwnerRezRedirectUri:-https://$gateway_host/oauth/ownerrez/callback}" \
                "OWNERREZ_RATE_LIMIT=$OwnerRezRateLimit"
            ;;
        ownerrez-webhook)
            printf '%s\n' "OWNERREZ_WEBHOOK_USER=$OwnerRezWebhookUser" \
                "OWNERREZ_SCHEDULE_CALLERS=$(account ownerrez-schedule)" \
                "EVENTS_TARGET=${OwnerRezEventTopic:+pubsub:}${OwnerRezEventTopic:-${OwnerRezEventUrl:-store:}}" \
                "EVENTS_FORMAT=$OwnerRezEventFormat" \
                "RETENTION_EVENTS=$RetentionEvents" "RETENTION_GIVEN_UP=$RetentionGivenUp"
            ;;
        ownerrez-api)
            printf '%s\n' "OWNERREZ_ALLOWED_METHODS=$OwnerRezAllowedMethods" "OWNERREZ_RATE_LIMIT=$OwnerRezRateLimit" \
                "OWNERREZ_SCHEDULE_CALLERS=$(account ownerrez-schedule)" \
                "OWNERREZ_RECONCILE=$OwnerRezReconcile" "OWNERREZ_BACKFILL_SINCE=$OwnerRezBackfillSince"
            [[ -z $OwnerRezAllowedCallers ]] || printf '%s\n' "OWNERREZ_ALLOWED_CALLERS=$OwnerRezAllowedCallers"
            ;;
    esac
    if [[ ($1 == ownerrez-api || $1 == ownerrez-connect) && -n $OwnerRezSubscriptions ]]; then
        printf '%s\n' "OWNERREZ_SUBSCRIPTIONS=$OwnerRezSubscriptions" \
            "OWNERREZ_WEBHOOK_URL=https://$gateway_host/webhooks/ownerrez"
    fi
    # Read at run time, the latest version of each: a rotation needs no deployment.
    while IFS== read -r name secret; do
        printf '%s\n' "${name}_SECRET=projects/$Project/secrets/$secret"
    done < <(secrets_of "$1")
}

# SETTING=SECRET, one a line: the secrets that a function may read, and no others.
secrets_of() {
    case $1 in
        token-relay | reward-grant) printf '%s\n' "OWNLI_CLIENT_SECRET=$OwnliSecretName" ;;
        user-opt-in)
            printf '%s\n' "OWNLI_CLIENT_SECRET=$OwnliSecretName" "IDENTIFIER_HASH_KEY=$IdentifierKeySecretName"
            [[ -z $ConsentController ]] || printf '%s\n' "RECEIPT_SIGNING_KEY=$ReceiptKeySecretName"
            ;;
        ownerrez-connect | ownerrez-api)
            printf '%s\n' "OWNERREZ_CLIENT_SECRET=$OwnerRezSecretName" "TOKEN_ENCRYPTION_KEYS=$TokenKeysSecretName"
            ;;
        ownerrez-webhook)
            printf '%s\n' "OWNERREZ_CLIENT_SECRET=$OwnerRezSecretName" \
                "OWNERREZ_WEBHOOK_PASSWORD=$OwnerRezWebhookSecretName" "TOKEN_ENCRYPTION_KEYS=$TokenKeysSecretName"
            [[ -z $OwnerRezWebhookPreviousSecretName ]] ||
                printf '%s\n' "OWNERREZ_WEBHOOK_PASSWORD_PREVIOUS=$OwnerRezWebhookPreviousSecretName"
            [[ -n $OwnerRezEventUrl ]] || return 0
            printf '%s\n' "EVENTS_SIGNING_SECRET=$OwnerRezEventSecretName"
            [[ -z $OwnerRezEventPreviousSecretName ]] ||
                printf '%s\n' "EVENTS_SIGNING_SECRET_PREVIOUS=$OwnerRezEventPreviousSecretName"
            ;;
    esac
}
