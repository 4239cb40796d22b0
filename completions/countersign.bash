# SPDX-License-Identifier: MIT
#
# Completion for bash, version 4 or newer. Installed where bash-completion
# looks; otherwise `source` it. Verbs and options come from the program's own
# --help, so they are those of the program that will run; what follows an
# option stands in the table below.

# "VERB --option" or "VERB -o": what its value is.
declare -gA _countersign_values=(
    ['passwd --algorithm']=algorithm
    ['passwd -a']=algorithm
    ['passwd --format']='sqlite htdigest'
    ['passwd --import']=@file
    ['passwd --export']=@file
    ['passwd --password-file']=@file
    ['passwd --password-env']=@variable

    ['fetch --proof']=policy
    ['fetch --proxy-proof']=policy
    ['fetch --integrity']=integrity
    ['fetch --proxy-integrity']=integrity
    ['fetch --proof-store']=@file
    ['fetch --user-file']=@file
    ['fetch --proxy-user-file']=@file
    ['fetch --cacert']=@file
    ['fetch --proxy-cacert']=@file
    ['fetch --cert']=@file
    ['fetch -E']=@file
    ['fetch --key']=@file
    ['fetch --output']=@file
    ['fetch -o']=@file
    ['fetch --output-dir']=@folder
    ['fetch --report']=@file
    ['fetch --upload-file']=@file
    ['fetch -T']=@file
    ['fetch --request']='GET HEAD POST PUT PATCH DELETE OPTIONS'
    ['fetch -X']='GET HEAD POST PUT PATCH DELETE OPTIONS'

    ['inspect --password-file']=@file
    ['inspect --ha1-file']=@file
    ['inspect --proxy-password-file']=@file
    ['inspect --proxy-ha1-file']=@file
    ['inspect --method']='GET HEAD POST PUT PATCH DELETE OPTIONS CONNECT'

    ['verify --user-file']=@file
    ['verify --proxy-user-file']=@file
    ['verify --cacert']=@file
    ['verify --only']=@check

    ['bridge --user-file']=@file
    ['bridge --cacert']=@file
    ['bridge --proof']=policy
    ['bridge --state']=@folder
    ['bridge --also']=@user

    ['gateway --algorithm']=offered
    ['gateway --qop']=qop
    ['gateway --source']='direct proxy-protocol forwarded x-forwarded-for'
    ['gateway --config']=@file
    ['gateway --users']=@file
    ['gateway --forward-users']=@file
    ['gateway --via-user-file']=@file
    ['gateway --via-proof']=policy
    ['gateway --keys']=@file
    ['gateway --counts']=@file
    ['gateway --present-user-file']=@file
    ['gateway --present-proof']=policy
    ['gateway --tls-ca']=@file
    ['gateway --tls-cert']=@file
    ['gateway --tls-key']=@file
    ['gateway --log']=@file
    ['gateway --state']=@folder
)

# Words that several options share.
declare -gA _countersign_words=(
    [algorithm]='SHA-256 SHA-512-256 MD5'
    [offered]='SHA-256 SHA-512-256 MD5 SHA-256-sess SHA-512-256-sess MD5-sess'
    [qop]='auth auth,auth-int auth-int'
    [policy]='require expect off'
    [integrity]='off prefer require'
)

# The verbs, one per line.
_countersign_verbs()
{
    "$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'
}

# A verb's long options, one per line.
_countersign_options()
{
    "$1" "$2" --help 2>/dev/null |
        sed -n '/^ .*  *--/p' |
        grep -oE '(^|[ ,])--[a-z0-9][a-z0-9.-]*' | tr -d ' ,' | sort -u
}

# The names of all checks of `verify`, one per line.
_countersign_checks()
{
    "${COMP_WORDS[0]}" verify --list 2>/dev/null |
        sed -n 's/^  \([a-z][a-z0-9-]*\)  .*/\1/p'
}

# Names of files in COMPREPLY; `compgen` gives them line by line.
_countersign_files()
{
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

# The users of the first operand that is a file.
_countersign_users()
{
    local program=$1 cur=$2 word
    shift 2
    for word; do
        if [[ $word != -* && -f $word ]]; then
            mapfile -t COMPREPLY < <(
                "$program" passwd --list "$word" 2>/dev/null | cut -f 1 |
                    sort -u | grep -F -- "$cur" | while IFS= read -r word; do
                        [[ $word == "$cur"* ]] && printf '%q\n' "$word"
                    done)
            return 0
        fi
    done
    return 1
}

_countersign_value()
{
    local kind=$1 cur=$2
    case $kind in
    @file) _countersign_files -f "$cur" ;;
    @folder) _countersign_files -d "$cur" ;;
    @check) mapfile -t COMPREPLY < <(compgen -W \
        "$(_countersign_checks)" -- "$cur") ;;
    @user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
    @variable) mapfile -t COMPREPLY < <(compgen -e -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(
        compgen -W "${_countersign_words[$kind]:-$kind}" -- "$cur") ;;
    esac
}

_countersign()
{
    local program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]}
    local verb=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD - 1]} kind
    COMPREPLY=()

    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W \
            "$(_countersign_verbs "$program") help --help --version" \
            -- "$cur")
        return
    fi
    if [[ $verb == help ]]; then
        ((COMP_CWORD == 2)) && mapfile -t COMPREPLY < <(
            compgen -W "$(_countersign_verbs "$program")" -- "$cur")
        return
    fi

    # `--option=value` comes in three words where '=' breaks them.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    kind=${_countersign_values["$verb $before"]}
    if [[ -n $kind ]]; then
        _countersign_value "$kind" "$cur"
    elif [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W \
            "$(_countersign_options "$program" "$verb")" -- "$cur")
    elif [[ $verb == gateway && $COMP_CWORD == 2 ]]; then
        mapfile -t COMPREPLY < <(compgen -W \
            'reload status stop rotate-keys' -- "$cur")
    elif [[ $verb == bridge ]]; then
        mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
    elif [[ $verb != passwd ]] ||
        ! _countersign_users "$program" "$cur" \
            "${COMP_WORDS[@]:2:COMP_CWORD-2}"; then
        _countersign_files -f "$cur"
    fi
}

complete -F _countersign countersign
