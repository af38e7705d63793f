#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Each foreign library is included by the files named here and by no other, headers of ours
# included: they forward-declare. So a library can be replaced, or its trap mended, in one
# place. Usage: tests/foreign.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"

rules='
curl/       probe/transport.c probe/link.c probe/link_setup.c probe/link_ending.c
curl/       probe/wire.c probe/plugin/main.c
openssl/    probe/certificate.c probe/certificate_event.c probe/tls_watch.c
openssl/    probe/hello.c probe/staple.c probe/base64.c
openssl/    probe/guard_key.c
gsasl.h     probe/sasl.c
gssapi/     probe/kerberos.c
ares.h      probe/resolve.c probe/dns_channel.c
uv.h        probe/transport.c probe/session.c probe/resolve.c probe/sasl.c probe/engine.c
uv.h        probe/dns_channel.c probe/api.c probe/plugin/main.c probe/contact.c
uv.h        probe/experiment.c
jansson.h   probe/json.c probe/plugin/decode_json.c
'

folders=probe
if [ -d exporter ]; then
    folders="$folders exporter"
fi
files=$(find $folders -name '*.[ch]' -o -name '*.def' | sort)
[ -n "$files" ] || { echo "foreign: no source file under $folders"; exit 1; }

printf '%s' "$rules" | awk '
FNR == NR && NF {
	known[$1] = 1
	for (i = 2; i <= NF; i++)
		allowed[$1, $i] = 1
}
FNR == NR { next }
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
	split($0, part, /[<">]/)
	header = part[2]
	library = ""
	for (prefix in known)
		if (index(header, prefix) == 1)
			library = prefix
	if (library != "" && !((library, FILENAME) in allowed)) {
		print FILENAME ":" FNR ": may not include " header \
		      "; tests/foreign.sh names the files that may"
		bad = 1
	}
}
END { exit bad }
' - $files
