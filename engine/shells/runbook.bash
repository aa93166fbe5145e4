# Completion of `runbook` for bash; `runbook completion bash` prints it.

_runbook_completion() {
    local IFS=$' \t\n' rest=${COMP_LINE:0:COMP_POINT} word i glued current option= behind= kind value
    local -a line=()
    COMPREPLY=()

    # Bash parts words at `=` and `:` too; what stands together in the line is made one word again.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${rest#"${rest%%[![:space:]]*}"}
        glued=; [[ $i -gt 0 && $word == "$rest" ]] && glued=yes
        if ((i < COMP_CWORD)); then
            rest=${word#"${COMP_WORDS[i]}"}
            word=${COMP_WORDS[i]}
        fi
        if [[ $glued ]]; then line[${#line[@]} - 1]+=$word; else line+=("$word"); fi
    done

    # What it replaces is what stands behind the last of those signs.
    current=${line[${#line[@]} - 1]}
    if [[ $current == --*=* ]]; then
        option=${current%%=*}=
        current=${current#*=}
        [[ $COMP_WORDBREAKS == *=* ]] && option=
    fi
    if [[ $COMP_WORDBREAKS == *:* && $current == *:* ]]; then
        behind=${current%"${current##*:}"}
        option=
    fi

    while IFS=, read -r kind value; do
        case $kind in
            plain) COMPREPLY+=("$option${value#"$behind"}") ;;
            file) compopt -o default 2>/dev/null ;;
            dir) compopt -o dirnames 2>/dev/null ;;
            yaml)
                compopt -o filenames 2>/dev/null
                while IFS= read -r value; do COMPREPLY+=("$value"); done < <(
                    compgen -f -X '!*.yaml' -- "$current"
                    compgen -f -X '!*.yml' -- "$current"
                    compgen -d -- "$current"
                )
                ;;
        esac
    done < <(
        COMP_WORDS="${line[*]}" COMP_CWORD=$((${#line[@]} - 1)) _RUNBOOK_COMPLETE=bash_complete \
            "${1/#\~\//$HOME/}" 2>/dev/null </dev/null
    )
    [[ ${COMPREPLY[0]-} == *: ]] && compopt -o nospace 2>/dev/null
    return 0
}

# An order of its own (the newest run first) is kept from bash 4.4 on.
complete -o nosort -F _runbook_completion runbook 2>/dev/null || complete -F _runbook_completion runbook
