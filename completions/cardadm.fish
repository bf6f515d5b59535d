# fish completion for cardadm: asks the program itself, which knows its verbs and options.
function __cardadm_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        if test "$line" = :path
            set -l part (commandline -ct)
            set -l head (string match -r '^(?:vcard:|replay:|--[a-z-]*=)' -- $part)
            set -l rest (string replace -- "$head" '' $part)
            for path in $rest*
                test -d $path; and set path $path/
                echo "$head$path"
            end
        else
            echo $line
        end
    end
end
complete -c cardadm -f -a '(__cardadm_complete)'
