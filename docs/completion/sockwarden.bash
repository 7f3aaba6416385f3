# shellcheck shell=bash
# Completion of sockwarden for bash: for /usr/share/bash-completion/completions/sockwarden, or sourced from ~/.bashrc.
# Verbs, options, presets and routes are asked of the program itself, so they are those of the version installed.

_sockwarden_words() {
    local word
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <(compgen -W "$1" -- "$current")
}

_sockwarden_files() {
    local word
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <(compgen -f -- "$current")
}

_sockwarden_verbs() { sockwarden --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]\{1,\}\).*/\1/p'; }

# The options of a verb, or without one all: --config FILE, a line each.
_sockwarden_options() {
    # shellcheck disable=SC2086 # no verb is no word
    sockwarden $1 --help | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\( [A-Z]*\)\{0,1\}\).*/\2/p'
}

# What the option $1 takes, in lower case (file, name, format …); nothing where it takes nothing.
_sockwarden_value_of() {
    sockwarden --help | sed -n "s/^  \(-., \|    \)--/\1/p" |
        awk -v option="$1" '{ letter = substr($0, 1, 2); word = "--" $2; value = $3 }
            substr($0, 1, 1) == " " { word = "--" $1; value = $2; letter = "" }
            (option == letter || option == word) && value ~ /^[A-Z]+$/ { print word }'
}

# The sections of a kind (listener, policy) in the file that --config names.
_sockwarden_sections() {
    local i file=''
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -c | --config)
            file=${COMP_WORDS[i + 1]}
            [ "$file" != = ] || file=${COMP_WORDS[i + 2]}
            ;;
        -c?*) file=${COMP_WORDS[i]#-c} ;;
        esac
    done
    _sockwarden_sections_of "$file" "$1"
}

_sockwarden_sections_of() {
    local file=${1/#\~/$HOME}
    [ -r "$file" ] && sed -n "s/^\[$2  *\(.*\)\] *\$/\1/p" "$file"
}

_sockwarden_presets() { sockwarden presets -f tsv | awk -F '\t' 'NR > 1 { print $1 }'; }

_sockwarden_features() {
    _sockwarden_words "$(sockwarden presets -f tsv "$1" |
        awk -F '\t' 'NR > 1 && $5 != "" { print "+" $5; print "-" $5 }' | sort -u)"
}

# An operand of diff. Of what has a colon the shell wants what stands behind it.
_sockwarden_operand() {
    local whole=$current
    case $whole in
    *'#'*) _sockwarden_words "$(_sockwarden_sections_of "${whole%#*}" policy | sed "s|^|${whole%#*}#|")" ;;
    env:*) current=${whole#*:} && _sockwarden_files ;;
    dialect:*) current=${whole#*:} && _sockwarden_words "$dialects" ;;
    preset:*) current=${whole#*:} && _sockwarden_words "$(_sockwarden_presets)" ;;
    policy:*) current=${whole#*:} && _sockwarden_words "$(_sockwarden_sections policy)" ;;
    *)
        _sockwarden_files
        _sockwarden_words 'environment env: dialect: preset: policy:'
        [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *: ]] || compopt -o nospace +o filenames
        ;;
    esac 2>/dev/null
}

# The value of an option.
_sockwarden_value() {
    case $1 in
    --config | --env-file) _sockwarden_files ;;
    --listener) _sockwarden_words "$(_sockwarden_sections listener)" ;;
    --policy) _sockwarden_words "$(_sockwarden_sections policy)" ;;
    --format) _sockwarden_words 'text tsv json' ;;
    --dialect) _sockwarden_words "$dialects" ;;
    --timeout) _sockwarden_words '500ms 1s 3s 10s' ;;
    esac
}

# A word behind the verb $1; $2 such words stand before it, of which the first is $3.
_sockwarden_word() {
    case $1.$2 in
    explain.0) _sockwarden_words 'GET HEAD POST PUT DELETE -' ;;
    explain.1) _sockwarden_words "$(sockwarden routes -f tsv |
        awk -F '\t' -v method="$3" '$2 == method && $3 !~ /{/ { print $3 }')" ;;
    presets.0) _sockwarden_words "$(_sockwarden_presets)" ;;
    presets.*) _sockwarden_features "$3" ;;
    convert.0) _sockwarden_words rules ;;
    diff.*)
        [[ $2 -ge 2 ]] || _sockwarden_operand
        [[ $preset != preset:?* || $current != [+-]* ]] || _sockwarden_features "${preset#preset:}"
        ;;
    esac
}

_sockwarden() {
    local current=${COMP_WORDS[COMP_CWORD]} verb='' first='' preset='' count=0 pending='' word i
    local dialects='tecnativa tecnativa-next linuxserver fluencelabs' words=()
    COMPREPLY=()
    # The shell splits --config=FILE in three, and preset:NAME as well.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ ${#words[@]} -gt 0 && ($word == : || ${words[-1]} == *:) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    [ "$current" = = ] || current=${words[-1]}
    for word in "${words[@]::${#words[@]}-1}"; do
        if [ "$word" = = ]; then
            continue
        elif [ -n "$pending" ]; then
            pending=''
        elif [[ $word == -?* ]]; then
            pending=$(_sockwarden_value_of "$word")
        elif [ -z "$verb" ]; then
            verb=$word
        else
            [ "$count" -gt 0 ] || first=$word
            # The features of a preset are no operands of diff.
            [[ $verb == diff && $word == +* ]] || preset=$word count=$((count + 1))
        fi
    done
    [ "$current" != = ] || current=''
    if [ -n "$pending" ]; then
        _sockwarden_value "$pending"
    elif [[ $current == -* ]]; then
        _sockwarden_words "$(_sockwarden_options "$verb" | sed 's/ .*//')"
        [[ $verb.$count != presets.[1-9]* && $verb.$preset != diff.preset:* ]] || _sockwarden_word "$verb" "$count" "$first"
    elif [ -z "$verb" ]; then
        _sockwarden_words "$(_sockwarden_verbs)"
    else
        _sockwarden_word "$verb" "$count" "$first"
    fi 2>/dev/null
}

complete -F _sockwarden sockwarden
