# fish completion for cardadm: asks the program itself, which knows its verbs and options.
function __cardadm_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    # fish replaces the whole word: what stands in front of the value goes in front of each offer.
    set -l before (string match -r -- '^--[^=]*=' $cur)
    for line in ($program __complete $words $cur 2>/dev/null)
        if test "$line" = :path
            set -l scheme (string match -r -- '^(?:--[^=]*=)?(?:vcard|replay):' $cur)
            test -n "$scheme"; or set scheme $before
            set -l part (string sub -s (math (string length -- "$scheme") + 1) -- $cur)
            for path in (__fish_complete_path $part)
                printf '%s%s\n' "$scheme" $path
            end
        else
            printf '%s%s\n' "$before" $line
        end
    end
end
complete -c cardadm -f -a '(__cardadm_complete)'
