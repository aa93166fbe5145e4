# Completion of `runbook` for fish; `runbook completion fish` prints it.

function __runbook_complete
    set -l line (commandline -cp | string join ' ')
    set -l token (commandline -ct)
    set -l program (commandline -opc)[1]
    # Of `--option=value` it is the value that is completed.
    set -l option (string match -r -- '^--[^=]+=' "$token")
    for answer in (env COMP_WORDS="$line" COMP_CWORD="$token" _RUNBOOK_COMPLETE=fish_complete $program 2>/dev/null </dev/null)
        set -l parts (string split -m 1 , -- $answer)
        set -l typed (string replace -- "$option" '' "$token")
        switch $parts[1]
            case plain
                echo -- "$option$parts[2]"
            case file
                string replace -r '^' -- "$option" (__fish_complete_path "$typed")
            case dir
                string replace -r '^' -- "$option" (__fish_complete_directories "$typed")
            case yaml
                for path in (__fish_complete_path "$typed")
                    string match -qr -- '(/|\.ya?ml)(\t|$)' $path; and echo -- "$option$path"
                end
        end
    end
end

complete --command runbook --no-files --keep-order --arguments '(__runbook_complete)'
