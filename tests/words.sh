#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the compiler and clang-format do not see: the words and shapes that this code base
# does without. Prints file:line and the reason of each offence. Usage: tests/words.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"

all=$(find . \( -name .git -o -name 'build*' -type d -o -name .cache -o -name __pycache__ \
        -o -name .pytest_cache \) -prune -o -type f -print | sed 's|^\./||' | sort)
commented=$(printf '%s\n' "$all" |
    grep -E '\.(c|h|def|sh|awk|py|cmake|in|ya?ml|service|toml|cfg|ini)$|(^|/)CMakeLists\.txt$' ||
    true)
scripts=$(printf '%s\n' "$all" | while read -r file; do
    case ${file##*/} in
    *.*) ;;
    *) if head -c 2 "$file" | grep -q '^#!'; then echo "$file"; fi ;;
    esac
done)
c_files=$(printf '%s\n' "$all" | grep -E '\.(c|h|def)$' || true)
[ -n "$c_files" ] || { echo "words: no source file under $(pwd)"; exit 1; }
status=0
IFS='
'

# shellcheck disable=SC2086 # one file a line, see IFS
for file in $commented $scripts; do
    if ! head -n 3 "$file" | grep -Eq 'SPDX-License-Identifier: Apache-2\.0( \*/)?$'; then
        echo "$file:1: no 'SPDX-License-Identifier: Apache-2.0' in the first three lines"
        status=1
    fi
done

# shellcheck disable=SC2086
awk '
FILENAME ~ /(^|\/)words\.sh$/ || FILENAME ~ /^LICENSE$/ { next }
match($0, /(^|[^A-Za-z])(TODO|FIXME|XXX)([^A-Za-z]|$)/) {
	print FILENAME ":" FNR ": unfinished work belongs in the issue tracker"
	bad = 1
}
END { exit bad }' $commented $scripts || status=1

# shellcheck disable=SC2086
awk '
BEGIN {
	calls = "strcpy|stpcpy|strcat|sprintf|vsprintf|atoi|atol|atoll|atof|strtok|" \
	        "scanf|fscanf|sscanf|vscanf|vsscanf|vfscanf|gets|alloca|setlocale"
	names = "^(util|utils|helper|helpers|manager|misc|common)$"
	longest = 60
}

function complain_at(line, reason) {
	print FILENAME ":" line ": " reason
	bad = 1
}

function complain(reason) {
	complain_at(FNR, reason)
}

# The line without comments, strings and character constants; in_comment lasts over lines.
function code_of(line,    out, c, two) {
	out = ""
	while (line != "") {
		two = substr(line, 1, 2)
		c = substr(line, 1, 1)
		if (in_comment) {
			if (!match(line, /\*\//))
				return out
			line = substr(line, RSTART + 2)
			in_comment = 0
		} else if (two == "/*") {
			line = substr(line, 3)
			in_comment = 1
		} else if (two == "//") {
			complain("comments are written /* */")
			return out
		} else if (c == "\"" || c == "\047") {
			line = after_quote(substr(line, 2), c)
			out = out c c
		} else {
			out = out c
			line = substr(line, 2)
		}
	}
	return out
}

function after_quote(line, quote,    c) {
	while (line != "") {
		c = substr(line, 1, 1)
		if (c == quote)
			return substr(line, 2)
		line = substr(line, c == "\\" ? 3 : 2)
	}
	return ""
}

function check_words(code) {
	if (match(" " code, "[^A-Za-z0-9_](" calls ")[ \t]*\\("))
		complain("banned function: " substr(" " code, RSTART + 1, RLENGTH - 2))
	if (code ~ /^[ \t]*#[ \t]*if[ \t]+0/)
		complain("dead code under #if 0")
	if (code ~ /(^|[^A-Za-z0-9_])goto[ \t]/ && code !~ /goto out;/)
		complain("goto leads forward to out and nowhere else")
	if (code ~ /^[ \t]*typedef[ \t]+(struct|enum|union)[^A-Za-z0-9_]/)
		complain("no typedef for structs, enums and unions")
}

# A function opens with a brace in the first column and closes with one.
function check_length(line) {
	if (line ~ /^\{/)
		opened = FNR
	if (line ~ /^\}/ && opened) {
		if (FNR - opened - 1 > longest)
			complain_at(opened, "a function of " FNR - opened - 1 \
			            " lines; " longest " is the limit")
		opened = 0
	}
}

FNR == 1 {
	in_comment = opened = 0
	module = FILENAME
	sub(/.*\//, "", module)
	sub(/\..*/, "", module)
	if (module ~ names)
		complain("name a module for what it holds, not \"" module "\"")
}
{
	check_words(code_of($0))
	check_length($0)
}
END { exit bad }' $c_files || status=1

exit $status
