# bash completion for cardadm: asks the program itself, which knows its verbs and options.
_cardadm() {
	local cur line words part
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=('')
	cur=${words[-1]}
	part=${cur##*[=:]} # bash replaces only what stands behind the last = or :
	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line == :path ]]; then
			compopt -o filenames 2>/dev/null
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$part")
		elif [[ $line == "$cur"* ]]; then
			COMPREPLY+=("${line#"${cur%"$part"}"}")
		else
			COMPREPLY+=("$line")
		fi
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2>/dev/null
	return 0
}
complete -F _cardadm cardadm
