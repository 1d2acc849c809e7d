# Sourced by deploy-gcp: what watches over the functions. Their log is where figures come from: how often a function did
# something stands in its lines, as `metrics`, and Cloud Logging counts that. alerts.txt says what somebody is told of, and
# charts.txt what can be looked at.

# The rows of a table that are for the partners who are there, without their partner's column.
rows() {
    local row name partner rest
    while IFS= read -r row; do
        [[ $row != '#'* ]] || continue
        IFS='|' read -r name partner rest <<<"$row"
        # In charts.txt the partner comes first.
        [[ $1 != charts ]] || { rest=$partner\|$rest partner=$name name=; }
        if [[ $partner == - ]] || has "$partner"; then printf '%s\n' "${name:+$name|}$rest"; fi
    done <"scripts/gcp/$1.txt"
}

# A question with its abbreviations written out.
promql() {
    local text=$1 found what name function window
    while [[ $text =~ (COUNT|MOST|LATENCY)\(([^\)]+)\) ]]; do
        found=${BASH_REMATCH[0]} what=${BASH_REMATCH[1]}
        if [[ $what == LATENCY ]]; then
            name=run_googleapis_com:request_latencies function=${BASH_REMATCH[2]} window=5m
        else
            IFS=', ' read -r name function window <<<"${BASH_REMATCH[2]}"
            name=logging_googleapis_com:user_${name}_ENV
        fi
        local of="{monitored_resource='cloud_run_revision',service_name=~'$function-ENV'}[$window]"
        case $what in
            COUNT) text=${text/"$found"/"sum(increase(${name}_sum$of))"} ;;
            MOST) text=${text/"$found"/"histogram_quantile(1, sum by (le) (increase(${name}_bucket$of)))"} ;;
            LATENCY) text=${text/"$found"/"histogram_quantile(0.99, sum by (le) (increase(${name}_bucket$of)))"} ;;
        esac
    done
    text=${text//ENV/"$Environment"}
    printf '%s' "${text//DOLLARS/"$RewardAlarmDollars"}"
}

