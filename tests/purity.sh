#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The pure modules turn facts into verdicts and verdicts into text. They are given the time
# and touch no socket, file, clock, environment or loop, so each of their outcomes can be
# tested with plain data. This reads what their objects ask the linker for.
#
#   tests/purity.sh BUILD-DIRECTORY|ARCHIVE|OBJECT...
#
# A pure module without an object among them is an error too, so that a renamed file does
# not silently leave the check.
set -eu

pure='advice capability cause challenge circumstance colour command_words connection_facts contact_dialogue
    contact_offer contact_outcome contact_report correlation decode decode_json diagnosis
    ending evidence experiment_plan exposition extra_opts fact figure guard guard_text hash hop_count
    interceptor interceptor_name interceptor_table json judgement look_facts look_note
    look_verdict mask mechanism memory message nagios netrc note notice observation
    pasted pattern phase provider range reading reason
    redaction remember reply schedule severity sinkhole state_text str text timestamp
    tls_facts verdict waterfall'

# Regular expressions for whole symbol names. A name that _FORTIFY_SOURCE changes
# (__printf_chk, __open_2) or large-file support (open64) is checked in its plain form.
denied='
a socket:        socket|socketpair|connect|bind|listen|accept4?|shutdown|(get|set)sockopt
a socket:        get(sock|peer)name|send|sendto|sendm?msg|recv|recvfrom|recvm?msg
a name service:  getaddrinfo|gethostby.*|getnameinfo|gethostname|get(pw|gr|serv).*|res_.*
a descriptor:    open|openat|creat|close|read|pread|readv|write|pwrite|writev|dup[23]?|pipe2?
a descriptor:    poll|ppoll|p?select|epoll_.*|ioctl|fcntl|lseek|mmap|fsync|eventfd
a file:          fopen|fdopen|freopen|fclose|fread|fwrite|fflush|fgets|fgetc|getc|getline
a file:          getdelim|ungetc|fseek|ftell|rewind|tmpfile|mkstemp|stat|fstat|lstat|access
a file:          unlink|rename|remove|mkdir|opendir|readdir|json_(load_file|loadf|loadfd)
a file:          json_(dump_file|dumpf|dumpfd)
a stream:        v?printf|v?fprintf|v?dprintf|puts|fputs|putchar|putc|fputc|perror
a stream:        stdin|stdout|stderr|getchar|v?f?scanf|syslog|psignal|warnx?|errx?
a clock:         time|clock|clock_gettime|clock_nanosleep|gettimeofday|localtime|localtime_r
a clock:         ctime|ctime_r|mktime|tzset|nanosleep|u?sleep|alarm|setitimer|timerfd_.*|clock_now
the environment: getenv|secure_getenv|setenv|putenv|unsetenv|environ|setlocale|getcwd|chdir
the environment: getpid|getuid|geteuid|uname|sysconf
a process:       fork|vfork|exec.*|posix_spawn.*|system|popen|waitpid|kill|raise|signal
a process:       sigaction|_?exit|atexit|pthread_.*|thrd_.*
chance:          rand|rand_r|srand|random|srandom|getrandom|getentropy|arc4random.*
a foreign library: uv_.*|curl_.*|ares_.*|gsasl_.*|gss_.*|SSL_.*|X509_.*
a foreign library: BIO_.*|EVP_.*|ERR_.*|RAND_.*|MHD_.*|yaml_.*|sd_.*
'

[ $# -gt 0 ] || { echo "usage: tests/purity.sh BUILD-DIRECTORY|ARCHIVE|OBJECT..." >&2; exit 2; }

for path in "$@"; do
    [ -e "$path" ] || { echo "purity: $path does not exist"; exit 1; }
done
objects=$(for path in "$@"; do
    if [ -d "$path" ]; then find "$path" -type f -name '*.o'; else echo "$path"; fi
done)
[ -n "$objects" ] || { echo "purity: no object in: $*"; exit 1; }

# Every symbol, for `nm -u` says nothing of an object that asks for nothing.
symbols=$(printf '%s\n' "$objects" | tr '\n' '\0' | xargs -0 nm -A -P -l)
printf '%s\n--\n%s\n' "$denied" "$symbols" | awk -v pure="$pure" '
BEGIN {
	n = split(pure, names, /[ \t\n]+/)
	for (i = 1; i <= n; i++)
		wanted[names[i]] = 1
}
/^--$/ { in_symbols = 1; next }
!in_symbols && NF {
	what[++rules] = $0
	sub(/:.*/, "", what[rules])
	pattern[rules] = $0
	sub(/^[^:]*:[ \t]*/, "", pattern[rules])
	next
}
function module_of(place) {
	sub(/\]?:$/, "", place)
	sub(/.*[\/\[]/, "", place)
	sub(/\..*/, "", place)
	return place
}
function plain(symbol) {
	sub(/@.*/, "", symbol)
	if (symbol ~ /^__.*_chk$/) {
		sub(/^__/, "", symbol)
		sub(/_chk$/, "", symbol)
	}
	sub(/^__isoc[0-9]*_/, "", symbol)
	sub(/^__open_2$/, "open", symbol)
	sub(/^__errno_location$/, "errno", symbol)
	sub(/64(_time64)?$/, "", symbol)
	return symbol
}
in_symbols {
	for (at = 1; at < NF && $at !~ /:$/; at++)
		;
	module = module_of($at)
	if (!(module in wanted))
		next
	found[module] = 1
	if ($(at + 2) !~ /^[Uwv]$/)
		next
	symbol = plain($(at + 1))
	for (i = 1; i <= rules; i++) {
		if (symbol ~ ("^(" pattern[i] ")$")) {
			place = $NF ~ /:[1-9][0-9]*$/ && $NF !~ /^\/usr\// ? $NF : $at
			sub(/:$/, "", place)
			print place ": " module " is a pure module but reaches for " \
			      what[i] " (" symbol ")"
			bad = 1
		}
	}
}
END {
	for (module in wanted) {
		if (!(module in found)) {
			print "purity: no object of the pure module " module " was given"
			bad = 1
		}
	}
	exit bad
}'
