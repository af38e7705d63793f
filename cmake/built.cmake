# SPDX-License-Identifier: Apache-2.0
# When this program was made, in a header of its own, so that little is compiled anew. No
# clock can be right that is behind it. SOURCE_DATE_EPOCH sets it (reproducible builds).
string(TIMESTAMP PROBE_BUILT "%s" UTC)
file(WRITE "${PROJECT_BINARY_DIR}/generated/probe/built.h"
     "enum { PROBE_BUILT = ${PROBE_BUILT} }; /* seconds since 1970 */\n")
