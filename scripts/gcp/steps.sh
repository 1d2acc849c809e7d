# Sourced by deploy-gcp: how a step is taken or, in a plan, shown. A plan goes to standard output, all else to standard
# error.

# For a shell, and for eyes: no more quotes than are needed.
quoted() {
    local word text=
    for word in "$@"; do
        [[ $word =~ ^[A-Za-z0-9_./:=@%+,-]+$ ]] || word="'${word//\'/\'\\\'\'}'"
        text+=" $word"
    done
    printf '%s' "${text:1}"
}

# Takes a step. Every one of them may be repeated, so a failure needs no undoing.
run() {
    if [[ $plan == yes ]]; then
        printf '%s\n' "$(quoted "$@")"
    else
        "$@" >&2 || fail "stopped at: $(quoted "$@")
What was done before it stays. Run this again once the reason is mended."
    fi
}

exists() { "$@" >/dev/null 2>&1; }

# ensure LOOK... : CREATE... [: UPDATE...] creates what is not there, and brings up to date what is.
ensure() {
    local look=() create=()
    while [[ $1 != : ]]; do look+=("$1") && shift; done
    shift
    while (($#)) && [[ $1 != : ]]; do create+=("$1") && shift; done
    local update=("${@:2}")
    if [[ $plan == yes && ${#update[@]} == 0 ]]; then
        printf '%s || %s\n' "$(quoted "${look[@]}")" "$(quoted "${create[@]}")"
    elif [[ $plan == yes ]]; then
        printf 'if %s; then %s; else %s; fi\n' "$(quoted "${look[@]}")" "$(quoted "${update[@]}")" \
            "$(quoted "${create[@]}")"
    elif ! exists "${look[@]}"; then
        run "${create[@]}"
    elif ((${#update[@]})); then
        run "${update[@]}"
    fi
}

# learn NAME COMMAND... sets the variable to what the command says; in a plan, to its own name in capital letters.
learn() {
    local name=$1 said
    shift
    if [[ $plan == yes ]]; then
        said=${name^^}
        printf '%s=$(%s)\n' "$said" "$(quoted "$@")"
    else
        said=$("$@") && [[ -n $said ]] || fail "no answer from: $(quoted "$@")"
    fi
    declare -g "$name=$said"
}

# written FILE TEXT writes what a later step reads; a plan says that it would.
written() {
    if [[ $plan == yes ]]; then
        printf '# %s\n' "$1"
    else
        mkdir -p "${1%/*}"
        printf '%s\n' "$2" >"$1"
    fi
}

# ensure_called NAME LOOK... : CREATE... : UPDATE... does as `ensure` of what Google names by itself. LOOK and CREATE say
# that name, and the variable is set to it; UPDATE gets it as its last word.
ensure_called() {
    local name=$1 look=() create=() found
    shift
    while [[ $1 != : ]]; do look+=("$1") && shift; done
    shift
    while [[ $1 != : ]]; do create+=("$1") && shift; done
    local update=("${@:2}")
    if [[ $plan == yes ]]; then
        found=${name^^}
        printf '%s=$(%s); if [ "$%s" ]; then %s "$%s"; else %s=$(%s); fi\n' "$found" "$(quoted "${look[@]}")" "$found" \
            "$(quoted "${update[@]}")" "$found" "$found" "$(quoted "${create[@]}")"
    else
        found=$("${look[@]}") || fail "no answer from: $(quoted "${look[@]}")"
        if [[ -n $found ]]; then
            run "${update[@]}" "$found"
        else
            found=$("${create[@]}") && [[ -n $found ]] || fail "stopped at: $(quoted "${create[@]}")"
        fi
    fi
    declare -g "$name=$found"
}
