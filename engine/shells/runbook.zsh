#compdef runbook
# Completion of `runbook` for zsh; `runbook completion zsh` prints it.

_runbook() {
    local kind value said files=
    local -a answer described begun

    answer=("${(@f)$(COMP_WORDS="${words[1,CURRENT]}" COMP_CWORD=$((CURRENT - 1)) _RUNBOOK_COMPLETE=zsh_complete \
        ${~words[1]} 2>/dev/null </dev/null)}")

    # Of `--option=value` it is the value that is completed.
    [[ $PREFIX == --*=* ]] && compset -P '*='

    for kind value said in "${(@)answer}"; do
        case $kind in
            plain)
                [[ $said == _ ]] && value=${value//:/\\:} said=
                if [[ $value == *: ]]; then
                    begun+=("${value//\\:/:}")
                else
                    described+=("$value${said:+:$said}")
                fi
                ;;
            file|dir|yaml) files=$kind ;;
        esac
    done

    (( $#begun )) && compadd -S '' -a begun
    (( $#described )) && _describe -V 'runbook' described
    case $files in
        file) _files ;;
        dir) _files -/ ;;
        yaml) _files -g '*.(yaml|yml)' ;;
    esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _runbook "$@"
else
    compdef _runbook runbook
fi
