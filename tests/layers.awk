# SPDX-License-Identifier: Apache-2.0
#
# Checks that every include goes down to a lower floor:
#
#   awk -f tests/layers.awk tests/floors.txt probe/*.[ch] probe/*.def probe/*/*.[ch] ...
#
# Prints file:line and the reason of each offence; exits 1 if there was one.

function module_of(path) {
	sub(/.*\//, "", path)
	sub(/\..*/, "", path)
	return path
}

# The binary, or "" for the library, that a path belongs to. Binaries share only the library.
function binary_of(path) {
	if (path ~ /(^|\/)probe\/plugin\//)
		return "plugin"
	return path ~ /(^|\/)exporter\// ? "exporter" : ""
}

function complain(reason) {
	print FILENAME ":" FNR ": " reason
	bad = 1
}

function check_include(own, path,    used) {
	used = module_of(path)
	if (!(used in floor))
		return complain("\"" used "\" has no floor in floors.txt")
	if (binary_of(path) != "" && binary_of(path) != binary_of(FILENAME))
		return complain(own " may not include " path ", a part of another program")
	if (used == own || floor[used] < floor[own])
		return
	if (floor[used] == floor[own] && floor[own] in shared) {
		seen_at[own, used] = FILENAME ":" FNR
		uses[own] = uses[own] " " used
		return
	}
	complain(own " (floor " floor[own] ") may not include " used \
	         " (floor " floor[used] ")")
}

# Depth first through the shared floors; open[] holds the way down to here.
function find_circle(own,    i, n, next_ones) {
	visited[own] = open[own] = 1
	n = split(uses[own], next_ones, " ")
	for (i = 1; i <= n; i++) {
		if (open[next_ones[i]]) {
			print seen_at[own, next_ones[i]] ": " own " and " next_ones[i] \
			      " include each other in a circle"
			bad = 1
		} else if (!visited[next_ones[i]]) {
			find_circle(next_ones[i])
		}
	}
	open[own] = 0
}

FNR == NR && /^[0-9]/ {
	first = $2 == "*" ? 3 : 2
	if (first == 3)
		shared[$1] = 1
	for (i = first; i <= NF; i++)
		floor[$i] = $1 + 0
}
FNR == NR { next }

FNR == 1 {
	files++
	own = module_of(FILENAME)
	if (!(own in floor))
		complain("\"" own "\" has no floor in floors.txt")
}
/^[ \t]*#[ \t]*include[ \t]*["<](probe|exporter)\// {
	split($0, part, /[<">]/)
	if ($0 ~ /</)
		complain("own headers are included in double quotes")
	if (own in floor)
		check_include(own, part[2])
	next
}
/^[ \t]*#[ \t]*include[ \t]*["<]smtp_probe\.h[">]/ {
	if (own in floor)
		check_include(own, "smtp_probe.h")
	next
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	complain("\"" part[2] "\" is included without its folder")
}

END {
	for (own in uses)
		if (!visited[own])
			find_circle(own)
	if (!files) {
		print "layers: no source file was given"
		bad = 1
	}
	exit bad
}