# What the functions count, and somebody looks at.
counted() {
    local names=()
    while [[ $1 =~ (COUNT\(|MOST\(|user_)([A-Z][A-Za-z]+) ]]; do
        names+=("${BASH_REMATCH[2]}")
        set -- "${1/"${BASH_REMATCH[0]}"/}"
    done
    printf '%s\n' "${names[@]}" | sort -u
}

# The lines of the functions' logs, and what Cloud Run says of them.
of_functions() {
    printf 'resource.type="cloud_run_revision" AND resource.labels.service_name=~"^(%s)-%s$"' \
        "$(IFS='|' && printf '%s' "${functions[*]}")" "$Environment"
}

# A log-based metric: NAME-environment, FILTER, and what is taken out of a line, if it is not the line that counts.
metric() {
    local name kind='"valueType": "INT64"' extract='' file=dist/monitoring/metric-$1.json
    name=$(service "$1")
    local filter
    filter="$(of_functions) AND ($2)"
    [[ -z ${3-} ]] || { kind='"valueType": "DISTRIBUTION"' extract=", \"valueExtractor\": \"EXTRACT($3)\""; }
    written "$file" "{\"name\": \"$name\", \"filter\": \"${filter//\"/\\\"}\",
  \"metricDescriptor\": {\"metricKind\": \"DELTA\", $kind}$extract}"
    ensure gcloud logging metrics describe "$name" --project="$Project" : \
        gcloud logging metrics create "$name" --project="$Project" --config-from-file="$file" : \
        gcloud logging metrics update "$name" --project="$Project" --config-from-file="$file"
}

make_metrics() {
    local name
    metric failures 'severity=CRITICAL OR (log_id("run.googleapis.com/varlog/system") AND severity>=ERROR)'
    metric throttles 'log_id("run.googleapis.com/requests") AND textPayload:"no available instance"'
    for name in $(counted "$(rows alerts; rows charts)"); do
        metric "$name" "jsonPayload.metrics.$name>=0" "jsonPayload.metrics.$name"
    done
}

# Who is told: by mail.
make_channel() {
    local name kind=(gcloud beta monitoring channels)
    name="partner-functions $Environment"
    ensure_called channel "${kind[@]}" list --project="$Project" --filter="displayName='$name'" \
        --format='value(name)' : \
        "${kind[@]}" create --project="$Project" --type=email --display-name="$name" \
        --channel-labels="email_address=$AlarmEmail" --format='value(name)' : \
        "${kind[@]}" update --project="$Project" --update-channel-labels="email_address=$AlarmEmail"
}

make_alerts() {
    local name _ minutes question text file title kind=(gcloud monitoring policies)
    while IFS='|' read -r name _ minutes question text; do
        file=dist/monitoring/alert-$name.json title="partner-functions $Environment: $name"
        written "$file" "{
  \"displayName\": \"$title\", \"combiner\": \"OR\", \"notificationChannels\": [\"$channel\"],
  \"documentation\": {\"content\": \"$text\", \"mimeType\": \"text/markdown\"},
  \"conditions\": [{\"displayName\": \"$name\", \"conditionPrometheusQueryLanguage\": {
    \"query\": \"$(promql "$question")\", \"duration\": \"$((minutes * 60))s\", \"evaluationInterval\": \"60s\"}}]
}"
        ensure_called policy "${kind[@]}" list --project="$Project" --filter="displayName='$title'" \
            --format='value(name)' : \
            "${kind[@]}" create --project="$Project" --policy-from-file="$file" --format='value(name)' : \
            "${kind[@]}" update --project="$Project" --policy-from-file="$file"
    done < <(rows alerts)
}

# Two charts beside each other.
make_dashboard() {
    local name title questions question tiles='' sets number=0 file=dist/monitoring/dashboard.json
    name=$(service partner-functions)
    while IFS='|' read -r title questions; do
        sets=
        while IFS= read -r question; do
            question="{\"prometheusQuery\": \"$(promql "$question")\"}"
            sets+="${sets:+, }{\"plotType\": \"LINE\", \"timeSeriesQuery\": $question}"
        done < <(printf '%s\n' "${questions//;/$'\n'}")
        tiles+="${tiles:+,}
  {\"xPos\": $((number % 2 * 24)), \"yPos\": $((number / 2 * 16)), \"width\": 24, \"height\": 16, \"widget\": {
    \"title\": \"$title\", \"xyChart\": {\"dataSets\": [$sets]}}}"
        number=$((number + 1))
    done < <(rows charts)
    written "$file" "{\"name\": \"projects/$project_number/dashboards/$name\", \"displayName\": \"$name\",
  \"mosaicLayout\": {\"columns\": 48, \"tiles\": [$tiles]}}"
    ensure gcloud monitoring dashboards describe "$name" --project="$Project" : \
        gcloud monitoring dashboards create --project="$Project" --config-from-file="$file" : \
        gcloud monitoring dashboards update "$name" --project="$Project" --config-from-file="$file"
}

# The functions' logs in a bucket of their own, which keeps them for as long as somebody says. (Cloud Logging's _Default
# keeps all of a project's for 30 days besides.)
keep_logs() {
    local name
    name=$(service partner-functions)
    local bucket=(--project="$Project" --location="$Region" --retention-days="$LogRetentionDays")
    ensure gcloud logging buckets describe "$name" --project="$Project" --location="$Region" : \
        gcloud logging buckets create "$name" "${bucket[@]}" : gcloud logging buckets update "$name" "${bucket[@]}"
    local target=logging.googleapis.com/projects/$Project/locations/$Region/buckets/$name
    ensure gcloud logging sinks describe "$name" --project="$Project" : \
        gcloud logging sinks create "$name" "$target" --project="$Project" --log-filter="$(of_functions)"
}

watch_over() {
    keep_logs
    make_metrics
    make_channel
    make_alerts
    make_dashboard
}
