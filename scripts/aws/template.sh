# Sourced by deploy-aws: template.yaml as it is deployed.

# How CodeDeploy moves an alias to a new version.
canaries=(Canary10Percent{5,10,15,30}Minutes Linear10PercentEvery1Minute Linear10PercentEvery{2,3,10}Minutes)

# The template cannot put a parameter into the path of the code.
deployed_template() {
    sed "s|CodeUri: dist/[a-z0-9_]*/|CodeUri: |" template.yaml | with_aliases
}

# Where a function is not deployed, CloudFormation never looks for its code. So it is said to be in S3 already.
without_code_of_others() {
    local name commands=()
    for name in "${shipped[@]}"; do
        [[ " ${deployed[*]} " == *" $name "* ]] || commands+=(-e "s|CodeUri: $name\$|CodeUri: s3://$bucket/not-deployed|")
    done
    sed "${commands[@]}" -e ''
}

# With --canary an alias stands before each function that has callers. This is not in the template: SAM takes no
# condition for an alias, and publishes no version where only a parameter has changed. So each deployment is a release.
with_aliases() {
    if [[ -z $canary || $canary == off ]]; then
        cat
        return
    fi
    awk -v type="$canary" -v release="$(printf %x "$(date +%s)")" '
        /^[A-Z]/ { section = $1 }
        /^  [A-Za-z]+:$/ { name = $1; sub(":", "", name) }
        /^    Type: AWS::Serverless::Function$/ && name != "PartnerAdmin" { hasAlias[name] = 1 }
        section == "Outputs:" && $1 == "Value:" && $2 == "!Ref" && hasAlias[$3] { $0 = $0 ".Alias" }
        { print }
        section == "Resources:" && hasAlias[name] && /^    Properties:$/ {
            print "      AutoPublishAlias: live"
            print "      AutoPublishCodeSha256: " release
            print "      DeploymentPreference:"
            print "        Type: " type
            print "        PassthroughCondition: true"
            print "        Alarms: [!Ref " name "Errors, !Ref " name "Throttles, !Ref ApiFailures]"
        }'
}

# SAM's own translator does what CloudFormation does with the template, without an account.
translated_template() {
    deployed_template | "$(translator_python)" "$root/scripts/aws/translate.py" "${parameters[@]}"
}

# What is missing or wrong of a stack that is new. An update keeps what is not given, so this stops nobody.
tell_refusals() {
    local refused
    refused=$("$(translator_python)" "$root/scripts/aws/refusals.py" "${parameters[@]}" <template.yaml)
    [[ -z $refused ]] || printf 'a first deployment would be refused:\n%s\n' "$refused" | sed '2,$s/^/  /' >&2
}

translator_python() {
    if python3 -c 'import samtranslator' 2>/dev/null; then
        echo python3
        return
    fi
    local requirements
    requirements=$(mktemp)
    grep '^aws-sam-translator==' Tests/Acceptance/requirements.txt >"$requirements"
    python_environment "$requirements"
    rm "$requirements"
}
