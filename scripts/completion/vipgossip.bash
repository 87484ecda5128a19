# SPDX-License-Identifier: MIT
# Completion of vipgossip, vipgossipd and vipgossip-sim for bash. Names of VIPs are asked of the
# running daemon; a test holds the lists against what the programs know.

_vipgossip_vips() {
    vipgossip ${1:+--socket "$1"} status --json 2>/dev/null |
        sed -n '/"vips"/,/^  \]/s/^      "name": "\([^"]*\)",*$/\1/p'
}

# The value of an option that stands on the line.
_vipgossip_value() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [ "${COMP_WORDS[i]}" = "$1" ]; then
            echo "${COMP_WORDS[i + 1]}"
        fi
    done
}

_vipgossip_options() {
    case $1 in
    status) echo "--json --watch" ;;
    events) echo "--follow --json" ;;
    drain) echo "--vip --wait" ;;
    undrain) echo "--vip" ;;
    doctor) echo "--config --json -c" ;;
    decode) echo "--config -c" ;;
    esac
    echo "--socket --help --version -h -V"
}

_vipgossip() {
    local commands="status events metrics drain undrain doctor reload keygen pubkey decode help"
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command="" i

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --socket | --vip | --wait | --config | -c) ((i++)) ;;
        -*) ;;
        *) command=${command:-${COMP_WORDS[i]}} ;;
        esac
    done
    COMPREPLY=()
    case $before in
    --socket | --config | -c)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --vip)
        mapfile -t COMPREPLY < <(
            compgen -W "$(_vipgossip_vips "$(_vipgossip_value --socket)")" -- "$word")
        return
        ;;
    --wait)
        mapfile -t COMPREPLY < <(compgen -W "10s 30s 1m" -- "$word")
        return
        ;;
    esac
    case $command:$word in
    *:-*) mapfile -t COMPREPLY < <(compgen -W "$(_vipgossip_options "$command")" -- "$word") ;;
    :*) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word") ;;
    help:*) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word") ;;
    keygen:* | decode:*) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}

_vipgossipd() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local options="--config --test --node --verbose --version --help -c -t -n -v -V -h"

    case $before in
    -c | --config) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
    esac
}

_vipgossip_sim() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local options="--seed --runs --nodes --mode --hours --cheap-signatures --trace --config"

    case $before in
    --mode) mapfile -t COMPREPLY < <(compgen -W "available quorum" -- "$word") ;;
    --config) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$options --scenario" -- "$word") ;;
    esac
}

complete -o filenames -F _vipgossip_sim vipgossip-sim
complete -o filenames -F _vipgossip vipgossip
complete -o filenames -F _vipgossipd vipgossipd
